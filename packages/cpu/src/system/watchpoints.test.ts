import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DATA, ENGINES, type EngineMachine, type EngineName, engineMachine, PROGRAM } from '../../test/debug-machine.ts';
import { answerAccess, EXIT } from '../index.ts';

const MDE = 1n << 15n, KDE = 1n << 13n;
const E = 1n, EL1 = 1n << 1n, EL0 = 1n << 2n, LOADS = 1n << 3n, STORES = 1n << 4n;
const bas = (bytes: number): bigint => BigInt(bytes) << 5n;
const mask = (bits: number): bigint => (BigInt(bits) << 24n) | bas(0xff);
const ANY = E | EL0 | EL1 | LOADS | STORES, WATCH = ANY | bas(0xff);
const READ = 0xd200_0022n, WRITE = 0xd200_0062n, READ_EL1 = 0xd600_0022n, SVC = 0x5600_0000n;

/** `source` and SVC at EL0 with the MMU on; x1 is DATA, and watchpoint 2 as asked for. */
function armed(engine: EngineName, source: string, control = WATCH, address = DATA): EngineMachine {
  const machine = engineMachine(engine, `${source}\nsvc #0`, { mapped: true });
  machine.msr('oslar_el1', 0n);
  machine.msr('mdscr_el1', MDE);
  machine.msr('dbgwvr2_el1', address);
  machine.msr('dbgwcr2_el1', control);
  machine.ctx.cpu.x[1] = DATA;
  machine.toEl0();
  return machine;
}
/** ESR_EL1 and how far FAR_EL1 is from DATA. */
function outcome(machine: EngineMachine): readonly [bigint, bigint] {
  const esr = machine.toException();
  return [esr, esr === SVC ? 0n : machine.ctx.cells.FAR_EL1 - DATA];
}

for (const engine of ENGINES) {
  test(`${engine}: a watched store is not done, tells where and that it wrote, and is done once the watchpoint is off`, () => {
    const machine = armed(engine, 'mov x0, #-1\nstr x0, [x1]'), { cells, memory } = machine.ctx;
    assert.deepEqual(outcome(machine), [WRITE, 0n]);
    assert.deepEqual([memory.load(DATA, 8), cells.ELR_EL1], [0n, PROGRAM + 4n]);
    machine.msr('dbgwcr2_el1', 0n);
    machine.back();
    assert.equal(machine.toException(), SVC);
    assert.equal(memory.load(DATA, 8), 0xffff_ffff_ffff_ffffn);
  });

  test(`${engine}: a watched load leaves its register alone`, () => {
    const machine = armed(engine, 'mov x0, #5\nldr x0, [x1]');
    assert.deepEqual(outcome(machine), [READ, 0n]);
    assert.equal(machine.ctx.cpu.x[0], 5n);
  });

  test(`${engine}: only the bytes of BAS count, in the doubleword or the word that DBGWVR names`, () => {
    const cases: readonly (readonly [string, number, bigint, bigint | null])[] = [
      ['ldrb w0, [x1, #2]', 0b100, DATA, 2n], ['ldrb w0, [x1, #1]', 0b100, DATA, null], ['ldrb w0, [x1, #3]', 0b100, DATA, null],
      ['ldr w0, [x1]', 0b1100, DATA, 2n], ['ldr w0, [x1, #4]', 0b1100, DATA, null], ['ldr x0, [x1, #8]', 0xff, DATA, null],
      ['ldrb w0, [x1, #5]', 0b10, DATA + 4n, 5n], ['ldrb w0, [x1, #1]', 0b10, DATA + 4n, null], ['ldrb w0, [x1, #7]', 0xf0, DATA + 4n, null],
      ['ldp x2, x3, [x1, #-8]', 0b1000, DATA, 3n], ['ldur x0, [x1, #-3]', 0b10000, DATA, 4n], ['ldur x0, [x1, #-4]', 0b10000, DATA, null],
      ['ldr q0, [x1, #-16]', 0xff, DATA, null], ['ldur q0, [x1, #-8]', 0xff, DATA, 0n], ['ld1 {v0.16b, v1.16b}, [x1]', 1, DATA + 24n, 24n],
    ];
    // Accesses below the watched address need a page there.
    for (const [source, bytes, address, expected] of cases) {
      const base = source.includes('#-') ? 0x1000n : 0n;
      const machine = armed(engine, source, ANY | bas(bytes), address + base);
      machine.ctx.cpu.x[1] = DATA + base;
      const [esr, far] = outcome(machine);
      assert.deepEqual(expected === null ? [esr] : [esr, far - base], expected === null ? [SVC] : [READ, expected], `${source} ${bytes.toString(2)}`);
    }
  });

  test(`${engine}: LSC chooses loads or stores, PAC the level, E and MDE and the OS lock whether there is anything`, () => {
    const both = 'ldr x0, [x1]\nstr x0, [x1, #8]\nstr x0, [x1]';
    assert.deepEqual(outcome(armed(engine, both, E | EL0 | LOADS | bas(0xff))), [READ, 0n]);
    assert.deepEqual(outcome(armed(engine, both, E | EL0 | STORES | bas(0xff))), [WRITE, 0n]);
    for (const control of [E | EL0 | bas(0xff), E | EL1 | LOADS | STORES | bas(0xff), WATCH & ~E, WATCH | (1n << 13n), WATCH | (1n << 14n), ANY]) {
      assert.deepEqual(outcome(armed(engine, both, control)), [SVC, 0n], control.toString(16));
    }
    for (const [register, value] of [['mdscr_el1', 0n], ['oslar_el1', 1n]] as const) {
      const machine = armed(engine, both);
      machine.msr(register, value);
      assert.deepEqual(outcome(machine), [SVC, 0n]);
    }
  });

  test(`${engine}: MASK watches a block of up to 2 GiB; 1 and 2, or a mask with some bytes left out, watch nothing`, () => {
    const load = (offset: number) => `ldr x0, [x1, #${offset}]`;
    const far = (offset: number, control: bigint) => outcome(armed(engine, load(offset), control, DATA + 0x100n));
    assert.deepEqual(far(0x100, ANY | mask(8)), [READ, 0x100n]);
    assert.deepEqual(far(0x1f8, ANY | mask(8)), [READ, 0x1f8n]);
    assert.deepEqual(far(0x200, ANY | mask(8)), [SVC, 0n]);
    assert.deepEqual(far(0xf8, ANY | mask(8)), [SVC, 0n]);
    assert.deepEqual(far(0x1008, ANY | mask(31)), [READ, 0x1008n]);
    assert.deepEqual(far(0x100, ANY | mask(3)), [READ, 0x100n]);
    for (const control of [ANY | mask(1), ANY | mask(2), ANY | (8n << 24n) | bas(0x7f)]) assert.deepEqual(far(0x100, control), [SVC, 0n]);
  });

  test(`${engine}: a watchpoint set after its page was used is met, and other bytes of the page stay usable`, () => {
    const machine = armed(engine, 'add x2, x2, #1\nldr x0, [x1]\nstr x0, [x1, #16]\ncmp x2, #3\nb.ne .-16', 0n);
    assert.deepEqual(outcome(machine), [SVC, 0n]);
    machine.msr('dbgwcr2_el1', E | EL0 | STORES | bas(0xff));
    machine.toEl0();
    machine.ctx.cpu.x[2] = 0n;
    assert.deepEqual(outcome(machine), [SVC, 0n]);
    machine.msr('dbgwvr2_el1', DATA + 16n);
    machine.toEl0();
    assert.deepEqual(outcome(machine), [WRITE, 16n]);
  });

  test(`${engine}: atomics count as reads where reads are watched, else as writes; exclusives as what they are`, () => {
    assert.deepEqual(outcome(armed(engine, 'ldadd x0, x2, [x1]')), [READ, 0n]);
    assert.deepEqual(outcome(armed(engine, 'ldadd x0, x2, [x1]', E | EL0 | STORES | bas(0xff))), [WRITE, 0n]);
    assert.deepEqual(outcome(armed(engine, 'casp x2, x3, x4, x5, [x1]', E | EL0 | STORES | bas(1), DATA + 8n)), [WRITE, 8n]);
    assert.deepEqual(outcome(armed(engine, 'ldxr x2, [x1]')), [READ, 0n]);
    const exclusive = armed(engine, 'ldxr x2, [x1]\nstxr w3, x1, [x1]', E | EL0 | STORES | bas(0xff));
    assert.deepEqual(outcome(exclusive), [WRITE, 0n]);
    assert.equal(exclusive.ctx.memory.load(DATA, 8), 0n);
    const far = armed(engine, 'ldadd x0, x2, [x1]', WATCH, DATA + 8n);
    far.ctx.cpu.x[0] = 3n;
    assert.deepEqual(outcome(far), [SVC, 0n]);
    assert.equal(far.ctx.memory.load(DATA, 8), 3n);
  });

  test(`${engine}: DC ZVA writes its whole block`, () => {
    const machine = armed(engine, 'dc zva, x1', E | EL0 | STORES | bas(0xff), DATA + 0x28n);
    machine.ctx.memory.store(DATA, 8, 9n);
    machine.msr('sctlr_el1', 1n | (1n << 14n));
    machine.ctx.cpu.x[1] = DATA + 8n;
    assert.deepEqual(outcome(machine), [WRITE, 0x28n]);
    assert.equal(machine.ctx.memory.load(DATA, 8), 9n);
  });

  test(`${engine}: what translation forbids comes before the watchpoint`, () => {
    const machine = armed(engine, 'ldr x0, [x1]', WATCH, DATA + 0x8000n);
    machine.ctx.cpu.x[1] = DATA + 0x8000n;
    assert.equal(machine.toException(), 0x9200_0007n);
  });

  test(`${engine}: at EL1 KDE and PSTATE.D decide; LDTR there is EL0's access`, () => {
    const at1 = (source: string, control: bigint, mdscr: bigint, daif: number) => {
      const machine = armed(engine, source, control);
      machine.msr('mdscr_el1', mdscr);
      Object.assign(machine.ctx.cpu, { el: 1, spsel: 1, daif });
      machine.changed();
      return outcome(machine);
    };
    assert.deepEqual(at1('ldr x0, [x1]', WATCH, MDE, 0), [SVC, 0n]);
    assert.deepEqual(at1('ldr x0, [x1]', WATCH, MDE | KDE, 8), [SVC, 0n]);
    assert.deepEqual(at1('ldr x0, [x1]', WATCH, MDE | KDE, 0), [READ_EL1, 0n]);
    const user = E | EL0 | LOADS | bas(0xff);
    assert.deepEqual(at1('ldr x0, [x1]\nldtr x0, [x1]', user, MDE | KDE, 0), [READ_EL1, 0n]);
    assert.deepEqual(at1('ldr x0, [x1]', user, MDE | KDE, 0), [SVC, 0n]);
  });

  test(`${engine}: a watchpoint linked to a context waits for CONTEXTIDR_EL1`, () => {
    for (const [context, expected] of [[77n, READ], [78n, SVC]] as const) {
      const machine = armed(engine, 'ldr x0, [x1]', WATCH | (1n << 20n) | (5n << 16n));
      machine.msr('dbgbvr5_el1', 77n);
      machine.msr('dbgbcr5_el1', E | (3n << 20n));
      machine.msr('contextidr_el1', context);
      assert.equal(machine.toException(), expected);
    }
  });

  test(`${engine}: places outside RAM are watched before they are accessed`, () => {
    const outside = 0x900_0000n;
    const machine = engineMachine(engine, 'ldr x0, [x1]\nldr x0, [x1, #8]\nsvc #0'), { cpu } = machine.ctx;
    machine.msr('oslar_el1', 0n);
    machine.msr('mdscr_el1', MDE);
    machine.msr('dbgwvr0_el1', outside + 8n);
    machine.msr('dbgwcr0_el1', WATCH);
    cpu.x[1] = outside;
    machine.toEl0();
    assert.equal(machine.run(), EXIT.mmio);
    answerAccess(cpu, 1n);
    assert.equal(machine.toException(), READ);
    assert.deepEqual([cpu.x[0], machine.ctx.cells.FAR_EL1], [1n, outside + 8n]);
  });
}
