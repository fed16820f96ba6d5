import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RAM, testMachine } from '../../test/machine.ts';
import { eret, selectStack, setNzcv, supervisorCall, takeException, takeInterrupt, takeTrap } from './index.ts';

const VECTORS = RAM + 0x1000n;
const machine = () => {
  const made = testMachine();
  made.ctx.cells.VBAR_EL1 = VECTORS;
  return made;
};

test('an SVC from EL0 enters the lower-EL vector, banks the stack pointer and saves PSTATE', () => {
  const { ctx } = machine(), { cpu, cells } = ctx;
  cells.SP_EL0 = 0x1110n;
  cpu.x[31] = 0x2220n;
  selectStack(cpu, cells, 0, 0);
  cpu.daif = 0;
  setNzcv(cpu, 0b0110);
  takeTrap(ctx, supervisorCall(42), 0x8004n);
  assert.equal(cpu.pc, VECTORS + 0x400n);
  assert.equal(cells.ESR_EL1, 0x5600_002an);
  assert.equal(cells.ELR_EL1, 0x8004n);
  assert.equal(cells.SPSR_EL1, 0x6000_0000n);
  assert.deepEqual([cpu.el, cpu.spsel, cpu.daif, cpu.x[31], cells.SP_EL0], [1, 1, 15, 0x2220n, 0x1110n]);
});

test('exceptions within EL1 choose their vector by the stack pointer, and interrupts leave ESR alone', () => {
  const { ctx } = machine(), { cpu, cells } = ctx;
  cells.ESR_EL1 = 7n;
  takeException(ctx, 'irq', { preferredReturn: 4n });
  assert.equal(cpu.pc, VECTORS + 0x280n);
  selectStack(cpu, cells, 1, 0);
  takeException(ctx, 'fiq', { preferredReturn: 4n });
  assert.equal(cpu.pc, VECTORS + 0x100n);
  assert.equal(cells.ESR_EL1, 7n);
  assert.equal(cells.SPSR_EL1 & 15n, 4n);
});

test('PAN is set on entry unless SCTLR_EL1.SPAN keeps it, SSBS follows DSSBS', () => {
  const { ctx } = machine(), { cpu, cells } = ctx;
  cells.SCTLR_EL1 = 1n << 23n;
  takeException(ctx, 'irq', { preferredReturn: 0n });
  assert.deepEqual([cpu.pan, cpu.ssbs], [0, 0]);
  cells.SCTLR_EL1 = 1n << 44n;
  takeException(ctx, 'irq', { preferredReturn: 0n });
  assert.deepEqual([cpu.pan, cpu.ssbs], [1, 1]);
});

test('ERET restores what an exception saved, and closes the exclusive monitor', () => {
  const { ctx } = machine(), { cpu, cells } = ctx;
  cells.SPSR_EL1 = 0x9060_0240n;
  cells.ELR_EL1 = 0xabc0n;
  cells.SP_EL0 = 0x10n;
  cpu.exclusiveBytes = 8;
  eret(ctx);
  assert.deepEqual([cpu.pc, cpu.el, cpu.x[31], cpu.daif, cpu.pan, cpu.exclusiveBytes, cpu.il], [0xabc0n, 0, 0x10n, 9, 1, 0, 0]);
});

for (const [why, mode] of [['AArch32', 0x10n], ['EL2', 9n], ['EL0 with SP_EL1', 1n], ['reserved', 7n]] as const) {
  test(`ERET to ${why} is illegal: the level stays and PSTATE.IL is set`, () => {
    const { ctx } = machine(), { cpu, cells } = ctx;
    cells.SPSR_EL1 = 0x4000_0000n | mode;
    eret(ctx);
    assert.deepEqual([cpu.el, cpu.spsel, cpu.il, cpu.zf, cpu.daif], [1, 1, 1, 0n, 0]);
  });
}

test('an interrupt is taken only while its line is up and its mask is clear', () => {
  const { ctx } = machine(), { cpu } = ctx;
  cpu.lines = 1;
  assert.equal(takeInterrupt(ctx), false);
  cpu.daif = 2;
  assert.equal(takeInterrupt(ctx), false);
  cpu.daif = 13;
  cpu.pc = 0x44n;
  assert.equal(takeInterrupt(ctx), true);
  assert.deepEqual([cpu.pc, ctx.cells.ELR_EL1], [VECTORS + 0x280n, 0x44n]);
});

test('an address with an ignored top byte is branched to without it', () => {
  const { ctx } = machine(), { cells } = ctx;
  cells.TCR_EL1 = 1n << 37n;
  cells.ELR_EL1 = 0x5a00_0000_0000_1000n;
  cells.SPSR_EL1 = 0n;
  eret(ctx);
  assert.equal(ctx.cpu.pc, 0x1000n);
});
