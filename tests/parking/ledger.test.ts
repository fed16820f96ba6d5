/** The ledger and what may follow what: on SQLite, by one process, by several at once, and by one that is killed. */
import type { HypnosError } from '@hypnos/base';
import { SqliteLedger } from '@hypnos/host-node';
import { type Decision, transitions } from '@hypnos/parking';
import type { GuestView } from '@hypnos/vmm';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const scratch = mkdtempSync(join(tmpdir(), 'hypnos-ledger-'));
after(() => rmSync(scratch, { recursive: true }));
let files = 0;

const LEASE = 10_000, id = (n: number) => String(n).padStart(32, '0');
const code = (wanted: string, says = /./) => (error: HypnosError) => error.code === wanted && says.test(error.message);
const generationOf = (generation: number, epoch: number) =>
  ({ generation, manifest: `manifest-${generation}`, root: `root-${generation}`, epoch, storedAt: 0, newBytes: 1, storedBytes: 2 });

/** A ledger with a guest `dev` that host `a` runs; its clock stands where it is put. */
async function withDev(file = ':memory:') {
  const clock = { now: 1000 }, ledger = new SqliteLedger(file, () => clock.now);
  const be = <T>(decision: Decision<T>) => ledger.change('dev', decision);
  const { epoch } = await be(transitions.create('dev', { id: id(1), owner: 'a', lease: LEASE, memoryBytes: 1 << 28 }));
  const park = async (generation: number, holder: number, wakeAt: number | null = null, seen = 0) => {
    const { collections } = await be(transitions.beginPark('dev', holder));
    return be(transitions.publish('dev', holder, { generation: generationOf(generation, holder), store: '/store', wakeAt, wakeSources: ['rtc'], collections, seen }));
  };
  return { ledger, clock, be, epoch, park, view: (): Promise<GuestView> => ledger.view('dev') };
}

test('a guest is made, sleeps, is parked, and woken by another with the next epoch', async () => {
  const { be, epoch, park, view, clock } = await withDev();
  await be(transitions.fellAsleep('dev', epoch, { wakeAt: 5000, wakeSources: ['rtc', 'uart'] }, 'rtcwake'));
  clock.now = 2000;
  assert.equal(await park(1, epoch, 5000), 'parked');
  const { guest, generations } = await view();
  assert.deepEqual(guest, {
    id: id(1), name: 'dev', state: 'parked', since: 2000, owner: null, epoch: 2, leaseUntil: null, generation: 1, memoryBytes: 1 << 28, store: '/store',
    wakeAt: 5000, wakeSources: ['rtc'], lastSleep: 'rtcwake', lastWake: null, origin: null, peer: null, handover: null,
  });
  assert.deepEqual(generations, [{ ...generationOf(1, 1), store: '/store', wakeAt: 5000, wakeSources: ['rtc'] }]);
  const b = await be(transitions.acquire('dev', 'b', LEASE));
  assert.equal(b.epoch, 3);
  await be(transitions.runs('dev', b.epoch, 'its alarm'));
  assert.equal((await view()).guest?.state, 'running');
});

test('a second wake of one guest is refused', async () => {
  const { be, epoch, park } = await withDev();
  await park(1, epoch);
  await be(transitions.acquire('dev', 'b', LEASE));
  await assert.rejects(be(transitions.acquire('dev', 'c', LEASE)), code('EBUSY', /dev is waking in b: only a parked guest is woken/));
});

test('whoever was superseded changes nothing any more', async () => {
  const { be, epoch, park, clock, view } = await withDev();
  await park(1, epoch);
  const b = await be(transitions.acquire('dev', 'b', LEASE));
  clock.now += LEASE;
  assert.equal(await be(transitions.recover('dev', () => false)), true);
  const c = await be(transitions.acquire('dev', 'c', LEASE)), before = await view();
  const stale: readonly Decision<unknown>[] = [
    transitions.renew('dev', b.epoch, LEASE), transitions.runs('dev', b.epoch, ''), transitions.fellAsleep('dev', b.epoch, { wakeAt: null, wakeSources: [] }, ''),
    transitions.beginPark('dev', b.epoch), transitions.abortPark('dev', b.epoch, true), transitions.end('dev', b.epoch), transitions.take('dev', b.epoch),
    transitions.publish('dev', b.epoch, { generation: generationOf(2, b.epoch), store: '', wakeAt: null, wakeSources: [], collections: 0 }),
  ];
  for (const decision of stale) await assert.rejects(be(decision), code('ESTALE', /another owner by now \(epoch 5, not 3\): this machine must not run on/));
  assert.deepEqual(await view(), before);
  assert.equal((await be(transitions.renew('dev', c.epoch, LEASE))).leaseUntil, clock.now + LEASE);
});

test('an event that comes while a guest is being parked aborts it, and is not lost', async () => {
  const { be, epoch, park, view } = await withDev();
  await be(transitions.post('dev', { kind: 'wake', detail: 'a packet' }));
  assert.equal(await park(1, epoch), 'events');
  assert.deepEqual([(await view()).guest?.state, (await view()).generations], ['parking', []]);
  await be(transitions.abortPark('dev', epoch, false));
  const [packet] = await be(transitions.take('dev', epoch));
  assert.equal(packet?.detail, 'a packet');
  assert.equal(await park(1, epoch), 'events', 'what the image has not seen');
  assert.equal(await park(1, epoch, null, packet.seq), 'parked');
  assert.deepEqual((await view()).inbox, []);
  await be(transitions.post('dev', { kind: 'wake', detail: 'another' }));
  const b = await be(transitions.acquire('dev', 'b', LEASE));
  assert.deepEqual((await be(transitions.take('dev', b.epoch))).map(e => e.detail), ['another']);
});

test('events that an owner took are there for the next one until they are stored as seen; one stands for all before it', async () => {
  const { be, epoch, park, view, clock } = await withDev();
  await park(1, epoch);
  const b = await be(transitions.acquire('dev', 'b', LEASE)), post = (detail: string) => be(transitions.post('dev', { kind: 'wake', detail }));
  await post('one');
  await post('two');
  const seen = (await be(transitions.take('dev', b.epoch))).at(-1)!.seq;
  await post('three');
  assert.deepEqual((await be(transitions.take('dev', b.epoch, seen))).map(e => e.detail), ['three']);
  assert.deepEqual((await be(transitions.take('dev', b.epoch, seen))).map(e => e.detail), ['three'], 'an answer that was lost is given again');
  assert.deepEqual((await view()).inbox.map(e => e.detail), ['two', 'three']);
  clock.now += LEASE;
  await be(transitions.recover('dev', () => false));
  const c = await be(transitions.acquire('dev', 'c', LEASE)), again = await be(transitions.take('dev', c.epoch));
  assert.deepEqual(again.map(e => e.detail), ['two', 'three']);
  assert.equal(await park(2, c.epoch, null, again.at(-1)!.seq), 'parked');
  assert.deepEqual((await view()).inbox, []);
});

test('a dead owner frees its guest at once, a silent one when its lease ends; a guest that was never stored is off', async () => {
  const dead = await withDev();
  assert.equal(await dead.be(transitions.recover('dev', () => false)), false);
  assert.equal(await dead.be(transitions.recover('dev', owner => owner === 'a')), true);
  assert.equal((await dead.view()).guest?.state, 'off');
  await assert.rejects(dead.be(transitions.post('dev', { kind: 'wake', detail: '' })), code('EBUSY', /is off: nothing wakes it/));
  const silent = await withDev();
  await silent.park(1, silent.epoch);
  await silent.be(transitions.acquire('dev', 'b', LEASE));
  silent.clock.now += LEASE - 1;
  assert.equal(await silent.be(transitions.recover('dev', () => false)), false);
  silent.clock.now += 1;
  assert.equal(await silent.be(transitions.recover('dev', () => false)), true);
  assert.deepEqual([(await silent.view()).guest?.state, (await silent.view()).guest?.epoch], ['parked', 4]);
});

test('a fork is a guest of its own with the same chunks; names are unique; what runs is not removed', async () => {
  const { ledger, be, epoch, park, view } = await withDev();
  await assert.rejects(be(transitions.remove('dev')), code('EBUSY', /running in a: park it or switch it off first/));
  await assert.rejects(be(transitions.create('dev', { id: id(2), owner: 'a', lease: 1, memoryBytes: 0 })), code('EEXIST', /choose another name/));
  await park(1, epoch);
  await assert.rejects(be(transitions.create('dev', { id: id(2), owner: 'a', lease: 1, memoryBytes: 0 })), code('EEXIST', /hypnos wake dev continues it/));
  const { guest, generations } = await view();
  await ledger.change('twin', transitions.fork('twin', { id: id(2), from: guest!, taken: 1, generation: { ...generations[0]!, manifest: 'twin-1' }, collections: 0 }));
  const twin = await ledger.view('twin');
  assert.deepEqual([twin.guest?.state, twin.guest?.origin, twin.guest?.epoch, twin.generations[0]?.manifest], ['parked', 'dev@1', 1, 'twin-1']);
  assert.deepEqual((await ledger.manifests()).toSorted(), ['manifest-1', 'twin-1']);
  await be(transitions.remove('dev'));
  assert.deepEqual((await ledger.guests()).map(g => g.name), ['twin']);
  await assert.rejects(be(transitions.take('dev', 1)), code('ENOENT', /there is no guest dev/));
});

test('a guest that is freed has the appointment of its newest generation again', async () => {
  const { be, epoch, park, view, clock } = await withDev();
  await park(1, epoch, 7000);
  const b = await be(transitions.acquire('dev', 'b', LEASE));
  await be(transitions.runs('dev', b.epoch, 'a key'));
  assert.equal((await view()).guest?.wakeAt, null);
  clock.now += LEASE;
  await be(transitions.recover('dev', () => false));
  assert.deepEqual([(await view()).guest?.state, (await view()).guest?.wakeAt, (await view()).guest?.wakeSources], ['parked', 7000, ['rtc']]);
});

test('what was stored before a collection began is not published after it, and is stored again', async () => {
  const { ledger, be, epoch, view } = await withDev();
  const publish = (collections: number) =>
    be(transitions.publish('dev', epoch, { generation: generationOf(1, epoch), store: '/store', wakeAt: null, wakeSources: [], collections }));
  const { collections } = await be(transitions.beginPark('dev', epoch));
  assert.deepEqual(await ledger.collect(), []);
  assert.equal(await publish(collections), 'collected');
  assert.equal((await view()).guest?.state, 'parking');
  assert.equal(await publish((await be(transitions.storeAgain('dev', epoch))).collections), 'parked');
  assert.deepEqual((await ledger.collect()).map(g => [g.guest, g.manifest, g.store]), [['dev', 'manifest-1', '/store']]);
});

test('publishing forgets all but the newest generations', async () => {
  const { be, epoch, park, view } = await withDev();
  await park(1, epoch);
  for (let generation = 2; generation <= 5; generation++) {
    const { epoch: holder } = await be(transitions.acquire('dev', 'b', LEASE));
    await be(transitions.runs('dev', holder, ''));
    await park(generation, holder);
  }
  assert.deepEqual((await view()).generations.map(g => g.generation), [3, 4, 5]);
});

test('a guest has a name that a command line can say', async () => {
  const { ledger } = await withDev();
  for (const name of ['', '-x', 'a b', 'a/b', '../x', 'x\x1b[2J', 'a'.repeat(64)]) {
    await assert.rejects(ledger.change(name, transitions.create(name, { id: id(9), owner: 'a', lease: 1, memoryBytes: 0 })), code('EINVAL', /no name for a guest/));
  }
});

test('guests are due in the order of their appointments', async () => {
  const { ledger, be, epoch, park, view } = await withDev();
  await park(1, epoch, 7000);
  const { guest, generations } = await view();
  const twin = (name: string, n: number, wakeAt: number | null) =>
    ledger.change(name, transitions.fork(name, { id: id(n), from: guest!, taken: 1, generation: { ...generations[0]!, wakeAt }, collections: 0 }));
  await twin('early', 2, 6000);
  await twin('never', 3, null);
  assert.equal(await ledger.nextDue(), 6000);
  assert.deepEqual((await ledger.due(6999)).map(g => g.name), ['early']);
  assert.deepEqual((await ledger.due(7000)).map(g => g.name), ['early', 'dev']);
  await be(transitions.acquire('dev', 'b', LEASE));
  assert.deepEqual((await ledger.due(9000)).map(g => g.name), ['early'], 'what runs is not due');
});

function contender(file: string, owner: string, rounds: number) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'contender.ts'), file, owner, 'dev', String(rounds)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => { said += text; });
  return { child, lines: () => said.split('\n').filter(line => line !== ''), ended: new Promise<number | null>(resolve => child.on('close', resolve)) };
}

test('three processes want one guest: each epoch has one owner, each event is taken once', async () => {
  const file = join(scratch, `ledger-${++files}`), { ledger, epoch, park } = await withDev(file), rounds = 20;
  await park(1, epoch);
  const all = ['x', 'y', 'z'].map(owner => contender(file, owner, rounds));
  assert.deepEqual(await Promise.all(all.map(c => c.ended)), [0, 0, 0]);
  const lines = all.flatMap(c => c.lines()), had = lines.filter(l => l.startsWith('have ')), took = lines.filter(l => l.startsWith('took '));
  assert.equal(new Set(had).size, 3 * rounds);
  assert.equal(new Set(took).size, 3 * rounds);
  assert.equal(took.length, 3 * rounds);
  assert.equal((await ledger.view('dev')).guest?.generation, 1 + 3 * rounds);
  await ledger.close();
});

test('killed at any moment: what it said holds, and its guest is freed', async () => {
  const file = join(scratch, `ledger-${++files}`), { ledger, epoch, park } = await withDev(file);
  await park(1, epoch);
  for (let kill = 0; kill < 8; kill++) {
    const { child, lines, ended } = contender(file, `victim-${kill}`, 1_000_000);
    while (lines().length < 4 + kill * 3) await new Promise(resolve => child.stdout.once('data', resolve));
    child.kill('SIGKILL');
    await ended;
    const said = lines(), before = await ledger.view('dev');
    const left = said.filter(l => l.startsWith('left ')).length;
    assert.ok(before.generations.length >= left, 'every generation that was said to be published is there');
    assert.ok(before.guest!.epoch >= Number(said.findLast(l => l.startsWith('have '))!.slice(5)));
    await ledger.change('dev', transitions.recover('dev', owner => owner === `victim-${kill}`));
    assert.equal((await ledger.view('dev')).guest?.state, 'parked');
    assert.equal((await ledger.view('dev')).guest?.generation, (await ledger.view('dev')).generations.length);
  }
  await ledger.close();
});

test('a ledger of another version, or no ledger at all, is refused with a sentence', async () => {
  const { DatabaseSync } = await import('node:sqlite'), file = join(scratch, 'newer');
  new DatabaseSync(file).exec('PRAGMA user_version = 99');
  assert.throws(() => new SqliteLedger(file), code('ENOTSUP', /is of version 99/));
  const { writeFileSync } = await import('node:fs');
  writeFileSync(join(scratch, 'text'), 'this is no database, '.repeat(100));
  assert.throws(() => new SqliteLedger(join(scratch, 'text')), code('EIO', /cannot open the ledger/));
});
