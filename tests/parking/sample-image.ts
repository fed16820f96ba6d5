/** Images for tests that need none of a machine's: a few sections, and memory with zeroes, text, noise and chunks that come twice. */
import { FolderBucket, nodeContent } from '@hypnos/host-node';
import { type Bucket, getChunk, hexOf, imageRoot, type KnownChunks, type Manifest, putManifest, storeImage, type StoredImage } from '@hypnos/vmm';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

export const CHUNK = 4096;

const folder = mkdtempSync(join(tmpdir(), 'hypnos-images-'));
let stores = 0;
after(() => rmSync(folder, { recursive: true }));
export const scratch = (name: string): string => join(folder, name);
export const newStore = (): Bucket => new FolderBucket(scratch(`store-${++stores}`));

/** Bytes that look like noise, the same for the same seed. */
export function noise(length: number, seed: number): Uint8Array {
  const words = new Uint32Array(length / 4);
  let x = seed * 2_654_435_761 + 1;
  for (let i = 0; i < words.length; i++) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
    words[i] = x ^ (x >>> 15);
  }
  return new Uint8Array(words.buffer);
}

/** Memory in which of five chunks one is of zeroes, one of text, one as another, and two of noise of their own. */
export function memory(chunks: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(chunks * CHUNK);
  for (let chunk = 0; chunk < chunks; chunk++) {
    const content = [new Uint8Array(CHUNK), Buffer.alloc(CHUNK, `sleeping ${chunk} `), noise(CHUNK, 1)][chunk % 5] ?? noise(CHUNK, seed * 100_000 + chunk);
    bytes.set(content, chunk * CHUNK);
  }
  return bytes;
}

export const GUEST = Uint8Array.from({ length: 16 }, (_, i) => i + 1);

export interface Sample { readonly manifest: Manifest; readonly hash: Uint8Array; readonly image: StoredImage }

/** Stores an image with this memory, as parking does. */
export async function storeSample(bucket: Bucket, content: Uint8Array, known: KnownChunks = new Map(), more: Partial<Manifest> = {}): Promise<Sample> {
  const sections = ['a/state', 'gic'].map(path => ({ path, version: 1, bytes: Uint8Array.from(path, c => c.charCodeAt(0)) }));
  const image = await storeImage({ sections, memory: content, chunkBytes: CHUNK }, bucket, nodeContent, { known });
  const manifest: Manifest = {
    guest: GUEST, generation: 3n, epoch: 5n, parkedAtNs: 7n, parent: new Uint8Array(32).fill(9), image: image.image, packs: image.packs, places: image.places, ...more,
  };
  return { manifest, image, hash: await putManifest(bucket, manifest, nodeContent) };
}

export const rootOf = ({ image }: Manifest): string => hexOf(imageRoot(image, nodeContent));

/** The memory of a stored image, every chunk verified. */
export async function memoryOf(bucket: Bucket, manifest: Manifest): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for (let chunk = 0; chunk < manifest.places.length; chunk++) chunks.push(await getChunk(bucket, manifest, chunk, nodeContent));
  return Buffer.concat(chunks);
}
