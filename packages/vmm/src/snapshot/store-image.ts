/** Stores a snapshot: hashes its memory chunk by chunk, packs those the store does not have, and publishes nothing: the manifest is the caller's to put. */
import type { Snapshot } from '../machine.ts';
import { HASH_BYTES } from './bounds.ts';
import type { Bucket } from './bucket.ts';
import { chunksOf, CHUNK_BYTES, isZero } from './chunks.ts';
import { type Content, hexOf } from './content.ts';
import { hashAt, type Image } from './image.ts';
import type { ChunkPlace, Manifest } from './manifest.ts';
import { PackWriter, type Place } from './pack.ts';
import { packName } from './store.ts';

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
  readonly known?: KnownChunks;
  readonly chunkBytes?: number;
  readonly progress?: (progress: Progress) => void;
}

/** How much is looked at between two turns of the event loop, in bytes. */
const TURN = 8 << 20;

/** Settles when every chunk is durable. The snapshot's memory must stand still until then. */
export async function storeImage(snapshot: Snapshot, bucket: Bucket, content: Content, options: StoreOptions = {}): Promise<StoredImage> {
  const { known = new Map(), chunkBytes = CHUNK_BYTES, progress = () => {} } = options;
  const total = snapshot.regions.reduce((sum, { bytes }) => sum + Math.ceil(bytes / chunkBytes) * chunkBytes, 0);
  const hashes = new Uint8Array((total / chunkBytes) * HASH_BYTES), names: string[] = [], seen = new Set(known.keys());
  const store = new Storing(bucket, content);
  let done = 0, fresh = 0;
  for (const chunk of chunksOf(snapshot.regions, chunkBytes)) {
    const hash = isZero(chunk) ? null : content.sha256(chunk), name = hash ? hexOf(hash) : '';
    names.push(name);
    if (hash) {
      hashes.set(hash, (done / chunkBytes) * HASH_BYTES);
      if (!seen.has(name)) {
        seen.add(name);
        await store.add(name, hash, chunk);
        fresh += chunkBytes;
      }
    }
    done += chunkBytes;
    if (done % TURN === 0) progress({ total, done, fresh, written: store.written });
  }
  await store.flush();
  return {
    image: { sections: snapshot.sections, memory: { chunkBytes, hashes } }, ...placed(names, known, store.places),
    progress: { total, done, fresh, written: store.written },
  };
}

/** Fills packs and puts the full ones. */
class Storing {
  readonly places = new Map<string, KnownPlace>();
  written = 0;
  readonly #bucket: Bucket;
  readonly #content: Content;
  #writer: PackWriter;
  #waiting: { readonly name: string; readonly place: Place }[] = [];

  constructor(bucket: Bucket, content: Content) {
    this.#bucket = bucket;
    this.#content = content;
    this.#writer = new PackWriter(content);
  }

  async add(name: string, hash: Uint8Array, chunk: Uint8Array): Promise<void> {
    if (this.#writer.full) await this.flush();
    this.#waiting.push({ name, place: this.#writer.add(hash, chunk) });
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
function placed(names: readonly string[], known: KnownChunks, stored: KnownChunks): Pick<StoredImage, 'packs' | 'places'> {
  const packs: Uint8Array[] = [], numbers = new Map<string, number>();
  const numberOf = (pack: Uint8Array): number => {
    const hex = hexOf(pack), number = numbers.get(hex) ?? packs.push(pack) - 1;
    numbers.set(hex, number);
    return number;
  };
  const places = names.map(name => {
    const place = name === '' ? undefined : stored.get(name) ?? known.get(name);
    return place ? { pack: numberOf(place.pack), offset: place.offset, stored: place.stored, codec: place.codec } : null;
  });
  return { packs, places };
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
