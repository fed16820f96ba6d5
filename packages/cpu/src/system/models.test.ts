/** A CPU model has what it advertises and nothing else: the rest is UNDEFINED on both engines (DDI 0487 D1.3, EC 0). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  A64, assemble, cpuModels, decoder, el0Control, encode, encodingOf, formsOf, present, randomFrom, sampleFields, SYSTEM_REGISTERS, type SystemRegister,
} from '@hypnos/isa';
import { DATA, ENGINES, type EngineMachine, engineMachine, PROGRAM } from '../../test/debug-machine.ts';
import { RAM } from '../../test/machine.ts';

const UNKNOWN = 0x0200_0000n;
const MODELS = ['default', 'cortex-a57'] as const;

/** Runs one word at an exception level; whether it is UNDEFINED: the exception is of an unknown reason and comes back to it. */
function undefinedAt(machine: EngineMachine, el: number, word: number): boolean {
  const { ctx } = machine, at = RAM + 0x1_0000n;
  ctx.memory.store(at, 4, BigInt(word));
  ctx.ports.forgetCode('all');
  machine.toEl0();
  if (el) Object.assign(ctx.cpu, { el: 1, spsel: 1 });
  Object.assign(ctx.cpu, { pc: at, daif: 15 });
  Object.assign(ctx.cells, { ESR_EL1: 0xffffn, ELR_EL1: 0n });
  machine.changed();
  machine.run(1n);
  return ctx.cells.ESR_EL1 === UNKNOWN && ctx.cells.ELR_EL1 === at;
}

const move = (read: boolean, { at: [op0, op1, n, m, op2] }: SystemRegister) =>
  (0xd500_0000 | (read ? 1 << 21 : 0) | (op0 << 19) | (op1 << 16) | (n << 12) | (m << 8) | (op2 << 5) | 1) >>> 0;

for (const name of MODELS) {
  const model = cpuModels[name], absent = A64.filter(row => !present(row, model.features)), decode = decoder(A64, model.features);
  for (const engine of ENGINES) {
    test(`${engine}, ${name}: every row whose feature is not advertised is UNDEFINED at both levels`, () => {
      const machine = engineMachine(engine, '', { model });
      for (const row of absent) {
        for (const { sample } of formsOf(row)) for (const el of [0, 1]) assert.ok(undefinedAt(machine, el, sample.word), `${row.name} at EL${el}: ${sample.word.toString(16)}`);
        let tried = 0;
        for (const fields of sampleFields(row, 2)) {
          const word = encode(row, fields);
          // Half-precision forms lie within patterns of rows that are there.
          if (decode(word) !== null || tried++ > 8) continue;
          assert.ok(undefinedAt(machine, 1, word), `${row.name}: ${word.toString(16)}`);
        }
      }
    });

    test(`${engine}, ${name}: every register whose feature is not advertised is UNDEFINED, to read and to write`, () => {
      const machine = engineMachine(engine, '', { model });
      for (const row of SYSTEM_REGISTERS.filter(register => !present(register, model.features))) {
        for (const el of [0, 1]) for (const read of [true, false]) assert.ok(undefinedAt(machine, el, move(read, row)), `${row.name} at EL${el}`);
      }
    });

    test(`${engine}, ${name}: a register EL1 reaches is not UNDEFINED there, and EL0's reach is as its row says or trapped`, () => {
      const machine = engineMachine(engine, '', { model });
      for (const row of SYSTEM_REGISTERS.filter(register => present(register, model.features))) {
        for (const read of [true, false]) {
          const reaches = (reach: SystemRegister['el0']) => reach === 'read-write' || reach === (read ? 'read' : 'write');
          machine.restart('');
          assert.equal(undefinedAt(machine, 1, move(read, row)), !reaches(row.el1), `${read ? 'MRS' : 'MSR'} ${row.name}`);
          machine.restart('');
          assert.equal(undefinedAt(machine, 0, move(read, row)), !reaches(row.el0), `${read ? 'MRS' : 'MSR'} ${row.name} at EL0`);
        }
      }
    });
  }
}

/** Everything that can keep EL0 out, closed and open: registers of EL1 with their values. */
const CLOSED = { sctlr_el1: 1n << 20n, cntkctl_el1: 0n, pmuserenr_el0: 0n, cpacr_el1: 0n, mdscr_el1: 1n << 12n };
const OPEN = { sctlr_el1: (1n << 9n) | (1n << 15n), cntkctl_el1: 0x303n, pmuserenr_el0: 15n, cpacr_el1: 3n << 20n, mdscr_el1: 0n };

for (const engine of ENGINES) {
  test(`${engine}: EL0 is trapped from a register exactly where the support table names a control, while that is closed`, () => {
    const machine = engineMachine(engine, '', { model: cpuModels.default }), TRAPPED: readonly bigint[] = [0x18n, 0x07n];
    const trapped = (controls: Readonly<Record<string, bigint>>, word: number): boolean => {
      machine.restart('');
      for (const [name, value] of Object.entries(controls)) machine.msr(name, value);
      undefinedAt(machine, 0, word);
      return TRAPPED.includes(machine.ctx.cells.ESR_EL1 >> 26n);
    };
    for (const row of SYSTEM_REGISTERS) {
      for (const read of [true, false]) {
        if (row.el0 !== 'read-write' && row.el0 !== (read ? 'read' : 'write')) continue;
        assert.equal(trapped(CLOSED, move(read, row)), el0Control(row) !== null, `${read ? 'MRS' : 'MSR'} ${row.name}`);
        assert.equal(trapped(OPEN, move(read, row)), false, `${read ? 'MRS' : 'MSR'} ${row.name}, opened`);
      }
    }
  });

  test(`${engine}: any other place of MRS and MSR is UNDEFINED`, () => {
    const machine = engineMachine(engine, '', { model: cpuModels.default }), random = randomFrom(1);
    const places = new Set(SYSTEM_REGISTERS.map(({ at }) => encodingOf(at)));
    for (let i = 0; i < 1500; i++) {
      const at = [2 + random(2), random(8), random(16), random(16), random(8)] as const;
      if (places.has(encodingOf(at))) continue;
      const word = (0xd500_0000 | (random(2) << 21) | (at[0] << 19) | (at[1] << 16) | (at[2] << 12) | (at[3] << 8) | (at[4] << 5)) >>> 0;
      assert.ok(undefinedAt(machine, 1, word), word.toString(16));
    }
  });
}

const spsr = { pan: 1n << 22n, uao: 1n << 23n, dit: 1n << 24n, ssbs: 1n << 12n } as const;

for (const engine of ENGINES) {
  test(`${engine}: PSTATE fields that a model lacks are not taken from SPSR, and its control bits stay as they are`, () => {
    const machine = engineMachine(engine, 'eret\nnop', { model: cpuModels['cortex-a57'] }), { cpu, cells } = machine.ctx;
    machine.msr('spsr_el1', 5n | spsr.pan | spsr.uao | spsr.dit | spsr.ssbs);
    machine.msr('elr_el1', PROGRAM + 4n);
    machine.run(1n);
    assert.deepEqual([cpu.pc, cpu.pan, cpu.uao, cpu.dit, cpu.ssbs], [PROGRAM + 4n, 0, 0, 0, 0]);
    machine.msr('sctlr_el1', 0n);
    assert.equal(cells.SCTLR_EL1 & (1n << 23n), 1n << 23n, 'SPAN is RES1');
    machine.msr('fpcr', 1n << 19n);
    assert.equal(cells.FPCR, 0n, 'FZ16 is RES0');
    machine.msr('tcr_el1', 3n << 39n);
    assert.equal(cells.TCR_EL1, 0n, 'HA and HD are RES0');
  });

  test(`${engine}: the 16 KiB granule is there where it is advertised, and is 4 KiB elsewhere`, () => {
    for (const name of MODELS) {
      const machine = engineMachine(engine, 'ldr x0, [x1]', { model: cpuModels[name], mapped: true }), { cpu } = machine.ctx;
      machine.msr('tcr_el1', machine.ctx.cells.TCR_EL1 | (2n << 14n));
      cpu.x[1] = DATA;
      machine.run(1n);
      assert.equal(cpu.pc === PROGRAM + 4n, name === 'cortex-a57', name);
    }
  });

  test(`${engine}: with PSTATE.UAO unprivileged accesses are EL1's, PAN and all`, () => {
    const machine = engineMachine(engine, 'ldtr x0, [x1]\nsttr x0, [x1]\nldtr x0, [x2]\nsttr x0, [x2]', { mapped: true, model: cpuModels.default }), { cpu } = machine.ctx;
    const vectors = RAM + 0x1000n;
    /** The exception class of each of the four, 0 where there is none. */
    const outcome = (uao: number, pan: number) => [0n, 4n, 8n, 12n].map(offset => {
      machine.restart('ldtr x0, [x1]\nsttr x0, [x1]\nldtr x0, [x2]\nsttr x0, [x2]');
      machine.msr('uao', BigInt(uao) << 23n);
      machine.msr('pan', BigInt(pan) << 22n);
      Object.assign(cpu, { pc: PROGRAM + offset });
      cpu.x[1] = vectors;
      cpu.x[2] = DATA;
      machine.changed();
      const exit = machine.toException(1n);
      return cpu.pc === PROGRAM + offset + 4n ? 0n : exit < 0n ? machine.ctx.cells.ESR_EL1 >> 26n : exit >> 26n;
    });
    const abort = 0x25n;
    assert.deepEqual(outcome(0, 0), [abort, abort, 0n, 0n]);
    assert.deepEqual(outcome(0, 1), [abort, abort, 0n, 0n], 'PAN does not hold for what EL0 would do');
    assert.deepEqual(outcome(1, 0), [0n, 0n, 0n, 0n]);
    assert.deepEqual(outcome(1, 1), [0n, 0n, abort, abort]);
  });

  test(`${engine}: UAO is clear after reset, kept in SPSR, cleared by an exception and put back by ERET; MSR (immediate) sets it`, () => {
    const machine = engineMachine(engine, 'msr uao, #1\nmrs x0, uao\nsvc #0\nmsr uao, #0\nmrs x1, uao', { model: cpuModels.default }), { cpu, cells } = machine.ctx;
    assert.equal(cpu.uao, 0);
    assert.equal(machine.toException() >> 26n, 0x15n);
    assert.equal(cpu.x[0], spsr.uao);
    assert.equal(cpu.uao, 0);
    assert.equal(cells.SPSR_EL1 & spsr.uao, spsr.uao);
    machine.back();
    assert.equal(cpu.uao, 1);
    machine.run(2n);
    assert.equal(cpu.x[1], 0n);
    for (const word of assemble('msr uao, #1\nmsr uao, x0\nmrs x0, uao').words) assert.ok(undefinedAt(machine, 0, word), 'EL0 has no access');
  });

  test(`${engine}: OSDLR_EL1.DLK keeps breakpoints away on a model that has the double lock, unless a debugger asks for power`, () => {
    for (const name of MODELS) {
      const machine = engineMachine(engine, 'nop\nnop\nhvc #0', { model: cpuModels[name] });
      const hits = (osdlr: bigint, power: bigint) => {
        machine.restart('nop\nnop\nhvc #0');
        for (const [register, value] of [['oslar_el1', 0n], ['osdlr_el1', osdlr], ['dbgprcr_el1', power], ['dbgbvr0_el1', PROGRAM + 4n], ['dbgbcr0_el1', 0x1e5n], ['mdscr_el1', 0x8000n]] as const) machine.msr(register, value);
        machine.toEl0();
        return machine.toException() >> 26n === 0x30n;
      };
      const locked = name === 'cortex-a57';
      assert.deepEqual([hits(0n, 0n), hits(1n, 0n), hits(1n, 1n)], [true, !locked, true], name);
    }
  });
}
