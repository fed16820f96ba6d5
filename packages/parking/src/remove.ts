/** Removes a guest: its name, inbox and generations at once; its bytes in the store when they are collected next. */
import { HypnosError } from '@hypnos/base';
import { type GuestGeneration, type GuestRow, hashOf, manifestName } from '@hypnos/vmm';
import { distinct, packsOf, type Stores } from './stores.ts';
import { remove as decide } from './transitions.ts';

export interface Removed {
  readonly guest: GuestRow;
  /** Bytes that a collection will free now; null where some manifest cannot be read. */
  readonly freeable: number | null;
  /** Where its generations were, of stores that no guest is in any more: a collection must be told of them. */
  readonly left: readonly string[];
}

/** `evenUnfinished` removes one whose handover is not finished, too. */
export async function remove(stores: Stores, name: string, evenUnfinished = false): Promise<Removed> {
  const generations = await stores.ledger.generations(), freeable = await ownBytes(stores, generations, name);
  const guest = await stores.ledger.change(name, decide(name, evenUnfinished)), used = new Set((await stores.ledger.generations()).map(({ store }) => store));
  const left = new Set(generations.filter(row => row.guest === name && !used.has(row.store)).map(({ store }) => store));
  return { guest, freeable, left: [...left] };
}

/** Bytes in stores that no guest but this one needs. */
export async function ownBytes(stores: Stores, generations: readonly GuestGeneration[], name: string): Promise<number | null> {
  const own = generations.filter(({ guest }) => guest === name);
  let sum = 0;
  try {
    for (const store of new Set(own.map(g => g.store))) {
      const here = own.filter(g => g.store === store), others = generations.filter(g => g.guest !== name && g.store === store);
      const needed = await packsOf(stores, others), packs = [...await packsOf(stores, here)].filter(pack => !needed.has(pack)).map(pack => `packs/${pack}`);
      const manifests = distinct(here).filter(({ manifest }) => !others.some(o => o.manifest === manifest)).map(({ manifest }) => manifestName(hashOf(manifest)!));
      for (const object of [...packs, ...manifests]) sum += await stores.bucket(store).size(object) ?? 0;
    }
    return sum;
  } catch (error) {
    if (error instanceof HypnosError) return null;
    throw error;
  }
}
