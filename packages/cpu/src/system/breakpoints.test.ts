import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENGINES, type EngineMachine, type EngineName, engineMachine, PROGRAM } from '../../test/debug-machine.ts';

const MDE = 1n << 15n, KDE = 1n << 13n, SS = 1n;
const E = 1n, EL1 = 1n << 1n, EL0 = 1n << 2n;
const LINKED = 1n << 20n, CONTEXT = 2n << 20n, LINKED_CONTEXT = 3n << 20n;
const linkedTo = (n: number): bigint => BigInt(n) << 16n;
const HIT = 0xc200_0022n, HIT_EL1 = 0xc600_0022n, SVC = 0x5600_0000n;
const LOOP = 'loop: add x0, x0, #1\nhere: add x1, x1, #1\ncmp x0, #5\nb.ne loop\nsvc #0';

function armed(engine: EngineName, source: string, control: bigint, more: (machine: EngineMachine) => void = () => {}): EngineMachine {
  const machine = engineMachine(engine, source);
  machine.msr('oslar_el1', 0n);
  machine.msr('mdscr_el1', MDE);
  machine.msr('dbgbvr1_el1', machine.at('here'));
  machine.msr('dbgbcr1_el1', control);
  more(machine);
  machine.toEl0();
  return machine;
}

for (const engine of ENGINES) {
  test(`${engine}: a breakpoint is taken in front of its instruction, again and again until it is gone`, () => {
    const machine = armed(engine, LOOP, E | EL0), { cpu, cells } = machine.ctx;
    for (let i = 0; i < 2; i++) {
      assert.equal(machine.toException(), HIT);
      assert.deepEqual([cells.ELR_EL1, cpu.x[0], cpu.x[1]], [machine.at('here'), 1n, 0n]);
      machine.back();
    }
    machine.msr('dbgbcr1_el1', 0n);
    assert.equal(machine.toException(), SVC);
    assert.deepEqual([cpu.x[0], cpu.x[1]], [5n, 5n]);
  });

  test(`${engine}: stepped over with breakpoints off, as debuggers do, it is met once each time round`, () => {
    const machine = armed(engine, LOOP, E | EL0), { cpu, cells } = machine.ctx;
    const seen: unknown[] = [];
    for (let i = 0; i < 11; i++) {
      const esr = machine.toException();
      seen.push(esr);
      if (esr === SVC) break;
      const hit = esr === HIT;
      machine.msr('mdscr_el1', hit ? SS : MDE);
      if (hit) cells.SPSR_EL1 |= 1n << 21n;
      machine.back();
    }
    assert.deepEqual(seen, [...Array.from({ length: 5 }, () => [HIT, 0xcb00_0022n]).flat(), SVC]);
    assert.deepEqual([cpu.x[0], cpu.x[1]], [5n, 5n]);
  });

  test(`${engine}: code that has run already meets a breakpoint set later`, () => {
    const machine = armed(engine, LOOP, 0n), { cpu } = machine.ctx;
    assert.equal(machine.toException(), SVC);
    machine.msr('dbgbcr1_el1', E | EL0);
    cpu.x[0] = 0n;
    machine.toEl0();
    assert.equal(machine.toException(), HIT);
  });

  test(`${engine}: the enables: E, the level, MDSCR_EL1.MDE, the OS lock, reserved states and types`, () => {
    const off: readonly (readonly [bigint, string?, bigint?])[] = [
      [EL0], [E], [E | EL1], [E | EL0, 'mdscr_el1', 0n], [E | EL0, 'oslar_el1', 1n], [E | EL0 | (1n << 13n)], [E | EL0 | (1n << 14n)],
      [E | EL0 | (4n << 20n)], [E | EL0 | CONTEXT], [E | EL0 | (8n << 20n)],
    ];
    for (const [control, register, value] of off) {
      const machine = armed(engine, LOOP, control, m => { if (register) m.msr(register, value!); });
      assert.equal(machine.toException(), SVC, control.toString(16));
    }
    assert.equal(armed(engine, LOOP, E | EL0 | EL1).toException(), HIT);
  });

  test(`${engine}: at EL1 breakpoints need MDSCR_EL1.KDE and PSTATE.D clear`, () => {
    for (const [mdscr, daif, expected] of [[MDE, 0, SVC], [MDE | KDE, 8, SVC], [MDE | KDE, 0, HIT_EL1]] as const) {
      const machine = armed(engine, LOOP, E | EL1);
      machine.msr('mdscr_el1', mdscr);
      Object.assign(machine.ctx.cpu, { el: 1, spsel: 1, daif, pc: PROGRAM });
      machine.changed();
      assert.equal(machine.toException(), expected);
    }
  });

  test(`${engine}: a breakpoint linked to a context waits for CONTEXTIDR_EL1; linked to anything else it never matches`, () => {
    const arm = (to: number, context: bigint, linked = LINKED_CONTEXT) => armed(engine, LOOP, E | EL0 | LINKED | linkedTo(to), m => {
      m.msr(`dbgbvr${to}_el1`, 77n);
      m.msr(`dbgbcr${to}_el1`, E | linked);
      m.msr('contextidr_el1', context);
    });
    assert.equal(arm(4, 77n).toException(), HIT);
    assert.equal(arm(5, 78n).toException(), SVC);
    assert.equal(arm(5, 77n, CONTEXT).toException(), SVC);
    assert.equal(arm(2, 77n).toException(), SVC, 'breakpoint 2 compares no contexts');
  });

  test(`${engine}: a context breakpoint stops at every instruction of its context`, () => {
    const arm = (context: bigint) => armed(engine, LOOP, 0n, m => {
      m.msr('dbgbvr5_el1', 77n);
      m.msr('dbgbcr5_el1', E | EL0 | CONTEXT);
      m.msr('contextidr_el1', context);
    });
    const machine = arm(77n);
    assert.equal(machine.toException(), HIT);
    assert.equal(machine.ctx.cells.ELR_EL1, PROGRAM);
    assert.equal(arm(78n).toException(), SVC);
  });

  test(`${engine}: while stepping, a breakpoint leaves the step for later, and a pending step comes before it`, () => {
    const machine = armed(engine, LOOP, E | EL0), { cells } = machine.ctx;
    machine.msr('mdscr_el1', MDE | SS);
    Object.assign(machine.ctx.cpu, { el: 1, spsel: 1, daif: 15 });
    Object.assign(cells, { SPSR_EL1: 1n << 21n, ELR_EL1: PROGRAM });
    machine.back();
    assert.equal(machine.toException(), 0xcb00_0022n);
    assert.equal(cells.ELR_EL1, machine.at('here'));
    cells.SPSR_EL1 |= 1n << 21n;
    machine.back();
    assert.equal(machine.toException(), HIT);
    assert.equal(cells.SPSR_EL1 & (1n << 21n), 1n << 21n);
  });

  test(`${engine}: a page with a breakpoint is left and entered by falling through`, () => {
    const source = `${'add x0, x0, #1\n'.repeat(1022)}nop\nnop\nhere: svc #0`;
    const machine = armed(engine, source, E | EL0), { cpu } = machine.ctx;
    assert.equal(machine.toException(5000n), HIT);
    assert.equal(cpu.x[0], 1022n);
    machine.msr('dbgbvr1_el1', PROGRAM + 8n);
    machine.toEl0();
    assert.equal(machine.toException(5000n), HIT);
    assert.equal(cpu.x[0], 1024n);
  });
}
