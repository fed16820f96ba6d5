/** Verifies what is stored of guests: every manifest, every chunk that one names, each against its hash; and says what is bad, and which generation is whole. */
import { HypnosError } from '@hypnos/base';
import { type Content, getChunk, type GuestGeneration, hashAt, hexOf, imageRoot, type Manifest } from '@hypnos/vmm';
import { manifestOf, type OnProgress, type Stores } from './stores.ts';

/** Something that is not as it was stored. */
export interface Fault {
  readonly guest: string;
  readonly generation: number;
  /** The chunk's number in the image; null where it is the manifest. */
  readonly chunk: number | null;
  /** The pack it is in. */
  readonly pack: string | null;
  readonly why: string;
}

export interface Verified {
  readonly guest: string;
  readonly generation: number;
  readonly store: string;
  readonly whole: boolean;
}

export interface Verification {
  /** Every generation, a guest's oldest first. */
  readonly generations: readonly Verified[];
  readonly faults: readonly Fault[];
  /** Chunks that were read, each place once, and their bytes as they are stored. */
  readonly chunks: number;
  readonly bytes: number;
}

/** How many chunks are read at once. */
const AT_ONCE = 16;

/** Verifies generations; no fault of a store's ends it, but each is on the list. */
export async function verify(stores: Stores, generations: readonly GuestGeneration[], onProgress: OnProgress = () => {}): Promise<Verification> {
  const faults: Fault[] = [], places = new Map<string, Place>();
  for (const row of generations) {
    try {
      const manifest = await manifestOf(stores, row);
      checkRow(row, manifest, stores.content, await stores.ledger.view(row.guest).then(v => v.guest?.id));
      collectPlaces(places, row, manifest);
    } catch (error) {
      faults.push({ guest: row.guest, generation: row.generation, chunk: null, pack: null, why: sentence(error) });
    }
  }
  const bytes = await readAll(stores, [...places.values()], faults, onProgress);
  const bad = new Set(faults.map(keyOf));
  const verified = generations.map(g => ({ guest: g.guest, generation: g.generation, store: g.store, whole: !bad.has(keyOf(g)) }));
  return { generations: verified, faults, chunks: places.size, bytes };
}

const keyOf = ({ guest, generation }: Pick<Fault, 'guest' | 'generation'>): string => `${guest} ${generation}`;

function sentence(error: unknown): string {
  if (error instanceof HypnosError) return error.message;
  throw error;
}

/** A whole manifest may still be the wrong one. */
function checkRow(row: GuestGeneration, manifest: Manifest, content: Content, guest: string | undefined): void {
  const wrong = hexOf(manifest.guest) !== guest ? 'is of another guest'
    : manifest.generation !== BigInt(row.generation) ? `is of generation ${manifest.generation}`
    : hexOf(imageRoot(manifest.image, content)) !== row.root ? 'has another root than the ledger says' : null;
  if (wrong !== null) throw new HypnosError('EINVAL', `manifests/${row.manifest} ${wrong}.`);
}

/** Where one chunk's bytes are, and all the images that it is a part of. */
interface Place {
  readonly store: string;
  readonly pack: string;
  readonly manifest: Manifest;
  readonly chunk: number;
  readonly stored: number;
  readonly of: { readonly row: GuestGeneration; readonly chunk: number }[];
}

/** Generations share most of their chunks: each place is read once, for all that name it alike. */
function collectPlaces(places: Map<string, Place>, row: GuestGeneration, manifest: Manifest): void {
  manifest.places.forEach((place, chunk) => {
    if (place === null) return;
    const pack = hexOf(manifest.packs[place.pack]!), { chunkBytes } = manifest.image.memory;
    const key = [row.store, pack, place.offset, place.stored, place.codec, chunkBytes, hexOf(hashAt(manifest.image.memory, chunk))].join(' ');
    const known = places.get(key) ?? { store: row.store, pack, manifest, chunk, stored: place.stored, of: [] };
    known.of.push({ row, chunk });
    places.set(key, known);
  });
}

/** Reads every place, pack by pack; answers how many bytes were stored there. */
async function readAll(stores: Stores, places: readonly Place[], faults: Fault[], onProgress: OnProgress): Promise<number> {
  const total = places.reduce((sum, { stored }) => sum + stored, 0), packs = places.toSorted((a, b) => (a.pack < b.pack ? -1 : a.pack > b.pack ? 1 : 0));
  let done = 0;
  for (let from = 0; from < packs.length; from += AT_ONCE) {
    await Promise.all(packs.slice(from, from + AT_ONCE).map(async ({ store, pack, manifest, chunk, stored, of }) => {
      try {
        await getChunk(stores.bucket(store), manifest, chunk, stores.content);
      } catch (error) {
        const why = sentence(error);
        for (const one of of) faults.push({ guest: one.row.guest, generation: one.row.generation, chunk: one.chunk, pack, why });
      }
      done += stored;
    }));
    onProgress({ done, total });
  }
  return total;
}
