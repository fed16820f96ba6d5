import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENGINES, type EngineMachine, type EngineName, type EngineWishes, engineMachine, PROGRAM } from '../../test/debug-machine.ts';
import { answerAccess, EXIT, pendingAccess } from '../index.ts';

const SS = 1n, KDE = 1n << 13n;
const STEPPED_SS = 1n << 21n;
/** ESR_EL1 of a software step from EL0: without an instruction stepped, with one, with one that loads exclusively. */
const NOTHING = 0xca00_0022n, ONE = 0xcb00_0022n, EXCLUSIVE = 0xcb00_0062n;

/** At EL0 with software step on and one instruction to go, as a debugger's ERET leaves it. */
function stepping(engine: EngineName, source: string, wishes: EngineWishes = {}): EngineMachine {
  const machine = engineMachine(engine, source, wishes);
  machine.msr('oslar_el1', 0n);
  machine.msr('mdscr_el1', SS);
  Object.assign(machine.ctx.cells, { SPSR_EL1: STEPPED_SS, ELR_EL1: PROGRAM });
  machine.back();
  return machine;
}
/** The debugger goes on: one more step. */
function more({ ctx, back }: EngineMachine): void {
  ctx.cells.SPSR_EL1 |= STEPPED_SS;
  back();
}

for (const engine of ENGINES) {
  test(`${engine}: a step executes one instruction and comes back in front of the next, branches and all`, () => {
    const machine = stepping(engine, 'add x0, x0, #1\nb over\nadd x0, x0, #64\nover: add x0, x0, #2'), { cpu, cells } = machine.ctx;
    assert.equal(machine.toException(), ONE);
    assert.deepEqual([cells.ELR_EL1, cells.SPSR_EL1 & STEPPED_SS, cpu.x[0]], [PROGRAM + 4n, 0n, 1n]);
    more(machine);
    assert.equal(machine.toException(), ONE);
    assert.equal(cells.ELR_EL1, machine.at('over'));
    more(machine);
    assert.equal(machine.toException(), ONE);
    assert.deepEqual([cells.ELR_EL1, cpu.x[0]], [machine.at('over') + 4n, 3n]);
  });

  test(`${engine}: a return with SPSR.SS clear is followed by the exception at once, which says that nothing was stepped`, () => {
    const machine = stepping(engine, 'add x0, x0, #1'), { cpu, cells } = machine.ctx;
    machine.toException();
    machine.back();
    assert.equal(machine.toException(), NOTHING);
    assert.deepEqual([cells.ELR_EL1, cpu.x[0]], [PROGRAM + 4n, 1n]);
  });

  test(`${engine}: EX tells that a load-exclusive was stepped`, () => {
    const machine = stepping(engine, 'mov x1, x2\nldaxr x0, [x1]\nldar x0, [x1]\nstxr w3, x0, [x1]');
    machine.ctx.cpu.x[2] = PROGRAM;
    const seen = [];
    for (let i = 0; i < 4; i++, more(machine)) seen.push(machine.toException());
    assert.deepEqual(seen, [ONE, EXCLUSIVE, ONE, ONE]);
  });

  test(`${engine}: an SVC is a step of its own: its handler finds SPSR.SS clear, and the step follows its return`, () => {
    const machine = stepping(engine, 'svc #5\nnop'), { cells } = machine.ctx;
    assert.equal(machine.toException(), 0x5600_0005n);
    assert.deepEqual([cells.SPSR_EL1 & STEPPED_SS, cells.ELR_EL1], [0n, PROGRAM + 4n]);
    machine.back();
    assert.equal(machine.toException(), NOTHING);
    assert.equal(cells.ELR_EL1, PROGRAM + 4n);
  });

  test(`${engine}: an instruction that faults is still to be stepped when its handler returns`, () => {
    const machine = stepping(engine, 'ldr x0, [x1]\nnop'), { cpu, cells } = machine.ctx;
    cpu.x[1] = 1n << 60n;
    assert.equal(machine.toException() >> 26n, 0x24n);
    assert.deepEqual([cells.SPSR_EL1 & STEPPED_SS, cells.ELR_EL1], [STEPPED_SS, PROGRAM]);
    cpu.x[1] = PROGRAM;
    machine.back();
    assert.equal(machine.toException(), ONE);
    assert.equal(cells.ELR_EL1, PROGRAM + 4n);
  });

  test(`${engine}: an interrupt before the instruction keeps the step for later`, () => {
    const machine = stepping(engine, 'add x0, x0, #1\nnop'), { cpu, cells } = machine.ctx;
    cpu.lines = 1;
    cells.ESR_EL1 = 0n;
    assert.equal(machine.toException(), 0n, 'an interrupt has no syndrome');
    assert.deepEqual([cells.SPSR_EL1 & STEPPED_SS, cells.ELR_EL1, cpu.x[0]], [STEPPED_SS, PROGRAM, 0n]);
    cpu.lines = 0;
    machine.back();
    assert.equal(machine.toException(), ONE);
  });

  test(`${engine}: nothing is stepped while the OS lock is set, nor when MDSCR_EL1.SS is clear`, () => {
    for (const [register, value] of [['oslar_el1', 1n], ['mdscr_el1', 0n]] as const) {
      const machine = stepping(engine, 'add x0, x0, #1\nadd x0, x0, #1\nsvc #0');
      machine.msr(register, value);
      assert.equal(machine.toException(), 0x5600_0000n);
      assert.equal(machine.ctx.cpu.x[0], 2n);
    }
  });

  test(`${engine}: a return while SS is clear in MDSCR_EL1, or from where stepping is on already, does not set PSTATE.SS`, () => {
    const machine = engineMachine(engine, 'nop'), { cpu, cells } = machine.ctx;
    machine.msr('oslar_el1', 0n);
    Object.assign(cells, { SPSR_EL1: STEPPED_SS, ELR_EL1: PROGRAM });
    machine.back();
    assert.equal(cpu.ss, 0);
    machine.toException(1n);
    Object.assign(cpu, { el: 1, spsel: 1, daif: 0 });
    machine.msr('mdscr_el1', SS | KDE);
    Object.assign(cells, { SPSR_EL1: STEPPED_SS, ELR_EL1: PROGRAM });
    machine.back();
    assert.equal(cpu.ss, 0);
  });

  test(`${engine}: EL1 is stepped with MDSCR_EL1.KDE once PSTATE.D is clear`, () => {
    for (const clear of ['msr daifclr, #8', 'msr daif, xzr']) {
      const machine = engineMachine(engine, `nop\n${clear}\nnop\nnop`), { cells } = machine.ctx;
      machine.msr('oslar_el1', 0n);
      machine.msr('mdscr_el1', SS | KDE);
      assert.equal(machine.toException(), 0xce00_0022n, clear);
      assert.equal(cells.ELR_EL1, PROGRAM + 8n);
      cells.SPSR_EL1 |= STEPPED_SS;
      machine.back();
      assert.equal(machine.toException(), 0xcf00_0022n);
      assert.equal(cells.ELR_EL1, PROGRAM + 12n);
    }
  });

  test(`${engine}: an access outside RAM is made once, and its instruction is one step`, () => {
    const machine = stepping(engine, 'ldr x0, [x1]\nnop'), { cpu, cells } = machine.ctx;
    cpu.x[1] = 0x900_0000n;
    assert.equal(machine.run(), EXIT.mmio);
    assert.equal(pendingAccess(cpu)?.address, 0x900_0000n);
    answerAccess(cpu, 7n);
    assert.equal(machine.toException(), ONE);
    assert.deepEqual([cells.ELR_EL1, cpu.x[0]], [PROGRAM + 4n, 7n]);
  });

  test(`${engine}: a WFI that waits comes out first and is stepped when it has ended`, () => {
    const machine = stepping(engine, 'wfi\nnop'), { cells } = machine.ctx;
    machine.msr('sctlr_el1', 1n << 16n);
    assert.equal(machine.run(), EXIT.wfi);
    assert.equal(machine.toException(), ONE);
    assert.equal(cells.ELR_EL1, PROGRAM + 4n);
  });

  test(`${engine}: every exception of a step is one of the budget`, () => {
    const machine = stepping(engine, 'add x0, x0, #1\nb .-4'), { cpu } = machine.ctx;
    assert.equal(machine.run(1n), EXIT.budget);
    assert.deepEqual([cpu.el, cpu.x[0]], [0, 1n]);
    assert.equal(machine.run(1n), EXIT.budget);
    assert.equal(cpu.el, 1);
  });
}

test('PSTATE.SS is told and taken with the rest of PSTATE', () => {
  const machine = stepping('reference', 'nop');
  assert.equal(machine.ctx.cpu.ss, 1);
  machine.toException();
  assert.equal(machine.ctx.cpu.ss, 0);
});
