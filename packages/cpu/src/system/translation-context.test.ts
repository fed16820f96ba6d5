import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testMachine } from '../../test/machine.ts';
import { type CpuContext, fetchIndex, forgetAll, forgetAsid, forgetPages, noteMapping, renewContexts, runService, tlbIndex } from './index.ts';

const asid = (ctx: CpuContext, value: bigint, table = 0n) => {
  ctx.cells.TTBR0_EL1 = (value << 48n) | table;
  renewContexts(ctx);
  return ctx.cpu.low;
};
const machine = () => {
  const { ctx, log } = testMachine();
  ctx.cells.TCR_EL1 = 1n << 36n;
  renewContexts(ctx);
  return { ctx, log };
};

test('each ASID keeps its context, regimes differ, and the upper half is shared', () => {
  const { ctx } = machine();
  const one = asid(ctx, 1n), upper = ctx.cpu.high, two = asid(ctx, 2n);
  assert.notEqual(one, two);
  assert.equal(asid(ctx, 1n, 0x5000n), one);
  assert.equal(ctx.cpu.high, upper);
  assert.equal(new Set(ctx.cpu.contextLow).size, 3);
  for (const context of [one, two, upper]) assert.ok(context > 0n && context < 4096n);
});

test('TLBI ASIDE1 renews one ASID only, VMALLE1 all', () => {
  const { ctx } = machine();
  const one = asid(ctx, 1n), two = asid(ctx, 2n), upper = ctx.cpu.high;
  runService(ctx, 'TLBI_ASIDE1', 1n << 48n);
  assert.equal(ctx.cpu.low, two);
  const renewed = asid(ctx, 1n);
  assert.notEqual(renewed, one);
  runService(ctx, 'TLBI_VMALLE1');
  assert.notEqual(ctx.cpu.low, renewed);
  assert.notEqual(ctx.cpu.high, upper);
  assert.notEqual(asid(ctx, 2n), two);
});

test('once an upper mapping belongs to an ASID, the upper context follows the ASID', () => {
  const { ctx } = machine();
  asid(ctx, 1n);
  const before = ctx.cpu.high;
  noteMapping(ctx, -4096n & 0xffff_ffff_ffff_ffffn, { order: 0, global: false });
  const one = (asid(ctx, 1n), ctx.cpu.high), two = (asid(ctx, 2n), ctx.cpu.high);
  assert.equal(new Set([before, one, two]).size, 3);
  forgetAll(ctx);
  assert.equal(ctx.cpu.upperNonGlobal, 0);
});

test('no two live generations look alike: the arrays are cleared before contexts repeat', () => {
  const { ctx } = machine();
  const seen = new Set<bigint>();
  ctx.tlb.read[0] = 1n;
  for (let i = 0; i < 5000; i++) {
    if (ctx.tlb.read[0] === 0n) {
      seen.clear();
      ctx.tlb.read[0] = 1n;
    }
    assert.ok(!seen.has(ctx.cpu.low), 'a context came back while entries of its former life were there');
    seen.add(ctx.cpu.low);
    forgetAsid(ctx, 0);
  }
  assert.ok(ctx.tlb.read.length > 0);
});

test('when generations run out they start again', () => {
  const { ctx } = machine();
  ctx.cpu.tlbGeneration = 0xffff_f000;
  const before = asid(ctx, 9n);
  for (let i = 0; i < 3; i++) forgetAsid(ctx, 9);
  assert.ok(ctx.cpu.tlbGeneration < 0xffff_f000 && ctx.cpu.low !== before);
  assert.ok(ctx.cpu.upperGeneration >= ctx.cpu.tlbFloor);
});

const VA = 0x1234_5000n;
const fill = (ctx: CpuContext) => { for (const array of [ctx.tlb.read, ctx.tlb.write, ctx.tlb.fetch]) array.fill(1n); };
const emptied = (array: BigUint64Array) => [...array.keys()].filter(i => i % 2 === 0 && array[i] === 0n).map(i => i / 2);

test('TLBI by address clears the page, or all a larger mapping may have entered', () => {
  const { ctx } = machine();
  fill(ctx);
  runService(ctx, 'TLBI_VAE1', VA >> 12n);
  assert.deepEqual([emptied(ctx.tlb.read), emptied(ctx.tlb.write), emptied(ctx.tlb.fetch)], [[tlbIndex(VA)], [tlbIndex(VA)], [fetchIndex(VA)]]);
  noteMapping(ctx, VA, { order: 9, global: true });
  fill(ctx);
  runService(ctx, 'TLBI_VAAE1', VA >> 12n);
  assert.deepEqual(emptied(ctx.tlb.read), Array.from({ length: 512 }, (_, i) => tlbIndex(VA & ~0x1f_ffffn) + i));
  const upper = ctx.cpu.high;
  noteMapping(ctx, VA, { order: 18, global: true });
  runService(ctx, 'TLBI_VAE1', VA >> 12n);
  assert.notEqual(ctx.cpu.high, upper, 'a gigabyte is not worth clearing page by page');
  assert.equal(ctx.cpu.largestBlock[0], 0);
});

test('TLBI by range takes granule, scale and number; upper addresses are sign-extended', () => {
  const { ctx } = machine();
  fill(ctx);
  const operand = (1n << 46n) | (0n << 44n) | (2n << 39n) | (VA >> 12n);
  runService(ctx, 'TLBI_RVAE1', operand);
  assert.deepEqual(emptied(ctx.tlb.read), Array.from({ length: 6 }, (_, i) => tlbIndex(VA) + i));
  fill(ctx);
  runService(ctx, 'TLBI_RVAE1', (3n << 46n) | ((VA >> 16n) & 0x1f_ffff_ffffn));
  assert.equal(emptied(ctx.tlb.write).length, 32, 'two granules of 64 KiB');
  const before = ctx.cpu.low;
  runService(ctx, 'TLBI_RVAE1', (1n << 46n) | (3n << 44n) | (31n << 39n));
  assert.notEqual(ctx.cpu.low, before);
  forgetPages(ctx, 0n, 1n);
});

test('maintenance at EL1 is passed on, and EL0 may not ask for it', () => {
  const { ctx, log } = machine();
  runService(ctx, 'TLBI_VMALLE1');
  runService(ctx, 'IC_IALLU');
  assert.deepEqual(log, ['others TLBI_VMALLE1', 'code all', 'others IC_IALLU']);
  ctx.cpu.el = 0;
  assert.ok(runService(ctx, 'TLBI_VMALLE1'));
  assert.equal(log.length, 3);
});
