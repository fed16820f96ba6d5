/** Parking as its steps, on any ports: a snapshot of a few pages that say what is to be in them, stored and published. */
import { HypnosError } from '@hypnos/base';
import { register, type Stores, transitions } from '@hypnos/parking';
import {
  type Bucket, getChunk, getManifest, hashOf, hexOf, imageRoot, knownChunks, type Manifest, manifestName, putManifest, type Snapshot, storeImage,
} from '@hypnos/vmm';
import assert from 'node:assert/strict';

export const CHUNK = 4096;

/** A guest whose memory is one page for each word: filled with it, zero for none. */
export function pagesOf(...words: readonly string[]): Snapshot {
  const memory = new Uint8Array(words.length * CHUNK);
  words.forEach((word, i) => { if (word !== '') memory.set(new TextEncoder().encode(`${word} `.repeat(CHUNK)).subarray(0, CHUNK), i * CHUNK); });
  return { sections: [{ path: 'a', version: 1, bytes: Uint8Array.of(words.length) }], memory, chunkBytes: CHUNK };
}

export interface ParkOptions {
  readonly store: string;
  readonly epoch: number;
  readonly keep?: number;
  readonly wakeAt?: number | null;
  readonly wakeSources?: readonly string[];
}

/** Parks a guest that `epoch` owns: stores again as often as a collection comes between. */
export async function park(stores: Stores, name: string, snapshot: Snapshot, options: ParkOptions): Promise<void> {
  const { store, epoch, keep, wakeAt = null, wakeSources = [] } = options;
  const { ledger, content } = stores, bucket = stores.bucket(store);
  await register(ledger, bucket);
  let attempt = await ledger.change(name, transitions.beginPark(name, epoch));
  for (;;) {
    const { guest } = await ledger.view(name), generation = guest!.generation + 1;
    const known: Manifest[] = [];
    for (const { manifest } of (await ledger.generations()).filter(g => g.store === store)) known.push(...await readable(bucket, manifest, stores));
    const { image, packs, places, progress } = await storeImage(snapshot, bucket, content, { known: knownChunks(...known) });
    const hash = await putManifest(bucket, {
      guest: Buffer.from(guest!.id, 'hex'), generation: BigInt(generation), epoch: BigInt(epoch), parkedAtNs: 0n, parent: new Uint8Array(32), image, packs, places,
    }, content);
    let storedBytes = 0;
    for (const pack of packs) storedBytes += (await bucket.size(`packs/${hexOf(pack)}`))!;
    const answer = await ledger.change(name, transitions.publish(name, epoch, {
      generation: { generation, manifest: hexOf(hash), root: hexOf(imageRoot(image, content)), epoch, storedAt: 0, newBytes: progress.written, storedBytes },
      store, wakeAt, wakeSources, collections: attempt.collections, ...(keep !== undefined && { keep }),
    }));
    if (answer === 'parked') return;
    assert.equal(answer, 'collected');
    attempt = await ledger.change(name, transitions.storeAgain(name, epoch));
  }
}

/** A manifest that may have gone since it was looked up. */
async function readable(bucket: Bucket, manifest: string, { content }: Stores): Promise<readonly Manifest[]> {
  try {
    return [await getManifest(bucket, hashOf(manifest)!, content)];
  } catch (error) {
    if (error instanceof HypnosError && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** Every manifest that the ledger names is in its store, and every chunk of it. */
export async function assertWhole({ ledger, bucket, content }: Stores): Promise<void> {
  for (const { guest, generation, manifest, store } of await ledger.generations()) {
    const which = `generation ${generation} of ${guest}`, hash = hashOf(manifest)!;
    assert.ok(await bucket(store).size(manifestName(hash)) !== null, `${which} has no manifest`);
    const read = await getManifest(bucket(store), hash, content);
    for (let chunk = 0; chunk < read.places.length; chunk++) await getChunk(bucket(store), read, chunk, content);
  }
}
