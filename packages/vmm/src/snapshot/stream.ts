/**
 * The snapshot stream: one image as a sequence of bytes that needs no store. A header, then frames: a note where there is one, packs, and the manifest of those
 * packs at last, behind which nothing comes. docs/snapshot-format.md tells it with the layouts.
 */
import { state } from '@hypnos/base';
import { BOUNDS, HASH_BYTES, isPowerOfTwo } from './bounds.ts';
import type { ByteSource } from './byte-source.ts';
import { CODEC } from './content.ts';
import { NOTE_BYTES } from './guest-note.ts';
import type { PackWriter } from './pack.ts';
import { Reader, recordBytes } from './reader.ts';
import { check } from './refused.ts';
import type { KnownPlace } from './store-image.ts';

const MAGIC = Uint8Array.from('HYPNOSS1', c => c.charCodeAt(0)), VERSION = 1;
const KIB = 1024, MIB = 1024 * KIB;

/** A pack of a stream is closed when it has so much: writer and reader hold one at a time. */
const PACK = { bytes: 4 * MIB, chunks: 4096 } as const;
export const isFull = ({ bytes, chunks }: PackWriter): boolean => bytes >= PACK.bytes || chunks >= PACK.chunks;

export const headerShape = state.shape({
  magic: state.bytes(MAGIC.length), version: state.u32(), chunkBytes: state.u32(), chunks: state.u32(), leftOut: state.u32(), root: state.bytes(HASH_BYTES),
});
export const frameShape = state.shape({ kind: state.u32(), length: state.u32() });

/** Frames by their number, with the most bytes one may have: a pack is full with its last chunk, and has an index. */
export const FRAME = {
  note: { kind: 1, most: NOTE_BYTES }, pack: { kind: 2, most: PACK.bytes + BOUNDS.chunkBytes.most + MIB }, manifest: { kind: 3, most: BOUNDS.manifestBytes },
} as const;
export type FrameName = keyof typeof FRAME;
const NAMES: ReadonlyMap<number, FrameName> = new Map((Object.keys(FRAME) as FrameName[]).map(name => [FRAME[name].kind, name]));

/** What a stream says of itself at once. Of the image's chunks that are not zeroes, each counted once: how many it carries, and how many the reader must have. */
export interface StreamHeader {
  readonly chunkBytes: number;
  readonly chunks: number;
  readonly leftOut: number;
  readonly root: Uint8Array;
}

/** Where a chunk is said to be that was left out: in a pack that is named by zeroes, which none is. */
export const ELSEWHERE: KnownPlace = { pack: new Uint8Array(HASH_BYTES), offset: 0, stored: 1, codec: CODEC.zstd };

export function headerBytes({ chunkBytes, chunks, leftOut, root }: StreamHeader): Uint8Array<ArrayBuffer> {
  return recordBytes(headerShape, h => {
    Object.assign(h, { version: VERSION, chunkBytes, chunks, leftOut });
    h.magic.set(MAGIC);
    h.root.set(root);
  });
}

export const frameHead = (name: FrameName, length: number): Uint8Array<ArrayBuffer> => recordBytes(frameShape, f => { Object.assign(f, { kind: FRAME[name].kind, length }); });

export async function readHeader(source: ByteSource, what: string): Promise<StreamHeader> {
  const { magic, version, chunkBytes, chunks, leftOut, root } = new Reader(await source.read(headerShape.size), what).record(headerShape);
  check(magic.every((byte, i) => byte === MAGIC[i]), what, 'it is no snapshot stream: hypnos export makes one');
  check(version === VERSION, what, `it is of version ${version}, and this program reads version ${VERSION}`);
  const { least, most } = BOUNDS.chunkBytes;
  check(isPowerOfTwo(chunkBytes) && chunkBytes >= least && chunkBytes <= most, what, `its chunks are of ${chunkBytes} bytes, not of a power of two from ${least} to ${most}`);
  check((chunks + leftOut) * chunkBytes <= BOUNDS.memoryBytes, what, 'its memory is larger than that of any machine of ours');
  return { chunkBytes, chunks, leftOut, root };
}

export async function readFrame(source: ByteSource, what: string): Promise<{ readonly name: FrameName; readonly bytes: Uint8Array }> {
  const { kind, length } = new Reader(await source.read(frameShape.size), what).record(frameShape), name = NAMES.get(kind);
  check(name !== undefined, what, `it has a frame of kind ${kind}, which is not known`);
  check(length > 0 && length <= FRAME[name].most, what, `it announces a ${name} of ${length} bytes, and ${FRAME[name].most} is the most`);
  return { name, bytes: await source.read(length) };
}
