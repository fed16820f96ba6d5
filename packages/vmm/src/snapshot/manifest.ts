/**
 * A manifest: one generation of one guest. Which guest, which generation, whose epoch; the image's sections and hashes; and where its chunks are stored.
 * Written last, hashed as a whole, named by that hash.
 */
import { state } from '@hypnos/base';
import { BOUNDS, HASH_BYTES } from './bounds.ts';
import { CODEC, type Codec, type Content, SALT_BYTES, sameBytes } from './content.ts';
import { checkImage, chunkCount, type Image, imageRoot, type ImageSection, isSectionPath, isZeroChunk, letters, type MemoryTable } from './image.ts';
import type { Place } from './pack.ts';
import { joined, Reader, recordBytes } from './reader.ts';
import { check, refused } from './refused.ts';

export const FORMAT_VERSION = 1;
const MAGIC = Uint8Array.from('HYPNOSM1', c => c.charCodeAt(0)), GUEST_BYTES = 16;

export const headerShape = state.shape({
  magic: state.bytes(MAGIC.length), version: state.u32(), sections: state.u32(), chunkBytes: state.u32(), chunks: state.u32(), packs: state.u32(),
  generation: state.u64(), epoch: state.u64(), parkedAtNs: state.u64(),
  guest: state.bytes(GUEST_BYTES), salt: state.bytes(SALT_BYTES), parent: state.bytes(HASH_BYTES), root: state.bytes(HASH_BYTES),
});
export const sectionShape = state.shape({ hash: state.bytes(HASH_BYTES), version: state.u32(), pathBytes: state.u32(), bytes: state.u32() });
export const placeShape = state.shape({ pack: state.u32(), offset: state.u32(), stored: state.u32(), codec: state.u32() });
/** Places are many and a wake waits for them: they are written and read where they stand, and not as a record each. */
const AT = { pack: placeShape.offsetOf('pack'), offset: placeShape.offsetOf('offset'), stored: placeShape.offsetOf('stored'), codec: placeShape.offsetOf('codec') };

/** The place of a chunk: which of the manifest's packs, and where in it. */
export interface ChunkPlace extends Place { readonly pack: number }

export interface Manifest {
  /** The guest's identity: 16 bytes. */
  readonly guest: Uint8Array;
  /** Counts the times this guest was stored; a fork begins at 1. */
  readonly generation: bigint;
  /** The ledger's epoch in which it was stored. */
  readonly epoch: bigint;
  /** Nanoseconds since 1970, UTC, by the clock of the host that stored it. */
  readonly parkedAtNs: bigint;
  /** Hash of the manifest before this one; zeroes for the first. */
  readonly parent: Uint8Array;
  readonly image: Image;
  /** Hashes of the packs that hold chunks of this image. */
  readonly packs: readonly Uint8Array[];
  /** A place for every chunk; null for chunks of zeroes. */
  readonly places: readonly (ChunkPlace | null)[];
}

/** The manifest's bytes and its name, which is another one each time. */
export function encodeManifest(manifest: Manifest, content: Content): { readonly bytes: Uint8Array; readonly hash: Uint8Array } {
  const { image, packs, places } = manifest, { sections, memory } = image;
  checkImage(image, 'the image to store');
  const hashes = sections.map(({ bytes }) => content.sha256(bytes));
  const header = recordBytes(headerShape, h => {
    Object.assign(h, {
      version: FORMAT_VERSION, sections: sections.length, chunkBytes: memory.chunkBytes, chunks: chunkCount(memory), packs: packs.length,
      generation: manifest.generation, epoch: manifest.epoch, parkedAtNs: manifest.parkedAtNs,
    });
    h.magic.set(MAGIC);
    h.guest.set(manifest.guest);
    h.salt.set(content.random(SALT_BYTES));
    h.parent.set(manifest.parent);
    h.root.set(imageRoot(image, content, hashes));
  });
  const body = joined([header, ...sections.flatMap((section, i) => encodeSection(section, hashes[i]!)), memory.hashes, ...packs, encodePlaces(places)]);
  const hash = content.sha256(body);
  return { bytes: joined([body, hash]), hash };
}

function encodeSection({ path, version, bytes }: ImageSection, hash: Uint8Array): readonly Uint8Array[] {
  const head = recordBytes(sectionShape, r => {
    r.hash.set(hash);
    Object.assign(r, { version, pathBytes: path.length, bytes: bytes.length });
  });
  return [head, letters(path), bytes];
}

function encodePlaces(places: readonly (ChunkPlace | null)[]): Uint8Array {
  const bytes = new Uint8Array(places.length * placeShape.size), view = new DataView(bytes.buffer);
  places.forEach((place, chunk) => {
    if (!place) return;
    const at = chunk * placeShape.size;
    view.setUint32(at + AT.pack, place.pack, true);
    view.setUint32(at + AT.offset, place.offset, true);
    view.setUint32(at + AT.stored, place.stored, true);
    view.setUint32(at + AT.codec, place.codec, true);
  });
  return bytes;
}

/** Reads a manifest and verifies all of it; throws EINVAL with a sentence for anything else. `what` names it there. */
export function decodeManifest(bytes: Uint8Array, content: Content, what: string): Manifest {
  check(bytes.length <= BOUNDS.manifestBytes, what, `it is longer than ${BOUNDS.manifestBytes} bytes`);
  check(bytes.length > HASH_BYTES && sameBytes(bytes.subarray(0, MAGIC.length), MAGIC), what, 'it is no manifest of a parked guest');
  const body = bytes.subarray(0, bytes.length - HASH_BYTES);
  check(sameBytes(content.sha256(body), bytes.subarray(body.length)), what, 'its bytes have another hash: it was cut off or changed');
  const reader = new Reader(body, what), header = reader.record(headerShape);
  check(header.version === FORMAT_VERSION, what, `it is of format ${header.version}, and this program reads format ${FORMAT_VERSION}`);
  check(header.sections <= BOUNDS.sections && header.packs <= BOUNDS.packs, what, 'it claims more sections or packs than any of ours');
  check(header.chunks * header.chunkBytes <= BOUNDS.memoryBytes, what, 'its memory is larger than that of any machine of ours');
  const read = Array.from({ length: header.sections }, () => readSection(reader, content, what)), sections = read.map(({ section }) => section);
  const memory = { chunkBytes: header.chunkBytes, hashes: reader.bytes(header.chunks * HASH_BYTES).slice() };
  const image = { sections, memory };
  checkImage(image, what);
  check(sameBytes(imageRoot(image, content, read.map(({ hash }) => hash)), header.root), what, 'its root is not that of its sections and chunks');
  const packs = Array.from({ length: header.packs }, () => reader.bytes(HASH_BYTES).slice());
  const places = readPlaces(reader.bytes(header.chunks * placeShape.size), image, packs.length, what);
  reader.end();
  const { guest, generation, epoch, parkedAtNs, parent } = header;
  return { guest, generation, epoch, parkedAtNs, parent, image, packs, places };
}

function readSection(reader: Reader, content: Content, what: string): { readonly section: ImageSection; readonly hash: Uint8Array } {
  const { hash, version, pathBytes, bytes: length } = reader.record(sectionShape);
  check(pathBytes <= BOUNDS.pathBytes && length <= BOUNDS.sectionBytes, what, 'it claims a section longer than any of ours');
  const path = reader.text(pathBytes), bytes = reader.bytes(length).slice();
  check(isSectionPath(path), what, 'one of its sections has no proper path');     // before a message shows it
  check(sameBytes(content.sha256(bytes), hash), what, `section ${path} has another hash`);
  return { section: { path, version, bytes }, hash };
}

function readPlaces(bytes: Uint8Array, { memory }: Image, packs: number, what: string): readonly (ChunkPlace | null)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length), places: (ChunkPlace | null)[] = [];
  const u32 = (at: number): number => view.getUint32(at, true);
  for (let at = 0; at < bytes.length; at += placeShape.size) {
    const place = { pack: u32(at + AT.pack), offset: u32(at + AT.offset), stored: u32(at + AT.stored), codec: u32(at + AT.codec) };
    places.push(checkPlace(place, memory, packs, places.length, what));
  }
  return places;
}

function checkPlace({ pack, offset, stored, codec }: Record<keyof ChunkPlace, number>, memory: MemoryTable, packs: number, chunk: number, what: string): ChunkPlace | null {
  if (isZeroChunk(memory, chunk)) {
    if (pack !== 0 || offset !== 0 || stored !== 0 || codec !== 0) throw refused(what, `chunk ${chunk} is of zeroes and has a place`);
    return null;
  }
  if (pack >= packs || stored === 0 || stored > BOUNDS.chunkBytes.most || offset + stored > BOUNDS.packBytes) throw refused(what, `chunk ${chunk} has no proper place`);
  if (codec === CODEC.plain ? stored !== memory.chunkBytes : codec !== CODEC.zstd) throw refused(what, `chunk ${chunk} is in codec ${codec}, which is not known`);
  return { pack, offset, stored, codec: codec as Codec };
}
