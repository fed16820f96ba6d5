/** A disk that is full, over its quota or broken, at every call of a park; short writes; a ledger that cannot be written. The guest stays as it was, and is parked later. */
import { HypnosError } from '@hypnos/base';
import { FolderBucket, nodeFiles, SqliteLedger } from '@hypnos/host-node';
import { collect, fork, type Keeper, transitions } from '@hypnos/parking';
import type { SuspendDecision } from '@hypnos/vmm';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { numbersOf } from './counter.ts';
import { DELETING, Failing, TROUBLES, type Trouble } from './failing.ts';
import { type Answer, born, type Home, listening, openHome, STORE, storeFolder } from './home.ts';
import { collected, whole, woken } from './recovered.ts';

const scratch = mkdtempSync(join(tmpdir(), 'hypnos-failing-'));
after(() => rmSync(scratch, { recursive: true }));

/** Fails another call each time the guest asks, as `next` has it, until a park meets no failure. `look` sees the guest behind each. */
const failingOn = (home: () => Home, failing: Failing, next: (attempt: number) => readonly [call: number, trouble: Trouble], look: (error: Error) => Promise<void>): Answer => {
  let call = 0;
  return async (machine, request): Promise<SuspendDecision> => {
    failing.arm(...next(call++));
    try {
      return await home().parking.park(machine, request);
    } catch (error) {
      await look(error as Error);
      return request.deny('DENIED');
    }
  };
};

test('a disk that fails at any call of a park: the guest is denied and stays awake, nothing is half there, and a park with room succeeds', async t => {
  const folder = join(scratch, 'disk'), failing = new Failing(), told = listening(), home = openHome(folder, { files: failing.files }), { ledger } = home.stores;
  const troubles = Object.keys(TROUBLES) as Trouble[], met: string[] = [], unfinished = join(storeFolder(folder), 'unfinished');
  const answer = failingOn(() => home, failing, n => [1 + Math.floor(n / troubles.length), troubles[n % troubles.length]!], async error => {
    assert.ok(error instanceof HypnosError && TROUBLES[failing.trouble].test(error.message), `${failing.failed}: ${error.message}`);
    met.push(`${failing.failed} ${failing.trouble}`);
    const { guest, generations } = await ledger.view('dev');
    assert.deepEqual([guest?.state, guest?.generation, generations], ['running', 0, []], `behind ${failing.failed}`);
    if (existsSync(unfinished)) assert.deepEqual(readdirSync(unfinished), [], `behind ${failing.failed}`);
  });
  assert.equal((await born(home, 'dev', told, answer)).ending, 'parked');
  assert.ok(met.length > 40, met.join());
  const numbers = numbersOf(told.text);
  assert.deepEqual(numbers, Array.from({ length: 2 * (met.length + 1) }, (_, i) => i + 1), 'it counted on behind every denial');
  assert.deepEqual(await whole(home.stores), []);
  failing.disarm();
  assert.deepEqual(await woken(home, 'dev', () => numbers.length), []);
  t.diagnostic(`${met.length} failures: ${met.join(', ')}`);
  await ledger.close();
});

test('a ledger that cannot be written at any change of a park: the guest is denied and counts on, and is parked when it can be', async t => {
  const folder = join(scratch, 'ledger'), failing = new Failing(), told = listening(), full = () => new HypnosError('EIO', 'cannot use the ledger: the disk is full.');
  const home: Home = openHome(folder, { ledger: ledger => failing.ledger(ledger, full) }), { ledger } = home.stores, met: string[] = [];
  const answer = failingOn(() => home, failing, n => [1 + n, 'EIO'], async error => {
    assert.match(error.message, /the disk is full/);
    met.push((await ledger.view('dev')).guest!.state);
    assert.deepEqual((await ledger.view('dev')).generations, []);
  });
  assert.equal((await born(home, 'dev', told, answer)).ending, 'parked');
  assert.ok(met.length >= 2, met.join());
  assert.deepEqual(numbersOf(told.text), Array.from({ length: 2 * (met.length + 1) }, (_, i) => i + 1));
  failing.disarm();
  assert.deepEqual(await woken(home, 'dev', () => numbersOf(told.text).length), []);
  t.diagnostic(`behind failures the ledger had it: ${met.join(', ')}`);
  await ledger.close();
});

test('a ledger that can be told nothing for the length of a park: the guest counts on, and the ledger is put right before the next', async () => {
  const folder = join(scratch, 'silent'), told = listening();
  let silent = false, asked = 0;
  const home: Home = openHome(folder, {
    ledger: ledger => Object.assign(Object.create(ledger) as typeof ledger, {
      id: ledger.id,
      async change(name: string, decide: Parameters<typeof ledger.change>[1]) {
        if (silent) throw new HypnosError('EIO', 'cannot use the ledger: the disk is full.');
        const answer = await ledger.change(name, decide);
        if (asked === 1 && (await ledger.view(name)).guest?.state === 'parking') silent = true;
        return answer;
      },
      view: (name: string) => ledger.view(name), guests: () => ledger.guests(), generations: () => ledger.generations(), close: () => ledger.close(),
    }),
  });
  const ended = await born(home, 'dev', told, async (machine, request) => {
    asked++;
    try {
      return await home.parking.park(machine, request);
    } catch (error) {
      assert.match((error as Error).message, /the disk is full/);
      assert.equal((await home.stores.ledger.view('dev')).guest?.state, 'parking', 'it could not be told otherwise');
      silent = false;
      return request.deny('DENIED');
    }
  });
  assert.deepEqual([ended.ending, asked], ['parked', 2]);
  assert.deepEqual(numbersOf(told.text), [1, 2, 3, 4]);
  await home.stores.ledger.close();
});

test('a disk that fails at any call while a sleeping guest is parked: it sleeps on, and is parked when there is room', async t => {
  const folder = join(scratch, 'asleep'), failing = new Failing(), told = listening(), home = openHome(folder, { files: failing.files }), { ledger } = home.stores;
  let over: Promise<void> | undefined, failures = 0;
  const parkUntilItCanBe = async (keeper: Keeper): Promise<void> => {
    for (let call = 1; ; call++) {
      failing.arm(call, 'ENOSPC');
      const how = await keeper.parkHere().catch((error: Error) => error);
      if (!(how instanceof Error)) return assert.equal(how, 'parked');
      failures++;
      assert.match(how.message, /the disk is full/);
      const { guest, generations } = await ledger.view('dev');
      assert.deepEqual([guest?.state, generations, keeper.state], ['asleep', [], 'asleep'], `behind ${failing.failed}`);
    }
  };
  const ended = await born(home, 'dev', told, async (machine, request) => {
    const keeper = home.parking.keeper(machine);
    machine.on('event', ({ event }) => { if (event === 'asleep') over = parkUntilItCanBe(keeper); });
    return request.sleep();
  });
  await over;
  assert.equal(ended.ending, 'parked');
  assert.deepEqual(numbersOf(told.text), [1, 2]);
  failing.disarm();
  assert.deepEqual(await woken(home, 'dev', () => 2), []);
  t.diagnostic(`${failures} failures`);
  await ledger.close();
});

test('a disk that fails at any call of a fork or a collection: it is said, nothing is half there, and trying again succeeds', async t => {
  const folder = join(scratch, 'store'), told = listening(), putting = new Failing(), deleting = new Failing(DELETING), renewed = <T>(sections: T): T => sections;
  const home = openHome(folder, { files: putting.files }), { stores } = home, other = openHome(folder, { files: deleting.files }), counts = { fork: 0, collect: 0 };
  await born(home, 'dev', told);
  /** Fails one call more each time, until none does. */
  const inSpite = async (what: keyof typeof counts, failing: Failing, act: () => Promise<unknown>): Promise<void> => {
    for (let call = 1; ; call++) {
      failing.arm(call, 'EIO');
      const error = await act().then(() => null, (e: Error) => e);
      assert.deepEqual(await whole(stores), []);
      if (error === null) return failing.disarm();
      counts[what]++;
      assert.ok(error instanceof HypnosError && /^cannot (store|delete) .*: the disk fails\.$/.test(error.message), error.message);
      if (what === 'fork') assert.equal((await stores.ledger.view('twin')).guest, null);
    }
  };
  await inSpite('fork', putting, () => fork(stores, 'dev', 'twin', { renewed }));
  await stores.ledger.change('twin', transitions.remove('twin'));
  await inSpite('collect', deleting, () => collect(other.stores, STORE));
  assert.deepEqual(await collected(home, folder), []);
  assert.ok(counts.fork > 5 && counts.collect > 1, JSON.stringify(counts));
  t.diagnostic(`${counts.fork} failures of a fork, ${counts.collect} of a collection`);
  for (const one of [home, other]) await one.stores.ledger.close();
});

test('a listener that fails when it is told of a park does not make the guest run on', async () => {
  const home = openHome(join(scratch, 'listener')), told = listening();
  const ended = await born(home, 'dev', { ...told, said: text => told.said(text), notice: text => told.notice(text), parked() { throw new Error('a listener of the test'); } });
  assert.deepEqual([ended.ending, told.notices, numbersOf(told.text)], ['parked', ['a listener of the test'], [1, 2]]);
  assert.deepEqual(await woken(home, 'dev', () => 2), []);
  await home.stores.ledger.close();
});

test('short writes are gone on with; a disk that takes nothing more is an error, and no endless loop', async () => {
  const bytes = Uint8Array.from({ length: 5000 }, (_, i) => i);
  const short = new FolderBucket(join(scratch, 'short'), { ...nodeFiles, write: (file, some, at) => nodeFiles.write(file, some.subarray(0, 1 + (at % 700)), at) });
  assert.equal(await short.putIfAbsent('packs/a', bytes), 'stored');
  assert.deepEqual(await short.get('packs/a'), bytes);
  const stuck = new FolderBucket(join(scratch, 'stuck'), { ...nodeFiles, write: (file, some, at) => (at > 0 ? Promise.resolve(0) : nodeFiles.write(file, some.subarray(0, 700), at)) });
  await assert.rejects(stuck.putIfAbsent('packs/a', bytes), /cannot store .*packs\/a: the disk took 700 of 5000 bytes, and takes no more\./);
  assert.equal(await stuck.get('packs/a'), null);
  assert.deepEqual(readdirSync(join(scratch, 'stuck', 'unfinished')), []);
});

/** Writes guests into a ledger until its file may not grow any more, and says what it is told. */
const FILLING = `
const { SqliteLedger } = await import('@hypnos/host-node'), { transitions } = await import('@hypnos/parking');
const ledger = new SqliteLedger(process.argv[1]);
for (let n = 0; n < 100000; n++) {
  try {
    await ledger.change('g' + n, transitions.create('g' + n, { id: String(n).padStart(32, '0'), owner: 'x'.repeat(2000), lease: 1, memoryBytes: 0 }));
  } catch (error) {
    console.log(JSON.stringify({ made: n, code: error.code, message: error.message }));
    break;
  }
}`;

test('a ledger on a disk that is really full says so, and holds what it held', async () => {
  const file = join(scratch, 'full', 'ledger.sqlite');
  // A limit on the size of files, with its signal ignored, is a full disk to SQLite.
  const { stdout, stderr } = spawnSync('sh', ['-c', `trap '' XFSZ; ulimit -f 600; exec "$0" --disable-warning=ExperimentalWarning --input-type=module -e "$1" "$2"`, process.execPath, FILLING, file],
    { encoding: 'utf8', cwd: import.meta.dirname });
  assert.notEqual(stdout, '', stderr);
  const { made, code, message } = JSON.parse(stdout) as { made: number; code: string; message: string };
  assert.ok(made > 3);
  assert.deepEqual([code, /^cannot use the ledger .*: the disk (is full|fails or is full)\.$/.test(message)], ['EIO', true], message);
  const ledger = new SqliteLedger(file);
  assert.equal((await ledger.guests()).length, made);
  await ledger.close();
});
