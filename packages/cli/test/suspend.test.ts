import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { sleeper } from './guests.ts';
import { guest, hypnos, scratch, start } from './hypnos.ts';

interface Line { readonly event: string; readonly retired: number; readonly [key: string]: unknown }
const events = (path: string): Line[] => readFileSync(path, 'utf8').trim().split('\n').map(line => JSON.parse(line) as Line);

let soon = '', never = '';
before(() => {
  soon = guest('soon', sleeper(2));
  never = guest('never', sleeper(100_000));
});
const run = (firmware: string, ...args: string[]) => ['run', '--engine', 'reference', '--firmware', firmware, ...args] as const;

for (const engine of ['reference', 'interpreter']) {
  test(`C21 C36 ${engine}: a guest sleeps until its alarm and goes on at its entry point, with not one instruction in between`, async () => {
    const log = scratch(`rtc-${engine}.jsonl`);
    const { status, stdout, stderr } = await hypnos('run', '--engine', engine, '--firmware', soon, '--events', log);
    assert.deepEqual([status, stdout], [0, 'AR'], stderr);
    const life = events(log), asleep = life.find(e => e.event === 'asleep')!, woke = life.find(e => e.event === 'woke')!;
    assert.deepEqual(life.map(e => e.event), ['booted', 'suspend-asked', 'asleep', 'woke', 'resumed', 'off']);
    assert.equal(woke.retired, asleep.retired);
    assert.deepEqual((woke['cause'] as { source: string }[]).map(c => c.source), ['rtc']);
    assert.match(stderr, /would wake it: uart \(33\), rtc \(34\); its alarm is set to/);
  });
}

for (const abi of ['run+suspend', 'v1']) {
  test(`--suspend-abi ${abi} sleeps and wakes as well`, async () => {
    const { status, stdout, stderr } = await hypnos(...run(soon, '--suspend-abi', abi));
    assert.deepEqual([status, stdout.slice(0, 1)], [0, 'A'], stderr);
    assert.match(stderr, /woken by rtc/);
  });
}

test('C20 --on-suspend resume comes straight back at the entry point', async () => {
  const { status, stdout, stderr } = await hypnos(...run(never, '--on-suspend', 'resume'));
  assert.deepEqual([status, stdout], [0, 'AR'], stderr);
});

test('C13 C17 --on-suspend deny gives the guest the PSCI error, and it carries on behind its call', async () => {
  assert.deepEqual((await hypnos(...run(never, '--on-suspend', 'deny'))).stdout, 'AED');
  assert.deepEqual((await hypnos(...run(never, '--on-suspend', 'deny=INTERNAL_FAILURE'))).stdout, 'AEG');
});

test('C15 a bad entry point is answered INVALID_ADDRESS whatever the policy', async () => {
  for (const entry of ['resume + 1', '0x09000000', '0x100000000']) {
    const { stdout, stderr } = await hypnos(...run(guest('bad-entry', sleeper(1, entry)), '--on-suspend', 'resume'));
    assert.equal(stdout, 'AEJ', `${entry}: ${stderr}`);
    assert.match(stderr, /denied with INVALID_ADDRESS/);
  }
});

test('C34 a key on the console wakes, also one typed long before', async () => {
  const early = start(...run(never, '--wake-on', 'uart'));
  early.type('x');
  assert.equal((await early.ended).stdout, 'AR');
  const late = start(...run(never));
  await late.tells('asleep');
  late.type('x');
  assert.equal((await late.ended).stdout, 'AR');
});

test('C37 C50 a filtered source does not wake and is told; SIGUSR2 does', async () => {
  const machine = start(...run(soon, '--wake-on', 'none'));
  await machine.tells('rtc (34) would have woken it and may not: asleep again');
  machine.signal('SIGUSR2');
  const { status, stdout, stderr } = await machine.ended;
  assert.deepEqual([status, stdout], [0, 'AR'], stderr);
  assert.match(stderr, /held back: uart \(33\), rtc \(34\)[\s\S]*woken by you/);
});

test('the sleep key wakes a guest that has no driver for it, unless keys may not', async () => {
  const machine = start(...run(never));
  await machine.tells('asleep');
  machine.signal('SIGUSR1');
  assert.equal((await machine.ended).stdout, 'AR');
});

test('a deterministic run is the same each time, and its sleep takes no time', async () => {
  const runs = [];
  for (const name of ['one', 'two']) {
    const log = scratch(`${name}.jsonl`);
    await hypnos(...run(never, '--deterministic', '--events', log));
    runs.push(readFileSync(log, 'utf8'));
  }
  assert.equal(runs[0], runs[1]);
  assert.match(runs[0]!, /"event":"woke"/);
});

test('what ends the run while the guest sleeps: SIGTERM switches off', async () => {
  const machine = start(...run(never));
  await machine.tells('asleep');
  machine.signal('SIGTERM');
  assert.deepEqual([(await machine.ended).status, machine.said.stdout], [0, 'A']);
});
