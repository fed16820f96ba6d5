/**
 * Garbage collection beside writers, without locks or clocks. Objects are listed first; then the ledger's counter of collections goes up in one transaction with
 * reading what guests refer to; then what was listed and is not needed is deleted.
 *
 * Why nothing is missed: an object written after the listing is not on the list, and no name is ever written twice (`SALT_BYTES`). One written before
 * belongs to a generation that the transaction saw, or to one that is published after it; the latter began before the counter went up and is refused (`publish`), unless it began
 * later, and then takes for stored only what the ledger refers to by then: what this transaction saw, or what was stored by that same rule since.
 */
import { HypnosError } from '@hypnos/base';
import { type Bucket, type GuestGeneration, hashOf, manifestName, packName } from '@hypnos/vmm';
import { distinct, LEDGERS, manifestOf, type OnProgress, type Stores } from './stores.ts';

export interface Collected {
  readonly manifests: number;
  readonly packs: number;
  /** Bytes freed, in all; of these, in what writers left half done. */
  readonly bytes: number;
  readonly unfinished: number;
  /** Bytes that guests need. */
  readonly kept: number;
}

interface Listed { readonly name: string; readonly bytes: number }

/** How often it is begun anew where another collection came between. */
const ATTEMPTS = 5;

/** Deletes what no guest of this ledger needs from a store. */
export async function collect(stores: Stores, store: string, onProgress: OnProgress = () => {}): Promise<Collected> {
  const bucket = stores.bucket(store);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const listed = [...await listOf(bucket, 'manifests/'), ...await listOf(bucket, 'packs/')];
    await checkAlone(stores, bucket, store);
    const needed = await neededBy(stores, store, await stores.ledger.collect());
    if (needed === null) continue;
    const garbage = listed.filter(({ name }) => !needed.has(name));
    await remove(bucket, garbage, onProgress);
    const unfinished = await bucket.removeUnfinished?.() ?? 0, sum = bytesOf(garbage);
    const manifests = garbage.filter(({ name }) => name.startsWith('manifests/')).length;
    return { manifests, packs: garbage.length - manifests, bytes: sum + unfinished, unfinished, kept: bytesOf(listed) - sum };
  }
  throw new HypnosError('EBUSY', `other collections of ${store} came between ${ATTEMPTS} times: let one of them end.`);
}

const bytesOf = (objects: readonly Listed[]): number => objects.reduce((sum, { bytes }) => sum + bytes, 0);

/** What stands under a prefix by the name of a hash; what does not was put there by somebody else and stays. */
async function listOf(bucket: Bucket, prefix: string): Promise<readonly Listed[]> {
  const found: Listed[] = [];
  for await (const { name, bytes } of bucket.list(prefix)) if (hashOf(name.slice(prefix.length))) found.push({ name, bytes });
  return found;
}

/** After the listing: a ledger that registers later than this has stored nothing that is on the list. */
async function checkAlone({ ledger }: Stores, bucket: Bucket, store: string): Promise<void> {
  for await (const { name } of bucket.list(LEDGERS)) {
    if (name === `${LEDGERS}${ledger.id}`) continue;
    throw new HypnosError('EBUSY', `another home keeps guests in ${store} too, and only its ledger knows what they need: nothing was deleted. `
      + `If that home is gone for good, delete ${name} in the store and collect again.`);
  }
}

/**
 * The objects that these generations need. Unless all of their manifests can be read nothing may be deleted: EIO names the one that cannot. Null where one went in a
 * collection that came between, which leaves open what it needed.
 */
async function neededBy(stores: Stores, store: string, generations: readonly GuestGeneration[]): Promise<ReadonlySet<string> | null> {
  const needed = new Set<string>(), bucket = stores.bucket(store);
  for (const generation of distinct(generations)) {
    const hash = hashOf(generation.manifest), name = hash && manifestName(hash);
    // Of another store; but the same folder may go by two names, and then it is there.
    if (generation.store !== store && (name === null || await bucket.size(name) === null)) continue;
    try {
      const { packs } = await manifestOf(stores, { ...generation, store });
      needed.add(name!);
      for (const pack of packs) needed.add(packName(pack));
    } catch (error) {
      if (!(error instanceof HypnosError)) throw error;
      if (!(await stores.ledger.manifests()).includes(generation.manifest)) return null;
      throw new HypnosError('EIO', `it is not known what generation ${generation.generation} of ${generation.guest} needs, so nothing was deleted from ${store}: ${error.message} `
        + `hypnos verify ${generation.guest} tells what is whole, hypnos rm ${generation.guest} removes the guest.`, { cause: error });
    }
  }
  return needed;
}

/** Manifests first: one that is there has its packs. */
async function remove(bucket: Bucket, garbage: readonly Listed[], onProgress: OnProgress): Promise<void> {
  const total = bytesOf(garbage);
  let done = 0;
  for (const { name, bytes } of garbage) {
    await bucket.delete(name);
    done += bytes;
    onProgress({ done, total });
  }
}
