import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AF, DBM, MAIR, MODEL, PXN, RAM, READ_ONLY, Tables, testMachine, USER, UXN } from '../../test/machine.ts';
import { faulted, type MemoryAccess, translate, type WalkOptions } from './index.ts';

const EL1: WalkOptions = { el: 1, pan: true }, EL0: WalkOptions = { el: 0, pan: true };
const PAGE = RAM + 0x10_0000n;

/** A machine with the MMU on and empty tables for both halves, 48 bits each. */
function machine(granuleBits = 12, inputBits = 48, tcr = 0n) {
  const { ctx, memory } = testMachine();
  const low = new Tables(memory, RAM + 0x20_0000n, inputBits, granuleBits), high = new Tables(memory, RAM + 0x80_0000n, inputBits, granuleBits);
  const size = BigInt(64 - inputBits);
  const granules: Record<number, bigint> = { 12: (0n << 14n) | (2n << 30n), 14: (2n << 14n) | (1n << 30n), 16: (1n << 14n) | (3n << 30n) };
  Object.assign(ctx.cells, {
    SCTLR_EL1: 1n, MAIR_EL1: MAIR, TTBR0_EL1: low.root | 1n, TTBR1_EL1: high.root,
    TCR_EL1: size | (size << 16n) | granules[granuleBits]! | (2n << 32n) | tcr,
  });
  const status = (va: bigint, access: MemoryAccess, options: WalkOptions) => {
    const found = translate(ctx, va, access, options);
    return faulted(found) ? found.status : found.ipa;
  };
  return { ctx, memory, low, high, status };
}

for (const granuleBits of [12, 14, 16]) {
  test(`pages of a ${1 << (granuleBits - 10)} KiB granule, in both halves and from every first level`, () => {
    for (let inputBits = 25; inputBits <= 48; inputBits++) {
      const { low, high, status } = machine(granuleBits, inputBits);
      const va = (1n << BigInt(inputBits - 1)) | 0x0002_1000n | 0x123n, upper = va - (1n << BigInt(inputBits)) + (1n << 64n);
      const page = PAGE & ~((1n << BigInt(granuleBits)) - 1n), within = va & ((1n << BigInt(granuleBits)) - 1n);
      low.map(va, page | AF);
      high.map(upper, (page + 0x1_0000n) | AF);
      assert.equal(status(va, 'write', EL1), page | within);
      assert.equal(status(upper, 'read', EL1), (page + 0x1_0000n) | within);
      assert.equal(status(1n << BigInt(inputBits), 'read', EL1), 0x04, 'beyond the input size');
      assert.equal(status(0n, 'read', EL1), 0x04 + (inputBits - granuleBits > granuleBits - 3 ? low.firstLevel : 3));
    }
  });
}

test('blocks map at the levels that have them, and nowhere else', () => {
  for (const [granuleBits, levels] of [[12, [1, 2]], [14, [2]], [16, [2]]] as const) {
    for (const level of [1, 2]) {
      const { low, status } = machine(granuleBits);
      low.map(0x1234_5678n, (0x80_0000_0000n) | AF, level);
      const bits = BigInt(granuleBits + (3 - level) * (granuleBits - 3));
      const expected = (levels as readonly number[]).includes(level) ? 0x80_0000_0000n | (0x1234_5678n & ((1n << bits) - 1n)) : BigInt(0x04 + level);
      assert.equal(BigInt(status(0x1234_5678n, 'read', EL1)), expected, `granule ${granuleBits} level ${level}`);
    }
  }
});

/** What EL1 and EL0 may do by AP[2:1], as r, w, x, with execution allowed by both XN bits. */
const PERMISSIONS: readonly (readonly [bigint, string, string])[] = [
  [0n, 'rwx', 'x'], [USER, 'rw', 'rwx'], [READ_ONLY, 'rx', 'x'], [USER | READ_ONLY, 'rx', 'rx'],
];
const allowed = (m: ReturnType<typeof machine>, va: bigint, options: WalkOptions) =>
  (['read', 'write', 'fetch'] as const).map((access, i) => {
    const result = m.status(va, access, options);
    if (typeof result === 'number') assert.equal(result, 0x0f);
    return typeof result === 'number' ? '' : 'rwx'[i]!;
  }).join('');

test('access permissions by AP, XN and WXN', () => {
  for (const [ap, el1, el0] of PERMISSIONS) {
    const m = machine();
    m.low.map(0x1000n, PAGE | AF | ap);
    m.low.map(0x2000n, PAGE | AF | ap | PXN | UXN);
    assert.equal(allowed(m, 0x1000n, EL1), el1);
    assert.equal(allowed(m, 0x1000n, EL0), el0);
    assert.equal(allowed(m, 0x2000n, EL1), el1.replace('x', ''));
    assert.equal(allowed(m, 0x2000n, EL0), el0.replace('x', ''));
    m.ctx.cells.SCTLR_EL1 |= 1n << 19n;
    assert.equal(allowed(m, 0x1000n, EL1), el1.includes('w') ? el1.replace('x', '') : el1);
    assert.equal(allowed(m, 0x1000n, EL0), el0.includes('w') ? el0.replace('x', '') : el0);
  }
});

test('tables limit what lies below them', () => {
  const limited = (table: bigint) => {
    const m = machine();
    m.low.map(0x1000n, PAGE | AF | USER, 3, table);
    return [allowed(m, 0x1000n, EL1), allowed(m, 0x1000n, EL0)];
  };
  assert.deepEqual(limited(0n), ['rw', 'rwx']);
  assert.deepEqual(limited(1n << 61n), ['rwx', 'x']);
  assert.deepEqual(limited(1n << 62n), ['rx', 'rx']);
  assert.deepEqual(limited(1n << 60n), ['rw', 'rw']);
  assert.deepEqual(limited((1n << 59n) | (1n << 62n)), ['r', 'rx']);
});

test('PAN keeps EL1 from user data, not from fetching and not when the access is unprivileged or does not ask', () => {
  const m = machine();
  m.low.map(0x1000n, PAGE | AF | USER | READ_ONLY);
  m.ctx.cpu.pan = 1;
  assert.equal(allowed(m, 0x1000n, EL1), 'x');
  assert.equal(allowed(m, 0x1000n, { el: 1, pan: false }), 'rx');
  assert.equal(allowed(m, 0x1000n, { ...EL1, unprivileged: true }), 'rx');
  m.ctx.cpu.uao = 1;
  assert.equal(allowed(m, 0x1000n, { ...EL1, unprivileged: true }), 'x');
});

test('the access flag faults, or is set by hardware, once', () => {
  const m = machine();
  m.low.map(0x1000n, PAGE);
  assert.equal(m.status(0x1000n, 'read', EL1), 0x0b);
  m.ctx.cells.TCR_EL1 |= 1n << 39n;
  const entry = m.low.entry(0x1000n, 3);
  assert.equal(m.status(0x1000n, 'read', { ...EL1, update: false }), PAGE);
  assert.equal(m.memory.load(entry, 8), PAGE | 3n);
  assert.equal(m.status(0x1000n, 'read', EL1), PAGE);
  assert.equal(m.memory.load(entry, 8), PAGE | 3n | AF);
});

test('hardware clears AP[2] on a write where DBM is set, and tells reads that the page is not writable yet', () => {
  const m = machine(12, 48, 3n << 39n);
  m.low.map(0x1000n, PAGE | AF | DBM | READ_ONLY | USER);
  const read = translate(m.ctx, 0x1000n, 'read', EL0);
  assert.equal(!faulted(read) && read.writable, false);
  const written = translate(m.ctx, 0x1000n, 'write', EL0);
  assert.equal(!faulted(written) && written.writable, true);
  assert.equal(m.memory.load(m.low.entry(0x1000n, 3), 8), PAGE | AF | DBM | USER | 3n);
  m.ctx.cells.TCR_EL1 &= ~(1n << 40n);
  m.low.map(0x2000n, PAGE | AF | DBM | READ_ONLY);
  assert.equal(m.status(0x2000n, 'write', EL1), 0x0f);
});

test('addresses beyond the output size, in tables, blocks and the base, are address size faults', () => {
  const m = machine();
  m.low.map(0x1000n, (1n << 40n) | AF);
  assert.equal(m.status(0x1000n, 'read', EL1), 0x03);
  m.low.map(0x4000_0000n, (1n << 44n) | AF, 1);
  assert.equal(m.status(0x4000_0000n, 'read', EL1), 0x01);
  m.memory.store(m.low.entry(1n << 39n, 0), 8, (1n << 41n) | 3n);
  assert.equal(m.status(1n << 39n, 'read', EL1), 0x00);
  m.ctx.cells.TTBR0_EL1 = 1n << 42n;
  assert.equal(m.status(0n, 'read', EL1), 0x00);
  m.ctx.cells.TTBR0_EL1 = 1n << 36n;
  assert.equal(m.status(0n, 'read', EL1), 0x14, 'no memory there: external abort on the walk');
});

test('EPD, E0PD and TBI', () => {
  const m = machine();
  m.low.map(0x1000n, PAGE | AF | USER);
  const tagged = 0xa500_0000_0000_1000n;
  assert.equal(m.status(tagged, 'read', EL1), 0x04);
  m.ctx.cells.TCR_EL1 |= 1n << 37n;
  assert.equal(m.status(tagged, 'read', EL1), PAGE);
  m.ctx.cells.TCR_EL1 |= 1n << 55n;
  assert.equal(m.status(0x1000n, 'read', EL0), 0x04);
  assert.equal(m.status(0x1000n, 'read', EL1), PAGE);
  assert.equal(m.status(0x1000n, 'read', { ...EL1, unprivileged: true }), 0x04);
  m.ctx.cells.TCR_EL1 |= 1n << 7n;
  assert.equal(m.status(0x1000n, 'read', EL1), 0x04);
});

test('with the MMU off addresses are physical: Device for data, Normal for fetching', () => {
  const { ctx } = testMachine();
  const data = translate(ctx, RAM, 'read', EL1), code = translate(ctx, RAM, 'fetch', EL1);
  assert.ok(!faulted(data) && data.device && data.ipa === RAM);
  assert.ok(!faulted(code) && !code.device);
  assert.deepEqual(translate(ctx, 1n << 40n, 'write', EL1), { status: 0, write: true });
});

test('a fault of an atomic access is reported as a write only if a read would have passed', () => {
  const m = machine();
  m.low.map(0x1000n, PAGE | AF | USER | READ_ONLY);
  m.low.map(0x2000n, PAGE | AF);
  const write = (va: bigint) => translate(m.ctx, va, 'write', { ...EL0, atomic: true });
  assert.deepEqual(write(0x1000n), { status: 0x0f, write: true });
  assert.deepEqual(write(0x2000n), { status: 0x0f, write: false });
  assert.deepEqual(write(0x3000n), { status: 0x07, write: false });
});

test('hierarchical attributes can be disabled where the model advertises it', () => {
  const { ctx, memory } = testMachine({ ...MODEL, idRegisters: { ...MODEL.idRegisters, ID_AA64MMFR1_EL1: 2n | (1n << 12n) } });
  const low = new Tables(memory, RAM + 0x20_0000n, 48, 12);
  low.map(0x1000n, PAGE | AF, 3, 1n << 62n);
  Object.assign(ctx.cells, { SCTLR_EL1: 1n, MAIR_EL1: MAIR, TTBR0_EL1: low.root, TCR_EL1: 16n | (2n << 32n) });
  assert.ok(faulted(translate(ctx, 0x1000n, 'write', EL1)));
  ctx.cells.TCR_EL1 |= 1n << 41n;
  assert.ok(!faulted(translate(ctx, 0x1000n, 'write', EL1)));
});
