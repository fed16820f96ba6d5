/**
 * A pack: many chunks in one object, so that parking costs one file and one fsync, and a bucket is not filled with crumbs. Chunks one behind the
 * other after magic and salt, then the index, then the trailer; its name is the SHA-256 of all of it. Chunks are found through the
 * manifest's places; the index is for deduplication, verification and garbage collection, which have only the pack.
 */
import { type HypnosError, state } from '@hypnos/base';
import { BOUNDS, HASH_BYTES } from './bounds.ts';
import { CODEC, type Codec, type Content, type Effort, hexOf, SALT_BYTES, sameBytes } from './content.ts';
import { joined, Reader, recordBytes, recordsBytes } from './reader.ts';
import { check, refused } from './refused.ts';

const MAGIC = Uint8Array.from('HYPNOSP1', c => c.charCodeAt(0)), HEAD_BYTES = MAGIC.length + SALT_BYTES;
export const entryShape = state.shape({ hash: state.bytes(HASH_BYTES), offset: state.u32(), stored: state.u32(), length: state.u32(), codec: state.u32() });
export const trailerShape = state.shape({ indexHash: state.bytes(HASH_BYTES), chunks: state.u32(), indexOffset: state.u32() });
export const TRAILER_BYTES: number = trailerShape.size;

/** Where the bytes of a chunk are, in some pack. Sizes and offset in bytes. */
export interface Place {
  readonly offset: number;
  readonly stored: number;
  readonly codec: Codec;
}

export interface PackEntry extends Place {
  readonly hash: Uint8Array;
  /** Of the chunk itself. */
  readonly length: number;
}

/** Compression that wins less than this much is not worth its time at waking. */
const WORTH = 0.9;

/** Collects chunks into a pack. */
export class PackWriter {
  readonly #content: Content;
  readonly #pieces: Uint8Array[];
  readonly #entries: PackEntry[] = [];
  #bytes: number = HEAD_BYTES;

  constructor(content: Content) {
    this.#content = content;
    this.#pieces = [MAGIC, content.random(SALT_BYTES)];
  }

  get chunks(): number { return this.#entries.length; }
  get bytes(): number { return this.#bytes; }
  /** Whether a chunk more may exceed what readers take. */
  get full(): boolean { return this.#entries.length >= BOUNDS.packChunks || this.#bytes + 2 * BOUNDS.chunkBytes.most + this.#indexBytes > BOUNDS.packBytes; }
  get #indexBytes(): number { return (this.#entries.length + 1) * entryShape.size + TRAILER_BYTES; }

  /** Adds a chunk, whose bytes must stand still until `finish`. */
  add(hash: Uint8Array, chunk: Uint8Array, effort: Effort = 'quick'): Place {
    const squeezed = this.#content.compress(chunk, effort), wins = squeezed.length < chunk.length * WORTH;
    const codec = wins ? CODEC.zstd : CODEC.plain;
    return this.#put({ hash, length: chunk.length, codec }, wins ? squeezed : chunk);
  }
  /** Adds a chunk as it stands in another pack. */
  addStored(entry: Pick<PackEntry, 'hash' | 'length' | 'codec'>, stored: Uint8Array): Place { return this.#put(entry, stored.slice()); }

  #put({ hash, length, codec }: Pick<PackEntry, 'hash' | 'length' | 'codec'>, stored: Uint8Array): Place {
    const place = { offset: this.#bytes, stored: stored.length, codec };
    this.#pieces.push(stored);
    this.#bytes += stored.length;
    this.#entries.push({ hash: hash.slice(), length, ...place });
    return place;
  }

  /** The pack's bytes and its name. */
  finish(): { readonly bytes: Uint8Array; readonly hash: Uint8Array } {
    const index = recordsBytes(entryShape, this.#entries, (r, { hash, ...where }) => {
      r.hash.set(hash);
      Object.assign(r, where);
    });
    const trailer = recordBytes(trailerShape, r => {
      r.indexHash.set(this.#content.sha256(index));
      Object.assign(r, { chunks: this.#entries.length, indexOffset: this.#bytes });
    });
    const bytes = joined([...this.#pieces, index, trailer]);
    return { bytes, hash: this.#content.sha256(bytes) };
  }
}

const codecOf = (number: number, what: string): Codec => {
  check(number === CODEC.plain || number === CODEC.zstd, what, `it has a chunk in codec ${number}, which is not known`);
  return number;
};

/** Where the index of a pack of `size` bytes begins, by its last TRAILER_BYTES bytes. */
export function indexStart(trailer: Uint8Array, size: number, what: string): number {
  const { chunks, indexOffset } = new Reader(trailer, what).record(trailerShape);
  check(size <= BOUNDS.packBytes && chunks <= BOUNDS.packChunks, what, 'it is larger than any pack of ours');
  check(indexOffset >= HEAD_BYTES && indexOffset + chunks * entryShape.size + TRAILER_BYTES === size, what, 'its index is not where it says');
  return indexOffset;
}

/** The index of a pack of `size` bytes; `tail` is what stands from `indexStart` to the end. */
export function readIndex(tail: Uint8Array, size: number, content: Content, what: string): readonly PackEntry[] {
  const trailer = tail.subarray(Math.max(0, tail.length - TRAILER_BYTES)), start = indexStart(trailer, size, what);
  check(size - start === tail.length, what, 'its index is not where it says');
  const index = tail.subarray(0, tail.length - TRAILER_BYTES), { indexHash } = new Reader(trailer, what).record(trailerShape);
  check(sameBytes(content.sha256(index), indexHash), what, 'its index has another hash');
  const reader = new Reader(index, what), entries: PackEntry[] = [];
  for (const { hash, offset, stored, length, codec } of reader.records(entryShape, Math.floor(index.length / entryShape.size))) {
    check(offset >= HEAD_BYTES && offset + stored <= start && length <= BOUNDS.chunkBytes.most, what, `chunk ${entries.length} is not inside`);
    entries.push({ hash: hash.slice(), offset, stored, length, codec: codecOf(codec, what) });
  }
  reader.end();
  return entries;
}

/** A chunk as it was, from what is stored of it. Nothing is answered that does not have its hash. */
export function unpackChunk(stored: Uint8Array, codec: Codec, hash: Uint8Array, length: number, content: Content): Uint8Array {
  const bytes = codec === CODEC.plain ? stored : content.decompress(stored, length), bad = (why: string): HypnosError => refused(`chunk ${hexOf(hash)}`, why);
  if (bytes === null || bytes.length !== length) throw bad(`it does not unpack to ${length} bytes`);
  if (!sameBytes(content.sha256(bytes), hash)) throw bad('its bytes have another hash');
  return bytes;
}
