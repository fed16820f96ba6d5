/** Guests leave their store and come into another through the real command: by a file, by a pipe, by a socket. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { sleeper } from './guests.ts';
import { type Running, scratch } from './hypnos.ts';
import { testHome, type TestHome } from './named.ts';

/** Long enough that it never wakes by itself. */
const LATER = 100_000;
const HELP = ['export', 'import', 'move', 'receive'] as const;

async function parked(home: TestHome, name: string): Promise<void> {
  const { status, stderr } = await home.run(name, sleeper(LATER), '--on-suspend', 'park').ended;
  assert.equal(status, 0, stderr);
  assert.equal((await home.view(name)).guest?.state, 'parked');
}

/** Wakes it: it must print what it prints when it has resumed, and switch off. */
async function wakes(home: TestHome, name: string): Promise<void> {
  const { status, stdout, stderr } = await home.ran('wake', name);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /R/, stderr);
  assert.equal((await home.view(name)).guest?.state, 'off');
}

const here = testHome();
await parked(here, 'dev');

test('a guest goes through a file into another home, as a guest of its own', async () => {
  const there = testHome(), file = scratch('dev.hypnos'), out = await here.ran('export', 'dev', file);
  assert.equal(out.status, 0, out.stderr);
  assert.match(out.stderr, /^hypnos: dev, generation 1, is exported: [0-9.]+ [KM]iB\.\n$/);
  const again = await here.ran('export', 'dev', file);
  assert.deepEqual([again.status, again.stderr], [2, `hypnos: there is a file ${file} already: give another name, or remove it.\n`]);
  const came = await there.ran('import', file, '--name', 'copy', '--json');
  assert.equal(came.status, 0, came.stderr);
  const told = JSON.parse(came.stdout) as { name: string; origin: string; done: number; total: number };
  assert.deepEqual([told.name, told.origin, told.done], ['copy', 'dev@1', told.total]);
  const taken = await there.ran('import', file, '--name', 'copy');
  assert.match(taken.stderr, /^hypnos: there is a guest copy already, parked: give another name\.\n$/);
  const shared = JSON.parse((await there.ran('import', file, '--name', 'copy2', '--json')).stdout) as { fresh: number; written: number };
  assert.deepEqual([shared.fresh, shared.written], [0, 0], 'the store has all of it');
  const [a, b, c] = [(await here.view('dev')).guest!, (await there.view('copy')).guest!, (await there.view('copy2')).guest!];
  assert.equal(new Set([a.id, b.id, c.id]).size, 3);
  await wakes(there, 'copy');
});

test('a damaged file makes no guest', async () => {
  const there = testHome(), bytes = readFileSync(scratch('dev.hypnos')), file = scratch('bad.hypnos');
  for (const [bad, says] of [[bytes.subarray(0, bytes.length / 2), /it was cut off/], [Buffer.from('Dear diary'.repeat(20)), /is no snapshot stream/]] as const) {
    writeFileSync(file, bad);
    const { status, stderr, stdout } = await there.ran('import', file, '--name', 'x');
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /^hypnos: [^\n]+\n$/);
    assert.match(stderr, says);
  }
  assert.equal((await there.view('x')).guest, null);
});

test('mistakes are one sentence, and leave no file', async () => {
  const file = scratch('none.hypnos');
  for (const [says, ...args] of [
    [/there is no guest nobody/, 'export', 'nobody', file], [/has no generation 7: it has 1/, 'export', 'dev', file, '--generation', '7'],
    [/cannot write .*no such file or folder/, 'export', 'dev', '/no/such/folder/x'], [/cannot read .*no such file/, 'import', file, '--name', 'y'],
    [/is no name for a guest/, 'import', scratch('dev.hypnos'), '--name', '../y'], [/is no place to reach/, 'move', 'dev', 'nowhere'],
    [/cannot reach 127\.0\.0\.1:1: nobody listens there/, 'move', 'dev', '127.0.0.1:1'], [/is no place to reach/, 'receive', '--listen', 'x:y'],
  ] as const) {
    const { status, stderr } = await here.ran(...args);
    assert.equal(status, 2, stderr);
    assert.match(stderr, says);
    assert.match(stderr, /^hypnos: [^\n]+\n$/);
  }
  assert.ok(!existsSync(file));
  assert.equal((await here.view('dev')).guest?.state, 'parked');
  for (const verb of HELP) assert.match((await here.ran(verb, '--help')).stdout, /Examples:\n {2}\S*hypnos/);
});

test('a guest is moved over a socket, and wakes there; here it is known where it went', async () => {
  const there = testHome(), receiver = there.hypnos('receive', '--listen', '0', '--once');
  await receiver.tells('listening at');
  const where = /listening at (\S+)\./.exec(receiver.said.stderr)![1]!;
  const moved = await here.ran('move', 'dev', where, '--json'), came = await receiver.ended;
  assert.deepEqual([moved.status, came.status], [0, 0], moved.stderr + came.stderr);
  const told = JSON.parse(moved.stdout) as { name: string; peer: string; there: string };
  assert.deepEqual([told.name, told.peer, told.there], ['dev', where, 'dev']);
  assert.match(came.stderr, /dev has come and is parked: .* new in the store.*hypnos wake dev goes on with it\.\n$/);
  assert.equal((await here.view('dev')).guest?.state, 'moved');
  const { stderr } = await here.ran('wake', 'dev');
  assert.match(stderr, /^hypnos: dev was moved to 127\.0\.0\.1:\d+, and is found there\.\n$/);
  await wakes(there, 'dev');
});

test('a guest that sleeps in a process is parked by it, moved, and woken by the receiver', async () => {
  const from = testHome(), there = testHome(), sleeping = from.run('dev', sleeper(LATER));
  await from.until('dev', 'asleep');
  const receiver = there.hypnos('receive', '--listen', '0', '--name', 'dev2', '--wake');
  await receiver.tells('listening at');
  const moved = await from.ran('move', 'dev', /listening at (\S+)\./.exec(receiver.said.stderr)![1]!);
  assert.equal(moved.status, 0, moved.stderr);
  assert.match(moved.stderr, /^hypnos: dev is at \S+ as dev2: /);
  assert.equal((await sleeping.ended).status, 0);
  const { status, stdout, stderr } = await receiver.ended;
  assert.equal(status, 0, stderr);
  assert.match(stdout, /R/);
  assert.equal((await there.view('dev2')).guest?.state, 'off');
});

test('a receiver that is killed while a guest comes leaves it with one owner, and moving it again brings it there', async () => {
  const from = testHome(), there = testHome();
  await parked(from, 'dev');
  const receiver = there.hypnos('receive', '--listen', '0', '--json');
  const { listening } = JSON.parse(await firstLine(receiver)) as { listening: string }, moving = from.ran('move', 'dev', listening);
  receiver.signal('SIGKILL');
  const { status, stderr } = await moving, { guest } = await from.view('dev');
  assert.equal(status === 0, guest!.state === 'moved' && guest!.handover === null, stderr);
  if (status !== 0) {
    assert.match(stderr, /^hypnos: [^\n]+\n$/);
    const second = there.hypnos('receive', '--listen', '0', '--json', '--once'), where = (JSON.parse(await firstLine(second)) as { listening: string }).listening;
    assert.equal((await from.ran('move', 'dev', where)).status, 0);
    await second.ended;
  }
  assert.deepEqual([(await from.view('dev')).guest?.state, (await there.view('dev')).guest?.state], ['moved', 'parked']);
});

async function firstLine({ said, says }: Running): Promise<string> {
  await says('\n');
  return said.stdout.split('\n')[0]!;
}
