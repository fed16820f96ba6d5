/**
 * An image: all that a guest is while it does not run, apart from which guest that is. Sections of declared state by component path,
 * and RAM as chunks named by their hash. Two images with the same root hold the same bits (design §6).
 */
import { check } from './refused.ts';
import { BOUNDS, HASH_BYTES, isPowerOfTwo } from './bounds.ts';
import type { Content } from './content.ts';

/** The state of one component: `gic`, `vcpu/0/registers`, `device/rtc`. A reader that does not know the version refuses the image. */
export interface ImageSection {
  readonly path: string;
  readonly version: number;
  readonly bytes: Uint8Array;
}

export interface Image {
  /** In the order of their paths. */
  readonly sections: readonly ImageSection[];
  readonly memory: MemoryTable;
}

/** The memory of a machine in chunks of one size: SHA-256 of each, all zeroes for a chunk of zeroes. */
export interface MemoryTable {
  readonly chunkBytes: number;
  readonly hashes: Uint8Array;
}

/** The name of a chunk of zeroes, which is stored nowhere. No chunk has that hash. */
export const ZERO_CHUNK: Uint8Array = new Uint8Array(HASH_BYTES);
export const chunkCount = ({ hashes }: MemoryTable): number => hashes.length / HASH_BYTES;
export const hashAt = ({ hashes }: MemoryTable, chunk: number): Uint8Array => hashes.subarray(chunk * HASH_BYTES, (chunk + 1) * HASH_BYTES);
export function isZeroChunk({ hashes }: MemoryTable, chunk: number): boolean {
  for (let at = chunk * HASH_BYTES; at < (chunk + 1) * HASH_BYTES; at++) if (hashes[at] !== 0) return false;
  return true;
}

/** Paths are words of small letters, digits and dashes: nothing that a file system could take for something else. */
const PATH = /^[a-z0-9][a-z0-9-]*(\/[a-z0-9][a-z0-9-]*)*$/;
export const isSectionPath = (path: string): boolean => path.length <= BOUNDS.pathBytes && PATH.test(path);

/** What every image promises, whoever made it. `what` names it in the refusal. */
export function checkImage({ sections, memory }: Image, what: string): void {
  check(sections.length <= BOUNDS.sections, what, `it has ${sections.length} sections, more than ${BOUNDS.sections}`);
  sections.forEach(({ path, version, bytes }, i) => {
    check(isSectionPath(path), what, `section ${i} has no proper path`);
    check(i === 0 || sections[i - 1]!.path < path, what, `section ${path} is out of order`);
    check(Number.isInteger(version) && version >= 0 && version < 2 ** 32, what, `section ${path} has no version`);
    check(bytes.length <= BOUNDS.sectionBytes, what, `section ${path} is longer than ${BOUNDS.sectionBytes} bytes`);
  });
  const { chunkBytes, hashes } = memory, { least, most } = BOUNDS.chunkBytes;
  check(isPowerOfTwo(chunkBytes) && chunkBytes >= least && chunkBytes <= most, what, `its chunks are of ${chunkBytes} bytes, not of a power of two from ${least} to ${most}`);
  check(hashes.length % HASH_BYTES === 0 && chunkCount(memory) * chunkBytes <= BOUNDS.memoryBytes, what, 'its memory is larger than that of any machine of ours');
}

/** A path's letters. */
export function letters(path: string): Uint8Array {
  const bytes = new Uint8Array(path.length);
  for (let i = 0; i < path.length; i++) bytes[i] = path.charCodeAt(i);
  return bytes;
}
function numbers(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  for (let i = 0; i < bytes.length; i++) bytes[i] = values[i >> 2]! >>> (8 * (i & 3));
  return bytes;
}

/**
 * The image's root: SHA-256 over, for each section, its version, the lengths of path and bytes (u32 each), path and SHA-256 of the bytes; then chunk
 * size, number of chunks and the chunks' hashes. Generation, owner and times are not in it, nor where chunks are stored. `hashes` are those of the sections, where they are known.
 */
export function imageRoot({ sections, memory }: Image, { sha256 }: Content, hashes?: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const pieces = sections.flatMap(({ path, version, bytes }, i) => [numbers(version, path.length, bytes.length), letters(path), hashes?.[i] ?? sha256(bytes)]);
  return sha256(numbers(sections.length), ...pieces, numbers(memory.chunkBytes, chunkCount(memory)), memory.hashes);
}
