/** What is done to guests that lie in a store: forked, verified, inspected, removed, freed from owners that died. */
import type { HypnosError } from '@hypnos/base';
import { nodeContent, SqliteLedger } from '@hypnos/host-node';
import { collect, fork, freeAbandoned, inspect, remove, type Stores, transitions, verify } from '@hypnos/parking';
import { MemoryBucket, hashOf, type ImageSection, imageRoot, getManifest, hexOf, manifestName } from '@hypnos/vmm';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Course } from './courses.ts';
import { assertWhole, CHUNK, pagesOf, park } from './park.ts';

const STORE = 'the-store', LEASE = 10_000, idOf = (n: number) => String(n).padStart(32, '0');
const code = (wanted: string, says: RegExp) => (error: HypnosError) => error.code === wanted && says.test(error.message);
let identities = 0;
/** An identity for the forks of these tests. */
const renewed = (sections: readonly ImageSection[]) => [...sections.filter(({ path }) => path !== 'identity'), { path: 'identity', version: 1, bytes: Uint8Array.of(++identities) }];

/** A guest `dev` that was parked three times, each time with one page more of its own. */
async function home(keep = 3) {
  const bucket = new MemoryBucket(), clock = { now: 1000 }, ledger = new SqliteLedger(':memory:', () => clock.now);
  const stores: Stores = { ledger, content: nodeContent, bucket: () => bucket };
  await ledger.change('dev', transitions.create('dev', { id: idOf(1), owner: 'a', lease: LEASE, memoryBytes: 4 * CHUNK }));
  for (const [i, pages] of [['kernel', '', '', ''], ['kernel', 'two', '', ''], ['kernel', 'two', 'three', '']].entries()) {
    const epoch = i === 0 ? 1 : await awake(ledger, 'dev');
    await park(stores, 'dev', pagesOf(...pages), { store: STORE, epoch, keep, wakeAt: 7000 + i, wakeSources: ['rtc'] });
  }
  return { stores, ledger, bucket, clock };
}

async function awake(ledger: SqliteLedger, name: string, owner = 'a'): Promise<number> {
  const { epoch } = await ledger.change(name, transitions.acquire(name, owner, LEASE));
  await ledger.change(name, transitions.runs(name, epoch, ''));
  return epoch;
}

test('a guest is forked any number of times, from any generation, and shares all chunks', async () => {
  const { stores, ledger, bucket } = await home(), packs = () => [...bucket.objects.keys()].filter(name => name.startsWith('packs/')), before = packs();
  const [first, second] = [await fork(stores, 'dev', 'one', { renewed }), await fork(stores, 'dev', 'two', { generation: 2, renewed })];
  assert.deepEqual([first.origin, first.state, first.epoch, first.generation, first.wakeAt], ['dev@3', 'parked', 1, 1, 7002]);
  assert.deepEqual([second.origin, second.wakeAt], ['dev@2', 7001], 'the appointment is that of its image');
  assert.equal(new Set([first.id, second.id, idOf(1)]).size, 3);
  assert.deepEqual(packs(), before, 'no chunk is stored again');
  const rows = await ledger.generations(), manifests = await Promise.all(['dev', 'one', 'two'].map(guest => getManifest(bucket, hashOf(rows.findLast(g => g.guest === guest)!.manifest)!, nodeContent)));
  const [dev, one, two] = manifests.map(m => m.image);
  assert.deepEqual(one!.memory, dev!.memory);
  assert.notDeepEqual(one!.sections, two!.sections);
  assert.deepEqual(manifests.map(m => [hexOf(m.guest), m.generation, m.epoch, hexOf(m.parent)]).slice(1), [first, second].map(({ id }) => [id, 1n, 1n, '0'.repeat(64)]));
  assert.equal(hexOf(imageRoot(one!, nodeContent)), rows.find(g => g.guest === 'one')!.root);
  await remove(stores, 'dev');
  await collect(stores, STORE);
  await assertWhole(stores);
  assert.equal((await fork(stores, 'one', 'three', { renewed })).origin, 'one@1');
});

test('a fork that is not possible is refused with what to do, and leaves nothing', async () => {
  const { stores, ledger, bucket } = await home(), objects = bucket.objects.size;
  await assert.rejects(fork(stores, 'nobody', 'twin', { renewed }), code('ENOENT', /there is no guest nobody/));
  await assert.rejects(fork(stores, 'dev', 'dev', { renewed }), code('EEXIST', /there is a guest dev already, parked: hypnos wake dev continues it/));
  await assert.rejects(fork(stores, 'dev', 'a/b', { renewed }), code('EINVAL', /no name for a guest/));
  await assert.rejects(fork(stores, 'dev', 'twin', { generation: 9, renewed }), code('ENOENT', /dev has no generation 9; there are 1, 2, 3/));
  const epoch = await awake(ledger, 'dev', 'somewhere');
  await assert.rejects(fork(stores, 'dev', 'twin', { renewed }), code('EBUSY', /dev is running in somewhere: park it first, with hypnos park dev/));
  await ledger.change('dev', transitions.end('dev', epoch));
  await ledger.change('new', transitions.create('new', { id: idOf(2), owner: 'a', lease: LEASE, memoryBytes: 0 }));
  await ledger.change('new', transitions.end('new', 1));
  await assert.rejects(fork(stores, 'new', 'twin', { renewed }), code('ENOENT', /new was never parked/));
  assert.equal(bucket.objects.size, objects);
  assert.equal((await fork(stores, 'dev', 'twin', { renewed })).origin, 'dev@3', 'what is off has its images still');
});

test('killed before any call, a fork is not there, or there and whole; forking again succeeds or says that it is', async () => {
  const forking = (stores: Stores) => fork(stores, 'dev', 'twin', { renewed }), whole = await Course.start(forking, (await home()).stores);
  await whole.finish();
  assert.ok(whole.calls > 5);
  for (let call = 0; call <= whole.calls; call++) {
    const { stores, ledger } = await home(), killed = await Course.start(forking, stores);
    for (let i = 0; i < call; i++) await killed.step();
    const there = (await ledger.view('twin')).guest !== null;
    await collect(stores, STORE);
    await assertWhole(stores);
    if (there) await assert.rejects(forking(stores), code('EEXIST', /there is a guest twin already/));
    else await forking(stores);
    await assertWhole(stores);
  }
});

test('a collection in the middle of a fork makes it store its manifest again', async () => {
  const forking = (stores: Stores) => fork(stores, 'dev', 'twin', { renewed }), whole = await Course.start(forking, (await home()).stores);
  await whole.finish();
  for (let call = 0; call <= whole.calls; call++) {
    const { stores, ledger } = await home(), slow = await Course.start(forking, stores);
    for (let i = 0; i < call; i++) await slow.step();
    await collect(stores, STORE);
    await slow.finish();
    assert.equal(slow.error, undefined);
    await assertWhole(stores);
    assert.equal((await ledger.view('twin')).guest?.state, 'parked');
  }
});

test('every flipped byte of a store is found, but for those that a chunk comes out right in spite of', async () => {
  const { stores, ledger, bucket } = await home(), rows = await ledger.generations();
  const sound = await verify(stores, rows);
  assert.deepEqual([sound.faults, sound.chunks, sound.generations.every(g => g.whole)], [[], 3, true]);
  const progress: number[] = [];
  assert.equal((await verify(stores, rows, ({ done, total }) => progress.push(done / total))).bytes, sound.bytes);
  assert.equal(progress.at(-1), 1);
  let found = 0;
  for (const [name, good] of [...bucket.objects].filter(([, bytes]) => bytes.length > 0)) {
    const chunksEnd = name.startsWith('packs/') ? good.length - 40 - 48 : good.length, from = name.startsWith('packs/') ? 24 : 0;
    for (let at = from; at < chunksEnd; at++) {
      bucket.objects.set(name, good.map((byte, i) => (i === at ? byte ^ 0x10 : byte)));
      const { faults, generations } = await verify(stores, rows);
      if (name.startsWith('packs/')) found += Number(faults.length > 0);
      else assert.ok(faults.length > 0, `${name} byte ${at}`);
      assert.deepEqual(new Set(generations.filter(g => !g.whole).map(g => g.generation)), new Set(faults.map(f => f.generation)));
    }
    bucket.objects.set(name, good);
  }
  assert.ok(found > 0);
});

test('a bad chunk is of every generation that has it, and older ones may be whole', async () => {
  const { stores, ledger, bucket } = await home(), rows = await ledger.generations();
  const newest = await getManifest(bucket, hashOf(rows[2]!.manifest)!, nodeContent), bad = `packs/${hexOf(newest.packs[newest.places[1]!.pack]!)}`;
  bucket.objects.set(bad, bucket.objects.get(bad)!.map((byte, i) => (i === 30 ? byte ^ 1 : byte)));
  const { faults, generations } = await verify(stores, rows);
  assert.deepEqual(faults.map(f => [f.guest, f.generation, f.chunk, f.pack]), [['dev', 2, 1, bad.slice(6)], ['dev', 3, 1, bad.slice(6)]]);
  assert.match(faults[0]!.why, /chunk [0-9a-f]{64} is refused/);
  assert.deepEqual(generations.map(g => g.whole), [true, false, false]);
  bucket.objects.delete(bad);
  assert.match((await verify(stores, rows)).faults[0]!.why, /the store has no packs/);
});

test('a manifest of another guest or generation is a fault, however whole it is', async () => {
  const { stores, ledger } = await home(), [first, second] = await ledger.generations();
  await fork(stores, 'dev', 'twin', { renewed });
  const foreign = (await ledger.generations()).at(-1)!, says = async (row: typeof foreign) => (await verify(stores, [row])).faults[0]?.why ?? '';
  assert.match(await says({ ...first!, manifest: foreign.manifest }), /is of another guest/);
  assert.match(await says({ ...first!, manifest: second!.manifest }), /is of generation 2/);
  assert.match(await says({ ...first!, root: '00' }), /has another root than the ledger says/);
  assert.match(await says({ ...first!, manifest: '../../etc' }), /which is no hash/);
});

test('what a collection will free is told when a guest is removed', async () => {
  const { stores } = await home();
  await fork(stores, 'dev', 'twin', { renewed });
  const { freeable } = await remove(stores, 'dev');
  assert.equal((await collect(stores, STORE)).bytes, freeable);
  const last = await remove(stores, 'twin'), { bytes, kept } = await collect(stores, STORE);
  assert.deepEqual([bytes, kept], [last.freeable, 0]);
});

test('a guest whose store is damaged can be removed; how much that frees is not known', async () => {
  const { stores, ledger, bucket } = await home();
  bucket.objects.delete(manifestName(hashOf((await ledger.generations())[0]!.manifest)!));
  assert.equal((await remove(stores, 'dev')).freeable, null);
  assert.deepEqual(await ledger.guests(), []);
});

test('an image is shown as far as it can be read', async () => {
  const { stores, bucket } = await home();
  await fork(stores, 'dev', 'twin', { renewed });
  const { image, generations } = await inspect(stores, 'dev');
  assert.ok(image !== null && !('refused' in image));
  assert.deepEqual(generations.map(g => g.generation), [1, 2, 3]);
  assert.deepEqual({ ...image.memory, storedBytes: 0 }, { chunkBytes: CHUNK, chunks: 4, zero: 1, stored: 3, distinct: 3, storedBytes: 0, shared: 3 });
  assert.deepEqual(image.sections.map(s => s.path), ['a']);
  assert.match((image.machine as { refused: string }).refused, /it has no section machine/);
  bucket.objects.delete(manifestName(hashOf(generations[2]!.manifest)!));
  assert.match(((await inspect(stores, 'dev')).image as { refused: string }).refused, /the store has no manifests/);
  await assert.rejects(inspect(stores, 'nobody'), code('ENOENT', /hypnos ps lists/));
});

test('owners that died or were silent too long lose their guests', async () => {
  const { ledger, clock } = await home();
  await awake(ledger, 'dev', 'dead');
  assert.deepEqual(await freeAbandoned(ledger, () => false), []);
  assert.deepEqual(await freeAbandoned(ledger, owner => owner === 'dead'), ['dev']);
  await awake(ledger, 'dev', 'silent');
  clock.now += LEASE;
  assert.deepEqual(await freeAbandoned(ledger, () => false), ['dev']);
  assert.equal((await ledger.view('dev')).guest?.state, 'parked');
});
