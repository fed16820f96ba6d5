/** What is in a store under which name, and how whole packs, chunks and manifests are got from it: each verified before it is answered. */
import { HypnosError } from '@hypnos/base';
import { BOUNDS } from './bounds.ts';
import type { Bucket } from './bucket.ts';
import { type Content, hexOf, sameBytes } from './content.ts';
import { hashAt } from './image.ts';
import { type ChunkPlace, decodeManifest, encodeManifest, type Manifest } from './manifest.ts';
import { indexStart, type PackEntry, readIndex, TRAILER_BYTES, unpackChunk } from './pack.ts';
import { check } from './refused.ts';

export const packName = (hash: Uint8Array): string => `packs/${hexOf(hash)}`;
export const manifestName = (hash: Uint8Array): string => `manifests/${hexOf(hash)}`;

/** Stores a manifest; all its packs must be there already. Answers its hash. */
export async function putManifest(bucket: Bucket, manifest: Manifest, content: Content): Promise<Uint8Array> {
  const { bytes, hash } = encodeManifest(manifest, content);
  await bucket.putIfAbsent(manifestName(hash), bytes);
  return hash;
}

export async function getManifest(bucket: Bucket, hash: Uint8Array, content: Content): Promise<Manifest> {
  const name = manifestName(hash), size = await bucket.size(name);
  if (size === null) throw new HypnosError('ENOENT', `the store has no ${name}: the guest's newest generation is not in it.`);
  check(size <= BOUNDS.manifestBytes, name, `it is longer than ${BOUNDS.manifestBytes} bytes`);
  const bytes = await whole(bucket, name, size);
  const manifest = decodeManifest(bytes, content, name);
  check(sameBytes(bytes.subarray(bytes.length - hash.length), hash), name, 'it is another manifest than its name says');
  return manifest;
}

async function whole(bucket: Bucket, name: string, length: number, offset = 0): Promise<Uint8Array> {
  const bytes = await bucket.get(name, { offset, length });
  if (bytes === null) throw new HypnosError('ENOENT', `the store has no ${name}: it was deleted, or never came whole.`);
  return bytes;
}

/** A chunk of a manifest's image. Throws EINVAL for one that is not what it should be, ENOENT where its pack is gone. */
export async function getChunk(bucket: Bucket, manifest: Manifest, chunk: number, content: Content): Promise<Uint8Array> {
  const { memory } = manifest.image, place = manifest.places[chunk];
  if (!place) return new Uint8Array(memory.chunkBytes);
  return unpackChunk(await storedAt(bucket, manifest, place), place.codec, hashAt(memory, chunk), memory.chunkBytes, content);
}
const storedAt = (bucket: Bucket, { packs }: Manifest, { pack, offset, stored }: ChunkPlace): Promise<Uint8Array> => whole(bucket, packName(packs[pack]!), stored, offset);

/** The bytes that are stored of a chunk that is not of zeroes, verified. Throws as `getChunk`. */
export async function getStored(bucket: Bucket, manifest: Manifest, chunk: number, content: Content): Promise<Uint8Array> {
  const { memory } = manifest.image, place = manifest.places[chunk]!, stored = await storedAt(bucket, manifest, place);
  unpackChunk(stored, place.codec, hashAt(memory, chunk), memory.chunkBytes, content);
  return stored;
}

/** The chunks of a pack, by its index. */
export async function getPackIndex(bucket: Bucket, hash: Uint8Array, content: Content): Promise<readonly PackEntry[]> {
  const name = packName(hash), size = await bucket.size(name);
  if (size === null) throw new HypnosError('ENOENT', `the store has no ${name}.`);
  check(size >= TRAILER_BYTES && size <= BOUNDS.packBytes, name, 'it has not the size of a pack');
  const start = indexStart(await whole(bucket, name, TRAILER_BYTES, size - TRAILER_BYTES), size, name);
  return readIndex(await whole(bucket, name, size - start, start), size, content, name);
}

/** Bytes of all packs that a manifest refers to. Throws ENOENT where one is gone. */
export async function packedBytes(bucket: Bucket, { packs }: Manifest): Promise<number> {
  let sum = 0;
  for (const name of packs.map(packName)) {
    const bytes = await bucket.size(name);
    if (bytes === null) throw new HypnosError('ENOENT', `the store has no ${name}: it was deleted, or never came whole.`);
    sum += bytes;
  }
  return sum;
}
