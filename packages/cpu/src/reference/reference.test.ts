import assert from 'node:assert/strict';
import { test } from 'node:test';
import { A64, decoder, FEATURES } from '@hypnos/isa';
import { AF, MAIR, RAM, Tables, testMachine, USER } from '../../test/machine.ts';
import { EXIT, evaluateFp, selectStack, startTranslation } from '../index.ts';
import { createReference } from './reference.ts';

const decode = decoder(A64, new Set(FEATURES));
const VECTORS = RAM + 0x1000n, NOP = 0xd503_201f, ADD_X0_1 = 0x9100_0400, BRANCH_BACK = 0x17ff_ffff, ERET = 0xd69f_03e0, WFI = 0xd503_207f;
const LDR_X0_X1 = 0xf940_0020, STR_X0_X1 = 0xf900_0020, LDR_X0_SP = 0xf940_03e0, LDXR_X2_X1 = 0xc85f_7c22, STXR_W3_X0_X1 = 0xc803_7c20;

/** A program at the start of RAM, at EL1; each vector holds a NOP. With `mapped`, the MMU is on and RAM mapped one to one for both levels. */
function machine(words: readonly number[], mapped = false) {
  const { ctx, memory } = testMachine();
  words.forEach((word, i) => memory.store(RAM + BigInt(i * 4), 4, BigInt(word)));
  for (let at = 0n; at < 0x800n; at += 4n) memory.store(VECTORS + at, 4, BigInt(NOP));
  ctx.cells.VBAR_EL1 = VECTORS;
  if (mapped) {
    const low = new Tables(memory, RAM + 0x20_0000n, 48, 12);
    for (const [page, user] of [[0n, 0n], [0x1000n, 0n], [0x2000n, USER], [0x3000n, USER]] as const) low.map(RAM + page, (RAM + page) | AF | user);
    Object.assign(ctx.cells, { SCTLR_EL1: 1n, MAIR_EL1: MAIR, TTBR0_EL1: low.root, TCR_EL1: 16n | (2n << 32n) });
    startTranslation(ctx);
  }
  return { ...ctx, ctx, engine: createReference(ctx, decode, evaluateFp) };
}

test('a run retires exactly its budget', () => {
  const { cpu, engine } = machine([ADD_X0_1, BRANCH_BACK]);
  assert.equal(engine.run(101n), EXIT.budget);
  assert.deepEqual([cpu.retired, cpu.x[0], cpu.pc], [101n, 51n, RAM + 4n]);
});

test('an SVC retires and its handler follows; a fault does not retire', () => {
  const { cpu, cells, engine } = machine([0xd400_0001 | (7 << 5), NOP, LDR_X0_X1]);
  engine.run(1n);
  assert.deepEqual([cpu.retired, cpu.pc, cells.ESR_EL1 & 0xffffn, cells.ELR_EL1], [1n, VECTORS + 0x200n, 7n, RAM + 4n]);
  cpu.pc = RAM + 8n;
  cpu.x[1] = 1n << 44n;
  engine.run(1n);
  assert.deepEqual([cpu.retired, cpu.pc], [1n, VECTORS + 0x200n], 'the exception used the budget up');
  assert.deepEqual([cells.ESR_EL1, cells.FAR_EL1], [0x9600_0000n, 1n << 44n], 'address size fault of the same level');
});

test('a store across pages of which the second faults writes nothing', () => {
  const { cpu, cells, engine, memory } = machine([STR_X0_X1], true);
  Object.assign(cpu.x, { 0: -1n, 1: RAM + 0x3ffcn });
  engine.run(1n);
  assert.equal(memory.load(RAM + 0x3ffcn, 4), 0n);
  assert.deepEqual([cells.FAR_EL1, cells.ESR_EL1], [RAM + 0x4000n, 0x9600_0047n]);
});

test('EL0 is kept from EL1 pages, and fetching from outside is an instruction abort of the lower level', () => {
  const { cpu, cells, engine, ctx } = machine([], true);
  selectStack(cpu, cells, 0, 0);
  ctx.cpu.pc = RAM + 0x4000n;
  engine.run(1n);
  assert.deepEqual([cells.ESR_EL1, cells.FAR_EL1, cells.SPSR_EL1 & 15n], [0x8200_0007n, RAM + 0x4000n, 0n]);
  assert.equal(cpu.pc, VECTORS + 0x400n);
});

test('EL0 restricts predictions only if SCTLR_EL1.EnRCTX lets it', () => {
  const { cpu, cells, engine, memory } = machine([], true);
  memory.store(RAM + 0x2000n, 4, 0xd50b_7380n);
  for (const enabled of [true, false]) {
    selectStack(cpu, cells, 0, 0);
    cells.SCTLR_EL1 = enabled ? 1n | (1n << 10n) : 1n;
    cpu.pc = RAM + 0x2000n;
    engine.run(1n);
    assert.equal(cpu.pc, enabled ? RAM + 0x2004n : VECTORS + 0x400n);
  }
  assert.equal(cells.ESR_EL1, 0x6218_dc06n, 'CFP RCTX trapped as a system instruction');
});

test('misaligned: the program counter, a checked stack pointer, Device memory', () => {
  const { cpu, cells, engine } = machine([LDR_X0_SP, LDR_X0_X1]);
  cells.SCTLR_EL1 = 8n;
  cpu.spChecked = 2;
  cpu.x[31] = RAM + 8n;
  engine.run(1n);
  assert.equal(cells.ESR_EL1 >> 26n, 0x26n);
  Object.assign(cpu, { pc: RAM + 4n });
  cpu.x[1] = RAM + 0x2001n;
  engine.run(1n);
  assert.deepEqual([cells.ESR_EL1, cells.FAR_EL1], [0x9600_0021n, RAM + 0x2001n]);
  cpu.pc = RAM + 2n;
  engine.run(1n);
  assert.deepEqual([cells.ESR_EL1 >> 26n, cells.FAR_EL1], [0x22n, RAM + 2n]);
});

test('floating point that CPACR_EL1 traps, and an illegal state', () => {
  const { cpu, cells, engine } = machine([0x1e60_4020, NOP]);
  cpu.fpTrapped = 3;
  engine.run(1n);
  assert.equal(cells.ESR_EL1, 0x1fe0_0000n);
  Object.assign(cpu, { pc: RAM + 4n, il: 1 });
  engine.run(1n);
  assert.deepEqual([cells.ESR_EL1 >> 26n, cells.SPSR_EL1 >> 20n & 1n, cpu.il], [0x0en, 1n, 0]);
});

test('an interrupt that ERET unmasks is taken before the next instruction', () => {
  const { cpu, cells, engine } = machine([ERET, ADD_X0_1]);
  cells.SPSR_EL1 = 5n;
  cells.ELR_EL1 = RAM + 4n;
  cpu.lines = 1;
  engine.run(1n);
  assert.deepEqual([cpu.pc, cells.ELR_EL1, cpu.x[0]], [VECTORS + 0x280n, RAM + 4n, 0n]);
});

test('WFI comes out behind itself, and HVC with its immediate', () => {
  const { cpu, engine } = machine([WFI, 0xd400_0002 | (9 << 5)]);
  assert.equal(engine.run(10n), EXIT.wfi);
  assert.equal(cpu.pc, RAM + 4n);
  assert.equal(engine.run(10n), EXIT.hvc);
  assert.deepEqual([cpu.pc, cpu.exitDetail, cpu.retired], [RAM + 8n, 9, 2n]);
});

test('a store exclusive succeeds once, and not after another write or an exception return', () => {
  const program = [LDXR_X2_X1, STXR_W3_X0_X1, STXR_W3_X0_X1];
  const { cpu, engine, memory } = machine(program, true);
  Object.assign(cpu.x, { 0: 5n, 1: RAM + 0x2000n, 3: 9n });
  engine.run(2n);
  assert.deepEqual([cpu.x[3], memory.load(RAM + 0x2000n, 8)], [0n, 5n]);
  engine.run(1n);
  assert.equal(cpu.x[3], 1n);
  cpu.pc = RAM;
  engine.run(1n);
  memory.store(RAM + 0x2000n, 8, 6n);
  engine.run(1n);
  assert.deepEqual([cpu.x[3], memory.load(RAM + 0x2000n, 8)], [1n, 6n]);
});

test('unallocated words and stray attention', () => {
  const { cpu, cells, engine } = machine([0]);
  cpu.attention = 2;
  assert.equal(engine.run(5n), EXIT.attention);
  assert.equal(cpu.retired, 0n);
  cpu.attention = 0;
  engine.run(1n);
  assert.deepEqual([cells.ESR_EL1, cells.ELR_EL1], [0x0200_0000n, RAM]);
});
