/** What the verbs on stored guests work with: the ledger, and the stores it names. And what generations need of a store. */
import { HypnosError } from '@hypnos/base';
import { type Bucket, type Content, type GenerationRow, getManifest, type GuestGeneration, hashOf, hexOf, type Ledger, type Manifest } from '@hypnos/vmm';

export interface Stores {
  readonly ledger: Ledger;
  readonly content: Content;
  /** The store of this name, as generations have it. */
  bucket(store: string): Bucket;
}

/** How far something that takes long has come, in bytes. */
export type OnProgress = (progress: { readonly done: number; readonly total: number }) => void;

/** The manifest of a generation, from its store. */
export async function manifestOf({ bucket, content }: Stores, { manifest, store }: Pick<GenerationRow, 'manifest' | 'store'>): Promise<Manifest> {
  const hash = hashOf(manifest);
  if (hash === null) throw new HypnosError('EINVAL', `the ledger names a manifest '${manifest}', which is no hash.`);
  return getManifest(bucket(store), hash, content);
}

/** The first of each manifest: guests may share one. */
export function distinct<T extends Pick<GuestGeneration, 'manifest' | 'store'>>(generations: readonly T[]): readonly T[] {
  const seen = new Map(generations.toReversed().map(g => [`${g.manifest} ${g.store}`, g]));
  return generations.filter(g => seen.get(`${g.manifest} ${g.store}`) === g);
}

/** The packs of a store that these generations need, by their hashes in digits. */
export async function packsOf(stores: Stores, generations: readonly GuestGeneration[]): Promise<ReadonlySet<string>> {
  const packs = new Set<string>();
  for (const generation of distinct(generations)) for (const pack of (await manifestOf(stores, generation)).packs) packs.add(hexOf(pack));
  return packs;
}

/** Tells a store that this ledger keeps guests in it. To be done before the first object is stored there: a collector that has not seen this may take it for its own. */
export async function register({ id }: Pick<Ledger, 'id'>, bucket: Bucket): Promise<void> {
  await bucket.putIfAbsent(`${LEDGERS}${id}`, new Uint8Array());
}
export const LEDGERS = 'ledgers/';
