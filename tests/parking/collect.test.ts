/** Garbage collection: it takes what no guest needs and nothing else, whatever parks, forks, removes or collects beside it, at every order of their calls. */
import type { HypnosError } from '@hypnos/base';
import { FolderBucket, nodeContent, SqliteLedger } from '@hypnos/host-node';
import { collect, fork, register, type Stores, transitions } from '@hypnos/parking';
import { MemoryBucket, type Content, manifestName, hashOf, storeImage } from '@hypnos/vmm';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Course } from './courses.ts';
import { assertWhole, CHUNK, pagesOf, park } from './park.ts';

const scratch = mkdtempSync(join(tmpdir(), 'hypnos-collect-'));
after(() => rmSync(scratch, { recursive: true }));

const STORE = 'the-store', LEASE = 1e9, renewed = <T>(sections: T): T => sections;
const idOf = (n: number) => String(n).padStart(32, '0');

/** A home whose guest `dev` was parked twice, keeps one generation, and is awake again; the store has garbage of an attempt that came to nothing. */
async function home(bucket = new MemoryBucket(), content: Content = nodeContent) {
  const ledger = new SqliteLedger(':memory:'), stores: Stores = { ledger, content, bucket: () => bucket };
  const { epoch } = await ledger.change('dev', transitions.create('dev', { id: idOf(1), owner: 'a', lease: LEASE, memoryBytes: 3 * CHUNK }));
  await park(stores, 'dev', pagesOf('kernel', 'one', ''), { store: STORE, epoch, keep: 1 });
  await park(stores, 'dev', pagesOf('kernel', 'two', ''), { store: STORE, epoch: await awake(stores, 'dev'), keep: 1 });
  await storeImage(pagesOf('three', 'four', ''), bucket, content);
  return { stores, bucket, ledger, epoch: await awake(stores, 'dev') };
}

async function awake({ ledger }: Stores, name: string): Promise<number> {
  const { epoch } = await ledger.change(name, transitions.acquire(name, 'a', LEASE));
  await ledger.change(name, transitions.runs(name, epoch, ''));
  return epoch;
}

test('what no guest needs goes, what one needs stays', async () => {
  const { stores, bucket, epoch } = await home();
  await park(stores, 'dev', pagesOf('kernel', 'two', 'five'), { store: STORE, epoch, keep: 1 });
  const before = bucket.objects.size, { manifests, packs, bytes, kept } = await collect(stores, STORE);
  assert.deepEqual([manifests, packs], [2, 1], 'two manifests, and the attempt that came to nothing; the first pack holds the kernel still');
  assert.equal(bucket.objects.size, before - 3);
  assert.ok(bytes > 0 && kept > 0);
  await assertWhole(stores);
  assert.deepEqual({ ...await collect(stores, STORE), kept }, { manifests: 0, packs: 0, bytes: 0, unfinished: 0, kept });
  await stores.ledger.change('dev', transitions.remove('dev'));
  await collect(stores, STORE);
  assert.deepEqual([...bucket.objects.keys()], [`ledgers/${stores.ledger.id}`]);
});

/** Parks what was in the garbage, so that names that repeat would show. */
const parking = (epoch: number) => (stores: Stores) => park(stores, 'dev', pagesOf('kernel', 'three', 'four'), { store: STORE, epoch, keep: 1 });
const collecting = (stores: Stores) => collect(stores, STORE);

/** Two processes: `first` makes so many calls, then the other so many, then both end. Answers how many calls each made. */
async function interleaved(first: 'park' | 'collect', here: number, there: number, content = nodeContent): Promise<readonly [number, number]> {
  const { stores, epoch } = await home(new MemoryBucket(), content), acts = { park: parking(epoch), collect: collecting };
  const one = await Course.start(acts[first], stores), other = await Course.start(acts[first === 'park' ? 'collect' : 'park'], stores);
  for (let i = 0; i < here && !one.over; i++) await one.step();
  for (let i = 0; i < there && !other.over; i++) await other.step();
  await one.finish();
  await assertWhole(stores);
  await other.finish();
  for (const { error } of [one, other]) if (error) throw error;
  await assertWhole(stores);
  assert.equal((await stores.ledger.view('dev')).guest?.state, 'parked');
  return [one.calls, other.calls];
}

test('a park and a collection, changing places twice after any calls: no published manifest misses anything', async () => {
  for (const first of ['park', 'collect'] as const) {
    const [calls] = await interleaved(first, Infinity, 0), [, others] = await interleaved(first, 0, Infinity);
    for (let here = 0; here <= calls; here++) for (let there = 0; there <= others; there++) await interleaved(first, here, there);
  }
});

test('without salts the same orders lose a pack: the test above sees it', async () => {
  const unsalted: Content = { ...nodeContent, random: length => new Uint8Array(length) };
  let lost = 0;
  for (let here = 0; here <= 12; here++) {
    await interleaved('collect', here, Infinity, unsalted).catch((error: Error) => {
      assert.match(error.message, /the store has no (packs|manifests)|has no manifest/);
      lost++;
    });
  }
  assert.ok(lost > 0);
});

test('parks, forks, removals and two collections in any order', async () => {
  const tolerated = (error: unknown) => error === undefined || ['ENOENT', 'EBUSY', 'EEXIST'].includes((error as HypnosError).code);
  await fc.assert(fc.asyncProperty(fc.array(fc.nat(4), { minLength: 20, maxLength: 160 }), async order => {
    const { stores, ledger, epoch } = await home();
    await ledger.change('old', transitions.create('old', { id: idOf(2), owner: 'a', lease: LEASE, memoryBytes: CHUNK }));
    await park(stores, 'old', pagesOf('kernel', 'old', 'two'), { store: STORE, epoch: 1 });
    const courses = await Promise.all([
      parking(epoch), collecting, collecting, (on: Stores) => fork(on, 'old', 'twin', { renewed }), ({ ledger: on }: Stores) => on.change('old', transitions.remove('old')),
    ].map(act => Course.start(act, stores)));
    for (const which of order) await courses[which]!.step();
    await assertWhole(stores);
    for (const course of courses) await course.finish();
    for (const { error } of courses) assert.ok(tolerated(error), String((error as Error)?.stack));
    await assertWhole(stores);
    assert.equal((await stores.ledger.view('dev')).guest?.state, 'parked');
  }), { numRuns: 300 });
});

test('killed before any call, a collection deletes nothing that is needed, and the next one ends its work', async () => {
  const { stores: whole } = await home(), all = await Course.start(collecting, whole);
  await all.finish();
  for (let call = 0; call < all.calls; call++) {
    const { stores } = await home(), killed = await Course.start(collecting, stores);
    for (let i = 0; i < call; i++) await killed.step();
    await assertWhole(stores);
    await collect(stores, STORE);
    await assertWhole(stores);
    assert.equal((await collect(stores, STORE)).packs, 0);
  }
});

test('a store of two homes is not collected', async () => {
  const { stores, bucket } = await home(), other = new SqliteLedger(':memory:');
  await register(other, bucket);
  const before = bucket.objects.size;
  await assert.rejects(collect(stores, STORE), (error: HypnosError) => error.code === 'EBUSY' && /another home keeps guests in the-store too.*nothing was deleted/.test(error.message));
  assert.equal(bucket.objects.size, before);
});

test('where a manifest cannot be read nothing is deleted, and it is named', async () => {
  const { stores, bucket } = await home(), [manifest] = await stores.ledger.manifests(), name = manifestName(hashOf(manifest!)!);
  const good = bucket.objects.get(name)!, before = bucket.objects.size;
  for (const bad of [undefined, good.slice(0, 100), good.map((byte, i) => (i === 99 ? byte ^ 1 : byte))]) {
    if (bad) bucket.objects.set(name, bad);
    else bucket.objects.delete(name);
    await assert.rejects(collect(stores, STORE), (error: HypnosError) => error.code === 'EIO' && /what generation 2 of dev needs.*nothing was deleted.*hypnos rm dev/.test(error.message));
    bucket.objects.set(name, good);
  }
  assert.equal(bucket.objects.size, before);
});

test('generations in another store do not hold a collection up, nor does it touch them', async () => {
  const { stores, ledger, epoch } = await home(), elsewhere = new MemoryBucket(), both: Stores = { ...stores, bucket: store => (store === STORE ? stores.bucket(store) : elsewhere) };
  await park(both, 'dev', pagesOf('moved', '', ''), { store: 'elsewhere', epoch, keep: 2 });
  await collect(both, STORE);
  await assertWhole(both);
  assert.deepEqual((await ledger.generations()).map(g => g.store), [STORE, 'elsewhere']);
});

test('in a folder: collected on disk, strangers left alone', async () => {
  const folder = join(scratch, 'folder'), { bucket: memory, stores } = await home(), disk = new FolderBucket(folder), onDisk: Stores = { ...stores, bucket: () => disk };
  for (const [name, bytes] of memory.objects) await disk.putIfAbsent(name, bytes);
  await disk.putIfAbsent('packs/notahash', Uint8Array.of(1));
  await collect(onDisk, STORE);
  await assertWhole(onDisk);
  assert.equal(readdirSync(join(folder, 'manifests')).length, 1);
  assert.ok(readdirSync(join(folder, 'packs')).includes('notahash'));
});
