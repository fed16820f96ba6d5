/** Hostile guests, the short setting: thousands on the whole machine, by a printed seed; and what their owner orders while they loop. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { KINDS } from './draw.ts';
import { runCases } from './hostile.ts';
import { floods, LOOPS, WAITING } from './kinds/floods.ts';
import { type Guest, HostileMachines } from './machine.ts';
import { growth, held } from './process-memory.ts';
import { asm, bytesOf, Program } from './program.ts';
import { ENTRY, ORDERS } from './control.ts';
import { Random } from './random.ts';

let machines: HostileMachines;
before(async () => {
  machines = await HostileMachines.start();
});
after(() => machines.stop());

const CASES = 10_000;

test(`${CASES} hostile guests: nothing is thrown, hangs, reaches outside RAM, or makes the process grow`, t => {
  const seed = Number(process.env['HOSTILE_SEED'] ?? Date.now() % 1_000_000);
  t.diagnostic(`HOSTILE_SEED=${seed}`);
  const { failures, figures } = runCases(machines, seed, 0, CASES);
  assert.deepEqual(failures, [], `seed ${seed}: ${failures.length} failures`);
  for (const kind of Object.keys(KINDS)) assert.ok(figures[`kind ${kind}`]! > CASES / 500, `${figures[`kind ${kind}`]} of ${kind}`);
  for (const what of [
    'ended off',
    'ended reset',
    'ended stopped',
    'waited for nothing',
    'compared with the reference engine',
    'repeated',
    'event asleep',
    'event resumed',
    'event denied',
    'event paused',
  ]) {
    assert.ok(figures[what]! > 10, `${figures[what]} ${what}`);
  }
});

const looping = (segments: Guest['segments'], options: Guest['options'] = {}): Guest => ({
  board: 'plain',
  segments,
  budget: 3000,
  options: { onSuspend: { do: 'deny', code: 'DENIED' }, reboot: true, deterministic: true, ...options },
  orders: [
    { at: 300, order: 'pause' },
    ...ORDERS.slice(4).map((order, i) => ({ at: 400 + i, order })),
    { at: 900, order: 'pause' },
    { at: 1000, order: 'reset' },
  ],
});

/** Whatever the guest is at: paused twice, running again, reset, and stopped at its budget. */
function obeys(guest: Guest, name: string): void {
  const { thrown, faults, ending, told } = machines.run(guest, 'interpreter', { seed: 0, number: 0 });
  assert.deepEqual([thrown, faults, ending], [undefined, [], 'stopped'], name);
  for (const [event, count] of [
    ['paused', 2],
    ['running', 2],
    ['reset', 1],
    ['booted', 2],
  ] as const) {
    assert.ok((told[event] ?? 0) >= count, `${name}: ${event} in ${JSON.stringify(told)}`);
  }
}

test('a guest in any loop obeys its owner', () => {
  // Those that wait are stopped by their owner here, since nothing wakes them; the command's tests have such guests.
  LOOPS.filter(loop => !WAITING.has(loop)).forEach((loop, i) =>
    obeys({ ...looping(loop(new Program(new Random(1, i)), new Random(1, i)).segments()), board: 'flash' }, `loop ${i}`),
  );
});

test('so does one in a loop of exceptions, wherever its vectors are', () => {
  const at = (source: string): Guest['segments'] => [{ address: ENTRY, bytes: bytesOf(asm(source)) }];
  obeys(looping(at('.word 0')), 'VBAR_EL1 at reset');
  obeys(looping(at('mov x0, #1\nlsl x0, x0, #50\nmsr vbar_el1, x0\n.word 0')), 'VBAR_EL1 outside');
  obeys(looping(at('mov x0, #0x9000000\nmsr vbar_el1, x0\nsvc #0')), 'VBAR_EL1 in a device');
  // Translation on with empty tables: the fetch of the next instruction faults, and so does that of the vector.
  obeys(
    looping(
      at(
        'mov x0, #0x40300000\nmsr ttbr0_el1, x0\nmsr ttbr1_el1, x0\nmov x0, #25\nmsr tcr_el1, x0\nmrs x0, sctlr_el1\norr x0, x0, #1\nmsr sctlr_el1, x0\nisb\nnop',
      ),
    ),
    'tables that map nothing',
  );
});

test('a guest that floods takes no memory of the host', () => {
  const from = held();
  for (let seed = 0; seed < 26; seed++) {
    const r = new Random(2, seed),
      { thrown, faults } = machines.run(
        { ...looping(floods(r).segments()), board: seed % 5 ? 'plain' : 'flash', budget: seed % 5 ? 50_000 : 3000, orders: [] },
        'interpreter',
        { seed: 2, number: seed },
      );
    assert.deepEqual([thrown, faults], [undefined, []], `flood ${seed}`);
  }
  assert.deepEqual(growth(from, held()), []);
});

test('a guest that resets for ever, each time with a mistake of another name, leaves a report of bounded length', () => {
  const again = asm(`
    mov x9, #0x40300000
    ldr x1, [x9]
    add x2, x1, #1
    str x2, [x9]
    mov x3, #0x10000000
    add x3, x3, x1, lsl #16
    ldr w4, [x3]
    mov x0, #0x84000009
    hvc #0`);
  const guest: Guest = { ...looping([{ address: ENTRY, bytes: bytesOf(again) }]), budget: 75_000, orders: [] };
  const { told, statistics, thrown } = machines.run(guest, 'interpreter', { seed: 0, number: 0 });
  assert.equal(thrown, undefined);
  assert.ok(told['reset']! > 300, `${told['reset']} resets`);
  assert.equal(Object.keys(statistics!.oddities).length, 256);
});
