/** Everything about one guest: its row, owner, inbox and generations, and what its newest image holds. All of it can be written as JSON. */
import { HypnosError } from '@hypnos/base';
import {
  type Content, type GenerationRow, type GuestRow, hashAt, hexOf, type ImageSection, type InboxEvent, type MachineDescription, type Manifest, readMachine, sectionsOf,
} from '@hypnos/vmm';
import { distinct, manifestOf, type Stores } from './stores.ts';
import { ownBytes } from './remove.ts';

export interface Inspection {
  readonly guest: GuestRow;
  /** The ledger's clock: what `leaseUntil` is measured by. */
  readonly now: number;
  readonly inbox: readonly InboxEvent[];
  readonly generations: readonly GenerationRow[];
  /** Bytes in its stores that no other guest needs; null where a manifest cannot be read. */
  readonly ownBytes: number | null;
  /** Null where it was never stored. */
  readonly image: ImageView | { readonly refused: string } | null;
}

export interface ImageView {
  readonly generation: number;
  readonly root: string;
  readonly parent: string;
  readonly parkedAt: string;
  readonly machine: MachineView | { readonly refused: string };
  readonly sections: readonly { readonly path: string; readonly version: number; readonly bytes: number; readonly sha256: string }[];
  readonly memory: MemoryView;
  readonly packs: readonly string[];
}

/** Numbers of 64 bits are texts. */
export type MachineView = Omit<MachineDescription, 'entry' | 'regions'> & {
  readonly entry: string;
  readonly regions: readonly { readonly kind: string; readonly bytes: number; readonly what?: string; readonly address?: string }[];
};

/** Chunks of the image, RAM and files alike. */
export interface MemoryView {
  readonly chunkBytes: number;
  readonly chunks: number;
  /** Stored nowhere. */
  readonly zero: number;
  /** Chunks that are not zero, and how many different ones they are. */
  readonly stored: number;
  readonly distinct: number;
  /** Bytes that the different ones take in packs. */
  readonly storedBytes: number;
  /** Chunks that the newest image of some other guest in the same store has too. */
  readonly shared: number;
}

export async function inspect(stores: Stores, name: string): Promise<Inspection> {
  const { guest, inbox, generations, now } = await stores.ledger.view(name);
  if (guest === null) throw new HypnosError('ENOENT', `there is no guest ${name}: hypnos ps lists those there are.`);
  const all = await stores.ledger.generations(), newest = generations.at(-1);
  return { guest, now, inbox, generations, ownBytes: await ownBytes(stores, all, name), image: newest ? await orRefusal(() => imageOf(stores, name, newest)) : null };
}

/** What cannot be read is told, and does not keep the rest from being shown. */
async function orRefusal<T>(read: () => T | Promise<T>): Promise<T | { readonly refused: string }> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof HypnosError) return { refused: error.message };
    throw error;
  }
}

async function imageOf(stores: Stores, name: string, row: GenerationRow): Promise<ImageView> {
  const manifest = await manifestOf(stores, row), { sections } = manifest.image;
  return {
    generation: row.generation, root: row.root, parent: hexOf(manifest.parent), parkedAt: new Date(Number(manifest.parkedAtNs / 1_000_000n)).toISOString(),
    machine: await orRefusal(() => machineOf(sections)), sections: sections.map(section => sectionOf(section, stores.content)),
    memory: memoryOf(manifest, await chunksOfOthers(stores, name, row.store)), packs: manifest.packs.map(hexOf),
  };
}

function machineOf(sections: readonly ImageSection[]): MachineView {
  const { entry, regions, ...machine } = readMachine(sectionsOf(sections, 'the image'));
  return { ...machine, entry: `0x${entry.toString(16)}`, regions: regions.map(({ address, ...r }) => ({ ...r, ...(address !== undefined && { address: `0x${address.toString(16)}` }) })) };
}

const sectionOf = ({ path, version, bytes }: ImageSection, { sha256 }: Content): ImageView['sections'][number] =>
  ({ path, version, bytes: bytes.length, sha256: hexOf(sha256(bytes)) });

function memoryOf({ image: { memory }, places }: Manifest, others: ReadonlySet<string>): MemoryView {
  const sizes = new Map<string, number>();
  let stored = 0, shared = 0;
  places.forEach((place, chunk) => {
    if (!place) return;
    const hash = hexOf(hashAt(memory, chunk));
    sizes.set(hash, place.stored);
    stored++;
    if (others.has(hash)) shared++;
  });
  const storedBytes = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  return { chunkBytes: memory.chunkBytes, chunks: places.length, zero: places.length - stored, stored, distinct: sizes.size, storedBytes, shared };
}

/** Chunks of the newest images of the other guests in a store. One that cannot be read shares nothing. */
async function chunksOfOthers(stores: Stores, name: string, store: string): Promise<ReadonlySet<string>> {
  const chunks = new Set<string>(), rows = (await stores.ledger.generations()).filter(g => g.guest !== name && g.store === store);
  const newest = distinct([...new Map(rows.map(row => [row.guest, row])).values()]);
  for (const row of newest) {
    const found = await orRefusal(() => manifestOf(stores, row));
    if ('refused' in found) continue;
    found.places.forEach((place, chunk) => { if (place) chunks.add(hexOf(hashAt(found.image.memory, chunk))); });
  }
  return chunks;
}
