import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENGINES, type EngineMachine, type EngineName, type EngineWishes, engineMachine, PROGRAM } from '../../test/debug-machine.ts';
import { countEvents, EXIT, nextOverflow, skipCycles } from '../index.ts';

const SVC = 0x5600_0000n, TRAPPED = 0x18n;
const INSTRUCTIONS = 8n, CYCLES = 0x11n, NOT_EL0 = 1n << 30n, NOT_EL1 = 1n << 31n;
const CYCLE_COUNTER = 1n << 31n;

/** A program between two lines that start and stop all counters; then the test may look at them. */
function counted(engine: EngineName, body: string, before: (machine: EngineMachine) => void, wishes: EngineWishes = {}): EngineMachine {
  const machine = engineMachine(engine, `msr pmcr_el0, x10\n${body}\nmsr pmcr_el0, xzr\nhvc #0`, wishes);
  machine.ctx.cpu.x[10] = 1n;
  before(machine);
  return machine;
}
const every = (machine: EngineMachine): void => machine.msr('pmcntenset_el0', 0x8000_003fn);

for (const engine of ENGINES) {
  test(`${engine}: a counter of retired instructions counts those behind the MSR that starts it, up to the one that stops it`, () => {
    for (const exact of [true, false]) {
      const machine = counted(engine, 'mov x0, #10\nloop: sub x0, x0, #1\ncbnz x0, loop', m => {
        every(m);
        m.msr('pmevtyper2_el0', INSTRUCTIONS);
      }, { exact });
      assert.equal(machine.run(), EXIT.hvc);
      assert.equal(machine.ctx.cells.PMEVCNTR2_EL0, 22n);
    }
  });

  test(`${engine}: reading a counter tells how far it is`, () => {
    const machine = counted(engine, 'mrs x0, pmevcntr0_el0\nnop\nnop\nmrs x1, pmevcntr0_el0\nmrs x2, pmccntr_el0', m => {
      every(m);
      m.msr('pmevtyper0_el0', INSTRUCTIONS);
    });
    machine.run();
    assert.deepEqual([...machine.ctx.cpu.x.subarray(0, 3)], [0n, 3n, 4n]);
  });

  test(`${engine}: levels are told apart: an SVC is EL0's, an ERET EL1's, a fault nobody's`, () => {
    const machine = engineMachine(engine, 'eret\nuser: nop\nnop\nsvc #0\nldr x0, [x1]'), { cells, cpu } = machine.ctx;
    machine.msr('pmcntenset_el0', 3n);
    machine.msr('pmevtyper0_el0', INSTRUCTIONS | NOT_EL1);
    machine.msr('pmevtyper1_el0', INSTRUCTIONS | NOT_EL0);
    machine.msr('pmcr_el0', 1n);
    cpu.x[1] = 1n << 60n;
    Object.assign(cells, { ELR_EL1: machine.at('user'), SPSR_EL1: 0n });
    assert.equal(machine.toException(), SVC);
    assert.deepEqual([cells.PMEVCNTR0_EL0, cells.PMEVCNTR1_EL0], [3n, 1n]);
    cpu.pc = PROGRAM;
    assert.equal(machine.toException() >> 26n, 0x24n);
    // Two ERETs and the HVC at the vector between them.
    assert.deepEqual([cells.PMEVCNTR0_EL0, cells.PMEVCNTR1_EL0], [3n, 3n]);
  });

  test(`${engine}: without a clock of its own a cycle is an instruction; with one it is what that says`, () => {
    const cycles = counted(engine, 'nop\nnop', m => { every(m); m.msr('pmevtyper5_el0', CYCLES); });
    cycles.run();
    assert.deepEqual([cycles.ctx.cells.PMCCNTR_EL0, cycles.ctx.cells.PMEVCNTR5_EL0], [3n, 3n]);
    let now = 1000n;
    const clocked = counted(engine, 'nop\nnop', every, { performance: { line() {}, cycles: () => (now += 50n) } });
    clocked.run();
    assert.equal(clocked.ctx.cells.PMCCNTR_EL0, 50n);
  });

  test(`${engine}: PMCR_EL0: P clears the event counters, C the cycle counter, and both read as zero; N is six`, () => {
    const machine = engineMachine(engine, 'nop'), { cells } = machine.ctx;
    machine.msr('pmevcntr3_el0', 7n);
    machine.msr('pmccntr_el0', 9n);
    machine.msr('pmcr_el0', 2n);
    assert.deepEqual([cells.PMEVCNTR3_EL0, cells.PMCCNTR_EL0], [0n, 9n]);
    machine.msr('pmcr_el0', ~0n & 0xffff_ffffn & ~1n);
    assert.deepEqual([cells.PMCCNTR_EL0, machine.mrs('pmcr_el0')], [0n, (6n << 11n) | 0x60n]);
  });

  test(`${engine}: sets are set by ones and cleared by ones, under both names`, () => {
    const machine = engineMachine(engine, 'nop');
    for (const [set, clear] of [['pmcntenset_el0', 'pmcntenclr_el0'], ['pmintenset_el1', 'pmintenclr_el1'], ['pmovsset_el0', 'pmovsclr_el0']] as const) {
      machine.msr(set, 0xffff_ffff_ffffn);
      assert.equal(machine.mrs(clear), 0x8000_003fn);
      machine.msr(clear, 0x8000_0001n);
      assert.equal(machine.mrs(set), 0x3en);
    }
  });

  test(`${engine}: PMSELR_EL0 chooses what PMXEVTYPER and PMXEVCNTR are; counters that are not there read as zero`, () => {
    const machine = engineMachine(engine, 'nop'), { cells } = machine.ctx;
    machine.msr('pmselr_el0', 4n);
    machine.msr('pmxevtyper_el0', 0xffff_ffffn);
    machine.msr('pmxevcntr_el0', 0x1_2345_6789n);
    assert.deepEqual([cells.PMEVTYPER4_EL0, cells.PMEVCNTR4_EL0, machine.mrs('pmxevcntr_el0')], [0xc000_03ffn, 0x2345_6789n, 0x2345_6789n]);
    machine.msr('pmselr_el0', 31n);
    machine.msr('pmxevtyper_el0', 0xffff_ffffn);
    assert.deepEqual([cells.PMCCFILTR_EL0, machine.mrs('pmxevtyper_el0'), machine.mrs('pmxevcntr_el0')], [0xc000_0000n, 0xc000_0000n, 0n]);
    machine.msr('pmselr_el0', 6n);
    machine.msr('pmxevcntr_el0', 5n);
    assert.equal(machine.mrs('pmxevcntr_el0'), 0n);
  });

  test(`${engine}: software increments count where the event is chosen, the counter enabled, and the level not left out`, () => {
    const machine = engineMachine(engine, 'nop'), { cells } = machine.ctx;
    machine.msr('pmevtyper1_el0', INSTRUCTIONS);
    machine.msr('pmevtyper3_el0', NOT_EL1);
    machine.msr('pmcntenset_el0', 0b1011n);
    machine.msr('pmswinc_el0', 0b1101n);
    assert.equal(cells.PMEVCNTR0_EL0, 0n, 'nothing counts without PMCR_EL0.E');
    machine.msr('pmcr_el0', 1n);
    for (let i = 0; i < 3; i++) machine.msr('pmswinc_el0', 0b1101n);
    assert.deepEqual([cells.PMEVCNTR0_EL0, cells.PMEVCNTR2_EL0, cells.PMEVCNTR3_EL0], [3n, 0n, 0n]);
  });

  test(`${engine}: an overflow is noted, and raises the line while it is enabled, not cleared, and PMCR_EL0.E set`, () => {
    let line = false;
    const machine = engineMachine(engine, 'nop', { performance: { line: level => { line = level; } } }), { cells } = machine.ctx;
    machine.msr('pmcntenset_el0', 1n);
    machine.msr('pmcr_el0', 1n);
    machine.msr('pmevcntr0_el0', 0xffff_ffffn);
    machine.msr('pmswinc_el0', 1n);
    assert.deepEqual([cells.PMEVCNTR0_EL0, cells.PMOVSCLR_EL0, line], [0n, 1n, false]);
    machine.msr('pmintenset_el1', 1n);
    assert.equal(line, true);
    machine.msr('pmcr_el0', 0n);
    assert.equal(line, false);
    machine.msr('pmcr_el0', 1n);
    assert.equal(line, true);
    machine.msr('pmovsclr_el0', 1n);
    assert.equal(line, false);
  });

  test(`${engine}: counted instructions overflow where a run bounded by nextOverflow ends; the cycle counter has 64 bits`, () => {
    let line = false;
    const machine = engineMachine(engine, 'loop: add x0, x0, #1\nb loop', { performance: { line: level => { line = level; } } }), { ctx } = machine;
    machine.msr('pmevtyper0_el0', INSTRUCTIONS);
    machine.msr('pmintenset_el1', 1n | CYCLE_COUNTER);
    machine.msr('pmcntenset_el0', 1n | CYCLE_COUNTER);
    machine.msr('pmcr_el0', 1n);
    assert.deepEqual(nextOverflow(ctx), { instructions: 1n << 32n, cycles: 1n << 64n });
    machine.msr('pmevcntr0_el0', 0xffff_fc00n);
    machine.msr('pmccntr_el0', 0xffff_ffffn);
    countEvents(ctx);
    const { instructions } = nextOverflow(ctx);
    assert.ok(instructions !== null && instructions <= 0x400n);
    machine.run(instructions - 1n);
    countEvents(ctx);
    assert.equal(line, false);
    machine.run(1n);
    countEvents(ctx);
    assert.equal(line, true);
    assert.deepEqual([ctx.cells.PMOVSCLR_EL0, ctx.cells.PMEVCNTR0_EL0], [1n, 0n]);
    assert.deepEqual(nextOverflow(ctx).instructions, null, 'what has overflowed waits for nothing more');
    assert.ok(ctx.cells.PMCCNTR_EL0! > 0x1_0000_0000n);
  });

  test(`${engine}: EL0 reaches what PMUSERENR_EL0 opens, and traps elsewhere`, () => {
    const opens = (value: bigint, text: string): boolean => {
      const machine = engineMachine(engine, `${text}\nsvc #0`);
      machine.msr('pmuserenr_el0', value);
      machine.toEl0();
      const esr = machine.toException();
      assert.ok(esr === SVC || esr >> 26n === TRAPPED, `${text}: ${esr.toString(16)}`);
      return esr === SVC;
    };
    const rules: readonly (readonly [string, bigint])[] = [
      ['mrs x0, pmcr_el0', 0n], ['msr pmcr_el0, x0', 0n], ['mrs x0, pmceid0_el0', 0n], ['msr pmxevtyper_el0, x0', 0n], ['mrs x0, pmevtyper1_el0', 0n],
      ['msr pmovsset_el0, x0', 0n], ['msr pmswinc_el0, x0', 2n], ['mrs x0, pmccntr_el0', 4n], ['msr pmccntr_el0, x0', 0n],
      ['mrs x0, pmevcntr1_el0', 8n], ['msr pmevcntr1_el0, x0', 0n], ['mrs x0, pmxevcntr_el0', 8n], ['msr pmselr_el0, x0', 8n], ['mrs x0, pmselr_el0', 8n],
    ];
    for (const [text, opener] of rules) {
      for (const value of [0n, 2n, 4n, 8n]) assert.equal(opens(value, text), value === opener && value !== 0n, `${text} with ${value}`);
      assert.ok(opens(1n, text), text);
    }
    assert.ok(opens(0n, 'mrs x0, pmuserenr_el0'));
  });

  test(`${engine}: the interrupt enables and PMUSERENR_EL0 are EL1's to write`, () => {
    for (const text of ['msr pmuserenr_el0, x0', 'msr pmintenset_el1, x0', 'mrs x0, pmintenclr_el1']) {
      const machine = engineMachine(engine, text);
      machine.msr('pmuserenr_el0', 15n);
      machine.toEl0();
      assert.equal(machine.toException(), 0x0200_0000n, text);
    }
  });
}

test('cycles spent waiting do not count', () => {
  let now = 0n;
  const machine = engineMachine('reference', 'nop', { performance: { line() {}, cycles: () => now } }), { ctx } = machine;
  machine.msr('pmcntenset_el0', CYCLE_COUNTER);
  machine.msr('pmcr_el0', 1n);
  now = 100n;
  countEvents(ctx);
  now = 5000n;
  skipCycles(ctx);
  now = 5030n;
  countEvents(ctx);
  assert.equal(ctx.cells.PMCCNTR_EL0, 130n);
});

test('the events there are: software increments, retired instructions, cycles', () => {
  const machine = engineMachine('reference', 'nop');
  assert.deepEqual([machine.mrs('pmceid0_el0'), machine.mrs('pmceid1_el0')], [0x2_0101n, 0n]);
});
