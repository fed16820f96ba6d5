import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SYSTEM_REGISTERS, type SystemRegister } from '@hypnos/isa';
import { RAM, testMachine } from '../../test/machine.ts';
import { type CpuContext, EXIT, isTrap, readSystem, runService, savedPstate, selectStack, writeSystem } from '../index.ts';

const row = (name: string): SystemRegister => {
  const found = SYSTEM_REGISTERS.find(r => r.name === name);
  assert.ok(found, name);
  return found;
};
const read = (ctx: CpuContext, name: string) => readSystem(ctx, row(name));
const write = (ctx: CpuContext, name: string, value: bigint) => writeSystem(ctx, row(name), value);
/** A CPU at EL0 standing on `mrs x3, CTR_EL0`. */
function atEl0() {
  const made = testMachine();
  made.memory.store(RAM, 4, 0xd53b_0023n);
  selectStack(made.ctx.cpu, made.ctx.cells, 0, 0);
  return made;
}
const syndrome = (answer: unknown) => {
  assert.ok(isTrap(answer as never), 'a trap was expected');
  return (answer as unknown as { syndrome: number }).syndrome;
};
const UNDEFINED = 0x0200_0000;

test('every register answers at both levels without failing, and EL0 is refused what is not its own', () => {
  for (const el of [0, 1]) {
    const { ctx } = testMachine();
    for (const r of SYSTEM_REGISTERS) {
      write(ctx, 'CPACR_EL1', 3n << 20n);
      selectStack(ctx.cpu, ctx.cells, el, el);
      const reach = el ? r.el1 : r.el0;
      const answer = readSystem(ctx, r), refused = writeSystem(ctx, r, 0n);
      if (!reach.includes('read')) assert.equal(syndrome(answer), UNDEFINED, r.name);
      if (!reach.includes('write')) assert.equal(syndrome(refused), UNDEFINED, r.name);
      if (el === 1 && reach.includes('read') && r.name !== 'SP_EL0') assert.equal(typeof answer, 'bigint', r.name);
      selectStack(ctx.cpu, ctx.cells, 1, 1);
    }
  }
});

test('a read that EL1 keeps from EL0 is trapped with the instruction in its syndrome', () => {
  const { ctx } = atEl0();
  // op0 3, op2 1, op1 3, CRn 0, Rt 3, CRm 0, read.
  assert.equal(syndrome(read(ctx, 'CTR_EL0')), ((0x18 << 26) | (1 << 25) | (3 << 20) | (1 << 17) | (3 << 14) | (3 << 5) | 1) >>> 0);
  ctx.cells.SCTLR_EL1 |= 1n << 15n;
  assert.equal(typeof read(ctx, 'CTR_EL0'), 'bigint');
});

test('PSTATE through its registers', () => {
  const { ctx } = testMachine(), { cpu } = ctx;
  write(ctx, 'NZCV', 0xa000_0000n);
  write(ctx, 'DAIF', 0x140n);
  write(ctx, 'PAN', 1n << 22n);
  write(ctx, 'SSBS', 1n << 12n);
  assert.equal(savedPstate(cpu), 0xa000_0000n | 0x140n | (1n << 22n) | (1n << 12n) | 5n);
  assert.deepEqual(['NZCV', 'DAIF', 'CurrentEL', 'SPSel', 'PAN'].map(n => read(ctx, n)), [0xa000_0000n, 0x140n, 4n, 1n, 1n << 22n]);
  assert.equal(cpu.low, cpu.contextLow[2]);
});

test('SP_EL0 is the other stack pointer, and UNDEFINED while it is the current one', () => {
  const { ctx } = testMachine(), { cpu } = ctx;
  cpu.x[31] = 0x100n;
  write(ctx, 'SP_EL0', 0x200n);
  write(ctx, 'SPSel', 0n);
  assert.equal(cpu.x[31], 0x200n);
  assert.equal(syndrome(read(ctx, 'SP_EL0')), UNDEFINED);
  write(ctx, 'SPSel', 1n);
  assert.deepEqual([cpu.x[31], read(ctx, 'SP_EL0')], [0x100n, 0x200n]);
});

test('the timers at EL0 by CNTKCTL_EL1, the rest through their ports', () => {
  const { ctx, log } = atEl0();
  for (const [name, enable] of [['CNTVCT_EL0', 1], ['CNTPCT_EL0', 0], ['CNTV_CTL_EL0', 8], ['CNTP_CVAL_EL0', 9]] as const) {
    ctx.cells.CNTKCTL_EL1 = 0x3ffn & ~(1n << BigInt(enable));
    assert.equal(syndrome(read(ctx, name)) >>> 26, 0x18, name);
    ctx.cells.CNTKCTL_EL1 = 1n << BigInt(enable);
    assert.equal(read(ctx, name), name.startsWith('CNTVCT') || name.startsWith('CNTPCT') ? 1000n : 0x1234n);
  }
  selectStack(ctx.cpu, ctx.cells, 1, 1);
  write(ctx, 'CNTV_CVAL_EL0', 0x99n);
  write(ctx, 'ICC_PMR_EL1', 0xf0n);
  assert.deepEqual(log.slice(-2), ['timer write CNTV_CVAL_EL0 99', 'gic write ICC_PMR_EL1 f0']);
});

test('floating-point registers are trapped with the instructions, and CPACR_EL1 lets them go', () => {
  const { ctx } = testMachine();
  write(ctx, 'CPACR_EL1', 1n << 20n);
  assert.equal(typeof read(ctx, 'FPCR'), 'bigint');
  selectStack(ctx.cpu, ctx.cells, 0, 0);
  assert.equal(syndrome(read(ctx, 'FPCR')) >>> 26, 0x07);
});

test('bits a register does not have keep their value', () => {
  const { ctx } = testMachine();
  const before = read(ctx, 'SCTLR_EL1') as bigint, { writable } = row('SCTLR_EL1');
  write(ctx, 'SCTLR_EL1', 0n);
  assert.equal(read(ctx, 'SCTLR_EL1'), before & ~writable!);
  write(ctx, 'VBAR_EL1', -1n & 0xffff_ffff_ffff_ffffn);
  assert.equal(read(ctx, 'VBAR_EL1'), 0xffff_ffff_ffff_f800n);
});

test('a random number clears the flags, and their lack sets Z', () => {
  const { ctx } = testMachine();
  assert.equal(read(ctx, 'RNDR'), 77n);
  assert.equal(read(ctx, 'NZCV'), 0n);
  const dry = { ...ctx, ports: { ...ctx.ports, entropy64: () => null } };
  assert.equal(read(dry, 'RNDR'), 0n);
  assert.equal(read(dry, 'NZCV'), 4n << 28n);
});

test('WFI waits only while no line is up; at EL0 it is trapped unless allowed', () => {
  const { ctx } = testMachine(), { cpu, cells } = ctx;
  assert.deepEqual(runService(ctx, 'WFI'), { exit: EXIT.wfi });
  cpu.lines = 1;
  assert.equal(runService(ctx, 'WFI'), undefined, 'whatever the masks say');
  cpu.lines = 0;
  selectStack(cpu, cells, 0, 0);
  cells.SCTLR_EL1 &= ~((1n << 16n) | (1n << 18n));
  assert.equal(syndrome(runService(ctx, 'WFI')), ((1 << 26) | (1 << 25) | (0x1e << 20)) >>> 0);
  cells.SCTLR_EL1 |= 1n << 16n;
  assert.deepEqual(runService(ctx, 'WFI'), { exit: EXIT.wfi });
  runService(ctx, 'SEV');
  assert.equal(runService(ctx, 'WFE'), undefined);
  assert.equal(syndrome(runService(ctx, 'WFE')) & 3, 1);
});

test('AT leaves the address or the fault in PAR_EL1', () => {
  const { ctx } = testMachine();
  runService(ctx, 'AT_S1E1R', RAM + 0x123n);
  assert.equal(ctx.cells.PAR_EL1 & 0xffff_ffff_f001n, RAM);
  runService(ctx, 'AT_S1E1W', 1n << 47n);
  assert.equal(ctx.cells.PAR_EL1, 0x801n);
});

test('cache maintenance by address faults as a write of maintenance', () => {
  const { ctx, log } = testMachine();
  assert.equal(syndrome(runService(ctx, 'DC_CVAC', 1n << 47n)) & 0x1ff, 0x140);
  runService(ctx, 'IC_IVAU', RAM + 0x1044n);
  assert.equal(log.length, 2);
  assert.match(log[0]!, /^code \d+$/);
});
