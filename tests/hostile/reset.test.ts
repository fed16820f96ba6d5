/** A reset is whole: whatever a guest did before it, the machine that begins anew looks like one that nobody used; and so does the next machine in the same memory. */
import { A64, SYSTEM_REGISTERS, encodingOf } from '@hypnos/isa';
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DEVICES } from './addresses.ts';
import { eventLine } from '@hypnos/vmm';
import { drawGuest } from './draw.ts';
import { type Guest, HostileMachines, type Outcome } from './machine.ts';
import { ARENA, asm, instruction, LOAD, mrs, msr, Program, STORE } from './program.ts';
import { Random } from './random.ts';

let machines: HostileMachines;
before(async () => {
  machines = await HostileMachines.start();
});
after(() => machines.stop());

const NOTES = ARENA + 0x8000n,
  NOTES_BYTES = 0x8000,
  BEEN_HERE = ARENA + 0x7000n;
/** Registers of devices whose reading changes nothing but them: every word of every device's first page, and of the interrupt controller. */
const PLACES: readonly bigint[] = DEVICES.filter(({ address }) => address >= 0x0800_0000n && address < 0x1000_0000n).flatMap(
  ({ address, bytes }) => Array.from({ length: Math.min(bytes, 0x600) / 4 }, (_, i) => address + BigInt(4 * i)),
);
const REGISTERS = SYSTEM_REGISTERS.filter(({ el1 }) => el1 === 'read' || el1 === 'read-write').map(row => encodingOf(row.at));
const SMASHED = SYSTEM_REGISTERS.filter(
  ({ name, el1 }) => el1 === 'read-write' && !/^(SCTLR|VBAR|TPIDR|CONTEXTIDR|SP_|DAIF|PAN|SPSel|CurrentEL|ELR|SPSR|MDSCR|DBG)/.test(name),
).map(row => encodingOf(row.at));
const VECTOR_ROWS = A64.filter(({ name }) => /vector, register/.test(name));

/** At the second start: notes what every register holds, and switches off. At the first: `use`, and a reset. */
function guest(r: Random, use: (program: Program) => void): Guest {
  const program = new Program(r),
    note = asm('str x1, [x22], #8')[0]!;
  const notes = [
    ...REGISTERS.flatMap(number => [mrs(number), note]),
    ...asm('1: ldr x0, [x20], #8\ncbz x0, 2f\nldr w1, [x0]\nstr x1, [x22], #8\nb 1b\n2: mov x0, #0x84000008\nhvc #0'),
  ];
  program.with2(
    BEEN_HERE,
    NOTES,
    ...asm(`mov x22, x1\nldr x1, [x0]\ncbnz x1, #16\nmov x1, #1\nstr x1, [x0]\nb #${4 * (notes.length + 1)}`),
    ...notes,
  );
  for (const place of [...PLACES, 0n]) program.data(place);
  program.emit(...asm(`mov x0, #${8 * (PLACES.length + 1)}\nadd x20, x20, x0`));
  use(program);
  program.with4([0x8400_0009n], ...asm('hvc #0'));
  return {
    board: 'plain',
    segments: program.segments(),
    budget: 200_000,
    orders: [],
    options: { reboot: true, deterministic: true },
    wanted: { address: NOTES, bytes: NOTES_BYTES },
  };
}

function smash(r: Random): (program: Program) => void {
  return program => {
    for (let i = 0; i < 120; i++) {
      const { address, bytes } = r.pick(DEVICES.slice(2)),
        place = address + BigInt(r.below(Math.min(bytes, 0x600)) & ~7);
      if (r.chance(2)) program.with1(r.value(), msr(r.pick(SMASHED)));
      else program.with2(place, r.value(), r.chance(8) ? LOAD[4]! : STORE[r.pick([1, 4, 4, 8])]!);
      if (r.chance(8)) program.emit(instruction(r, r.pick(VECTOR_ROWS)));
    }
  };
}

const reached = ({ events, ending }: Outcome): boolean => ending === 'off' && events.filter(({ event }) => event === 'booted').length === 2;

test('what a guest did to devices and registers is gone after its reset', () => {
  const seed = Number(process.env['HOSTILE_SEED'] ?? 1),
    quiet = machines.run(
      guest(new Random(seed, 0), () => {}),
      'interpreter',
      { seed, number: 0 },
    );
  assert.ok(reached(quiet), quiet.events.map(eventLine).join());
  assert.ok(new Set(quiet.found).size > 20, 'the notes hold something');
  let whole = 0;
  for (let number = 1; number <= 40; number++) {
    const r = new Random(seed, number),
      outcome = machines.run(guest(r, smash(r)), 'interpreter', { seed, number });
    assert.equal(outcome.thrown, undefined);
    if (!reached(outcome)) continue; // it switched interrupts or faults on that kept it from its reset
    whole++;
    assert.deepEqual(new BigUint64Array(outcome.found.buffer), new BigUint64Array(quiet.found.buffer), `seed ${seed}, number ${number}`);
  }
  assert.ok(whole >= 12, `${whole} came to their reset`);
});

test('a machine in memory that others had takes the course it takes in memory of its own', async () => {
  const seed = Number(process.env['HOSTILE_SEED'] ?? 1),
    comparable = (number: number): boolean => drawGuest(seed, number).options.deterministic === true;
  const numbers = Array.from({ length: 400 }, (_, i) => i)
    .filter(comparable)
    .filter(number => drawGuest(seed, number).options.reboot === false)
    .slice(-60);
  for (let number = 0; number < 300; number++) machines.run(drawGuest(seed + 1, number), 'interpreter', { seed, number });
  const fresh = await HostileMachines.start();
  try {
    for (const number of numbers) {
      const [used, own] = [machines, fresh].map(where => where.run(drawGuest(seed, number), 'interpreter', { seed, number }, true));
      assert.equal(used!.state, own!.state, `case ${number} of seed ${seed}`);
      assert.deepEqual(used!.events, own!.events);
    }
    assert.deepEqual(machines.leftOver(), []);
  } finally {
    await fresh.stop();
  }
});
