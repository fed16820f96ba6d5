/** The chunks of an image in their packs, each once, and how many of them are read at one go. */
import { HypnosError } from '@hypnos/base';
import type { Bucket } from './bucket.ts';
import { type Content, hexOf } from './content.ts';
import { chunkCount, hashAt, isZeroChunk, type MemoryTable } from './image.ts';
import type { Manifest } from './manifest.ts';
import { unpackChunk } from './pack.ts';
import type { KnownPlace } from './store-image.ts';
import { packName } from './store.ts';

export interface StoredChunk extends KnownPlace {
  /** The hash in hexadecimal digits. */
  readonly name: string;
  readonly hash: Uint8Array;
  /** Of the chunk itself, in bytes. */
  readonly length: number;
}

/** The name of every chunk in memory; empty for one of zeroes. */
export const chunkNames = (memory: MemoryTable): readonly string[] =>
  Array.from({ length: chunkCount(memory) }, (_, chunk) => (isZeroChunk(memory, chunk) ? '' : hexOf(hashAt(memory, chunk))));

/** All of an image's chunks that are not zeroes, in the order in which they first come in memory. */
export function storedChunks({ image: { memory }, packs, places }: Manifest): ReadonlyMap<string, StoredChunk> {
  const chunks = new Map<string, StoredChunk>();
  places.forEach((place, chunk) => {
    if (!place) return;
    const hash = hashAt(memory, chunk), name = hexOf(hash);
    if (!chunks.has(name)) chunks.set(name, { name, hash, length: memory.chunkBytes, ...place, pack: packs[place.pack]! });
  });
  return chunks;
}

/** Bytes fetched by one request, at most, unless a single chunk has more. */
const RUN = 1 << 20;

/** Chunks that stand one behind the other in one pack. */
export type Run = readonly [StoredChunk, ...StoredChunk[]];

/** Takes chunks together that one request can fetch, without changing their order. */
export function* runsOf(chunks: Iterable<StoredChunk>): Generator<Run> {
  let run: [StoredChunk, ...StoredChunk[]] | null = null;
  for (const chunk of chunks) {
    const first: StoredChunk | undefined = run?.[0], last = run?.at(-1);
    if (run && last!.pack === chunk.pack && last!.offset + last!.stored === chunk.offset && chunk.offset + chunk.stored - first!.offset <= RUN) run.push(chunk);
    else {
      if (run) yield run;
      run = [chunk];
    }
  }
  if (run) yield run;
}

/** Fetches a run: each chunk with its bytes as they stand in the pack, not verified yet. */
export async function readRun(bucket: Bucket, run: Run): Promise<readonly (readonly [chunk: StoredChunk, stored: Uint8Array])[]> {
  const { pack, offset } = run[0], last = run.at(-1)!, name = packName(pack);
  const bytes = await bucket.get(name, { offset, length: last.offset + last.stored - offset });
  if (bytes === null) throw new HypnosError('ENOENT', `the store has no ${name}: it was deleted, or never came whole.`);
  return run.map(chunk => [chunk, bytes.subarray(chunk.offset - offset, chunk.offset - offset + chunk.stored)]);
}

/** Throws EINVAL for a chunk whose bytes are not what they should be. */
export const verifyStored = ({ codec, hash, length }: StoredChunk, stored: Uint8Array, content: Content): Uint8Array => unpackChunk(stored, codec, hash, length, content);
