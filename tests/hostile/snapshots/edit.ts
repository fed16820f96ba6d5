/** A store taken apart as with a hex editor, field by field as declared, and put together again with every hash made right, whatever it then says. */
import type { Fields, Shape, View } from '@hypnos/base';
import { nodeContent } from '@hypnos/host-node';
import { imageRoot, manifestName, MANIFEST_RECORDS, PACK_RECORDS, packName } from '@hypnos/vmm';
import type { Store } from './store.ts';

const { header: headerShape, section: sectionShape, place: placeShape } = MANIFEST_RECORDS;
const { entry: entryShape, trailer: trailerShape } = PACK_RECORDS;
const HASH = 32;
type Bytes = Uint8Array<ArrayBuffer>;

export interface EditedSection {
  /** Path, version and length as written; hash where it is not to be the right one. */
  path: string;
  version: number;
  length?: number;
  pathLength?: number;
  hash?: Uint8Array;
  bytes: Bytes;
}

/** A pack: chunks as they stand there, and its index. */
export interface EditedPack {
  body: Bytes;
  entries: Bytes[];
  trailer?: Bytes;
}

/** A manifest and its packs, all of it to be changed. */
export interface Edited {
  /** The header's record; what follows from the rest is worked out unless `asWritten`. */
  header: Bytes;
  /** The header stands as it is: counts and root are not made right. */
  asWritten: boolean;
  sections: EditedSection[];
  hashes: Bytes[];
  packs: EditedPack[];
  /** Names of packs that are nowhere. */
  missing: Bytes[];
  places: Bytes[];
  /** Bytes behind the end. */
  behind: Bytes;
}

const view = <F extends Fields>(shape: Shape<F>, bytes: Bytes): View<F> => shape.at(bytes.buffer, bytes.byteOffset);
const copy = (bytes: Uint8Array): Bytes => new Uint8Array(bytes);
const latin = (text: string): Bytes => Uint8Array.from(text, c => c.charCodeAt(0) & 0xff);

/** Takes a good store apart. */
export function takeApart({ manifest, objects }: Store): Edited {
  const bytes = objects.get(manifest)!;
  let at = 0;
  const take = (length: number): Bytes => copy(bytes.subarray(at, (at += length)));
  const header = take(headerShape.size), h = view(headerShape, header);
  const sections = Array.from({ length: h.sections }, () => {
    const { version, pathBytes, bytes: length } = view(sectionShape, take(sectionShape.size));
    return { path: Buffer.from(take(pathBytes)).toString('latin1'), version, bytes: take(length) };
  });
  const hashes = Array.from({ length: h.chunks }, () => take(HASH)),
    packs = Array.from({ length: h.packs }, () => pack(objects.get(packName(take(HASH)))!)),
    places = Array.from({ length: h.chunks }, () => take(placeShape.size));
  return { header, asWritten: false, sections, hashes, packs, missing: [], places, behind: new Uint8Array(0) };
}

function pack(bytes: Uint8Array): EditedPack {
  const { chunks, indexOffset } = view(trailerShape, copy(bytes.subarray(bytes.length - trailerShape.size)));
  return {
    body: copy(bytes.subarray(0, indexOffset)),
    entries: Array.from({ length: chunks }, (_, i) => copy(bytes.subarray(indexOffset + i * entryShape.size, indexOffset + (i + 1) * entryShape.size))),
  };
}

function packBytes({ body, entries, trailer }: EditedPack): Bytes {
  const index = copy(Buffer.concat(entries)), t = trailerShape.fresh();
  t.indexHash.set(nodeContent.sha256(index));
  Object.assign(t, { chunks: entries.length, indexOffset: body.length });
  return copy(Buffer.concat([body, index, trailer ?? trailerShape.save(t)]));
}

const sectionBytes = ({ path, version, length, pathLength, hash, bytes }: EditedSection): Bytes => {
  const s = sectionShape.fresh(), name = latin(path);
  s.hash.set(hash ?? nodeContent.sha256(bytes));
  Object.assign(s, { version, pathBytes: pathLength ?? name.length, bytes: length ?? bytes.length });
  return copy(Buffer.concat([sectionShape.save(s), name, bytes]));
};

/** The root as the format has it, of whatever there is. */
function rootOf({ header, sections, hashes }: Edited): Uint8Array {
  const memory = { chunkBytes: view(headerShape, header).chunkBytes, hashes: copy(Buffer.concat(hashes)) };
  return imageRoot({ sections, memory }, nodeContent);
}

/** Puts it together, with the hashes of what there is now. */
export function putTogether(edited: Edited): Store {
  const objects = new Map<string, Uint8Array>(), header = copy(edited.header), h = view(headerShape, header);
  const packs = edited.packs.map(packBytes), names = [...packs.map(bytes => nodeContent.sha256(bytes)), ...edited.missing];
  packs.forEach((bytes, i) => objects.set(packName(names[i]!), bytes));
  if (!edited.asWritten) {
    Object.assign(h, { sections: edited.sections.length, chunks: edited.hashes.length, packs: names.length });
    h.root.set(rootOf(edited));
  }
  const body = Buffer.concat([header, ...edited.sections.map(sectionBytes), ...edited.hashes, ...names, ...edited.places, edited.behind]);
  const hash = nodeContent.sha256(body), manifest = manifestName(hash);
  objects.set(manifest, copy(Buffer.concat([body, hash])));
  return { manifest, objects };
}

/** The same store with other bytes of its manifest, under the name that they then have. */
export function withManifest({ manifest, objects }: Store, bytes: Uint8Array): Store {
  const name = manifestName(bytes.subarray(Math.max(0, bytes.length - HASH))), others = new Map(objects);
  others.delete(manifest);
  // A name that is none where there are not 32 bytes.
  return { manifest: bytes.length >= HASH ? name : manifestName(new Uint8Array(HASH)), objects: others.set(bytes.length >= HASH ? name : manifestName(new Uint8Array(HASH)), bytes) };
}
