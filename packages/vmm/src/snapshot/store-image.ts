/** Stores a snapshot: hashes its memory chunk by chunk, packs those the store does not have, and publishes nothing: the manifest is the caller's to put. */
import type { Snapshot } from '../machine.ts';
import { HASH_BYTES } from './bounds.ts';
import type { Bucket } from './bucket.ts';
import { isZero } from './chunks.ts';
import { type Content, type Effort, hexOf } from './content.ts';
import { crumbs } from './crumbs.ts';
import { hashAt, type Image } from './image.ts';
import type { ChunkPlace, Manifest } from './manifest.ts';
import { PackWriter, type Place } from './pack.ts';
import { getStored, packName } from './store.ts';

/** A chunk that is in the store already: in which pack, and where. */
export interface KnownPlace extends Place { readonly pack: Uint8Array }
/** Chunks by their hash in hexadecimal digits. */
export type KnownChunks = ReadonlyMap<string, KnownPlace>;

/** What storing costs so far, in bytes: looked at, new to the store, and written there. */
export interface Progress { readonly total: number; readonly done: number; readonly fresh: number; readonly written: number }

export interface StoredImage {
  readonly image: Image;
  readonly packs: readonly Uint8Array[];
  readonly places: readonly (ChunkPlace | null)[];
  readonly progress: Progress;
}

export interface StoreOptions {
  /** Chunks that the store has already, besides those of the snapshot's own past. */
  readonly known?: KnownChunks;
  readonly progress?: (progress: Progress) => void;
}

/** How much is looked at between two turns of the event loop, in bytes. */
const TURN = 8 << 20;

/** Settles when every chunk is durable. The snapshot's memory must stand still until then. */
export async function storeImage(snapshot: Snapshot, bucket: Bucket, content: Content, options: StoreOptions = {}): Promise<StoredImage> {
  const { known = new Map(), progress = () => {} } = options, { memory, chunkBytes, since } = snapshot, total = memory.length;
  const hashes = since?.manifest.image.memory.hashes.slice() ?? new Uint8Array((total / chunkBytes) * HASH_BYTES), chunks: (KnownPlace | string | null)[] = [];
  const seen = new Set<string>(), store = new Storing(bucket, content, since ? 'quick' : 'small');
  const emptied = since ? crumbs(since.manifest, chunk => since.changed(chunk)) : new Set<number>();
  let fresh = 0;
  /** Where a chunk is that has not changed: where it was, or, if that pack is to be emptied, where it goes now. */
  async function kept(manifest: Manifest, chunk: number): Promise<KnownPlace | string | null> {
    const place = manifest.places[chunk];
    if (!place) return null;
    const name = hexOf(hashAt(manifest.image.memory, chunk)), as = { ...place, pack: manifest.packs[place.pack]! };
    if (!emptied.has(place.pack)) return as;
    if (!seen.has(name)) {
      const stored = await getStored(bucket, manifest, chunk, content).catch(() => null);
      if (stored === null) return as;                                       // a bad chunk stays what it is: who needs it hears of it
      seen.add(name);
      await store.addStored(name, { hash: hashAt(manifest.image.memory, chunk), length: chunkBytes, codec: place.codec }, stored);
    }
    return name;
  }
  for (let chunk = 0, done = 0; done < total; chunk++, done += chunkBytes) {
    if (done % TURN === 0) progress({ total, done, fresh, written: store.written });
    if (since && !since.changed(chunk)) {
      chunks.push(await kept(since.manifest, chunk));
      continue;
    }
    const bytes = memory.subarray(done, done + chunkBytes);
    if (isZero(bytes)) {
      hashes.fill(0, chunk * HASH_BYTES, (chunk + 1) * HASH_BYTES);
      chunks.push(null);
      continue;
    }
    const hash = content.sha256(bytes), name = hexOf(hash), place = known.get(name);
    hashes.set(hash, chunk * HASH_BYTES);
    chunks.push(place ?? name);
    if (place || seen.has(name)) continue;
    seen.add(name);
    await store.add(name, hash, bytes);
    fresh += chunkBytes;
  }
  await store.flush();
  return {
    image: { sections: snapshot.sections, memory: { chunkBytes, hashes } }, ...placed(chunks.map(at => (typeof at === 'string' ? store.places.get(at)! : at))),
    progress: { total, done: total, fresh, written: store.written },
  };
}

/** Fills packs and puts the full ones. */
class Storing {
  readonly places = new Map<string, KnownPlace>();
  written = 0;
  readonly #bucket: Bucket;
  readonly #content: Content;
  readonly #effort: Effort;
  #writer: PackWriter;
  #waiting: { readonly name: string; readonly place: Place }[] = [];

  constructor(bucket: Bucket, content: Content, effort: Effort) {
    this.#bucket = bucket;
    this.#effort = effort;
    this.#content = content;
    this.#writer = new PackWriter(content);
  }

  async add(name: string, hash: Uint8Array, chunk: Uint8Array): Promise<void> {
    if (this.#writer.full) await this.flush();
    this.#waiting.push({ name, place: this.#writer.add(hash, chunk, this.#effort) });
  }

  async addStored(name: string, entry: Parameters<PackWriter['addStored']>[0], stored: Uint8Array): Promise<void> {
    if (this.#writer.full) await this.flush();
    this.#waiting.push({ name, place: this.#writer.addStored(entry, stored) });
  }

  async flush(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const { bytes, hash } = this.#writer.finish();
    await this.#bucket.putIfAbsent(packName(hash), bytes);
    for (const { name, place } of this.#waiting) this.places.set(name, { ...place, pack: hash });
    this.written += bytes.length;
    this.#waiting = [];
    this.#writer = new PackWriter(this.#content);
  }
}

/** The packs that are referred to, each once, and the place of every chunk among them. */
export function placed(chunks: readonly (KnownPlace | null)[]): Pick<StoredImage, 'packs' | 'places'> {
  const packs: Uint8Array[] = [], byName = new Map<string, number>(), byObject = new Map<Uint8Array, number>();
  const numberOf = (pack: Uint8Array): number => {
    const known = byObject.get(pack);
    if (known !== undefined) return known;
    const name = hexOf(pack), number = byName.get(name) ?? packs.push(pack) - 1;
    byName.set(name, number);
    byObject.set(pack, number);
    return number;
  };
  return { places: chunks.map(place => place && { pack: numberOf(place.pack), offset: place.offset, stored: place.stored, codec: place.codec }), packs };
}

/** The chunks that a manifest refers to, for the next one of the same guest, or of one like it. */
export function knownChunks(...manifests: readonly Manifest[]): KnownChunks {
  const known = new Map<string, KnownPlace>();
  for (const { image, packs, places } of manifests) {
    places.forEach((place, chunk) => {
      if (place) known.set(hexOf(hashAt(image.memory, chunk)), { ...place, pack: packs[place.pack]! });
    });
  }
  return known;
}
