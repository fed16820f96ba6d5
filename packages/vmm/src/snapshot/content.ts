/** What the snapshot formats need of the world: digests, compression and salts, which hosts have natively. */

/** How a chunk's bytes stand in a pack. The numbers are of the format. */
export const CODEC = { plain: 0, zstd: 1 } as const;
export type Codec = (typeof CODEC)[keyof typeof CODEC];

/** What a first park is worth, which every later one and every fork builds on, and what the next ones are, which somebody waits for. */
export type Effort = 'small' | 'quick';

export interface Content {
  /** SHA-256 (FIPS 180-4): 32 bytes. */
  sha256(...pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer>;
  /** One zstd frame (RFC 8878), made with this effort. */
  compress(bytes: Uint8Array, effort: Effort): Uint8Array;
  /** The bytes of a zstd frame, `length` of them at most: null where the frame is broken or holds more. */
  decompress(frame: Uint8Array, length: number): Uint8Array | null;
  /** Unpredictable bytes. */
  random(length: number): Uint8Array;
}

/**
 * Every pack and manifest begins with random bytes, so that no two writings have one name: a collector that deletes what it once saw can never
 * hit what was written since. Chunks keep their hashes, and the image its root.
 */
export const SALT_BYTES = 16;

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
/** Bytes as hexadecimal digits: how hashes are written in names and messages. */
export function hexOf(bytes: Uint8Array): string {
  let hex = '';
  for (let i = 0; i < bytes.length; i++) hex += HEX[bytes[i]!]!;
  return hex;
}

/** The bytes that hexadecimal digits write. */
export function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hex.length >> 1);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** The hash that `hex` writes; null where it is none. */
export function hashOf(hex: string): Uint8Array<ArrayBuffer> | null {
  return /^[0-9a-f]{64}$/.test(hex) ? bytesOf(hex) : null;
}
