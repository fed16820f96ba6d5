/** The memory of a snapshot cut into chunks. */
import type { RegionBytes } from './regions.ts';

/** A chunk a park has to look at: of the measured sizes the one where deduplication and the cost of an object balance. */
export const CHUNK_BYTES: number = 64 * 1024;

/** Every chunk in order, the last one of a region filled up with zeroes. The bytes are the machine's own where they can be: copy what is to stay. */
export function* chunksOf(regions: readonly RegionBytes[], chunkBytes: number): Generator<Uint8Array> {
  for (const { content } of regions) {
    for (let at = 0; at < content.length; at += chunkBytes) {
      const chunk = content.subarray(at, at + chunkBytes);
      if (chunk.length === chunkBytes) yield chunk;
      else yield filledUp(chunk, chunkBytes);
    }
  }
}

function filledUp(bytes: Uint8Array, length: number): Uint8Array {
  const whole = new Uint8Array(length);
  whole.set(bytes);
  return whole;
}

/** Eight words at a time: most of a guest's memory is zeroes, and parking looks at all of it. */
export function isZero(chunk: Uint8Array): boolean {
  if (chunk.byteOffset % 4 !== 0 || chunk.length % 32 !== 0) return chunk.every(byte => byte === 0);
  const words = new Int32Array(chunk.buffer, chunk.byteOffset, chunk.length / 4);
  for (let i = 0; i < words.length; i += 8) {
    if (words[i]! | words[i + 1]! | words[i + 2]! | words[i + 3]! | words[i + 4]! | words[i + 5]! | words[i + 6]! | words[i + 7]!) return false;
  }
  return true;
}
