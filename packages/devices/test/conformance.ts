/** What every declared device promises, stamped on each declaration by its test file. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HypnosError, type Fields } from '@hypnos/base';
import { attach, type Attached, type Device, type Need } from '../src/index.ts';
import { world, type World } from './world.ts';

type Step =
  | { readonly do: 'read' | 'write'; readonly offset: number; readonly bytes: number; readonly value: bigint }
  | { readonly do: 'pass'; readonly ns: bigint };

const GUARD = 64, CANARY = 0xa5;
const at = { address: 0x0900_0000n, spi: 1 };

/** An instance in shared memory with guards on both sides. */
function guarded<F extends Fields, N extends readonly Need[], A>(d: Device<F, N, A>, w: World) {
  const buffer = new SharedArrayBuffer(d.footprint.size + 2 * GUARD), all = new Uint8Array(buffer);
  all.fill(CANARY, 0, GUARD).fill(CANARY, GUARD + d.footprint.size);
  const instance = attach(d, { memory: { buffer, offset: GUARD }, ports: w.ports, at });
  const intact = () => all.subarray(0, GUARD).every(b => b === CANARY) && all.subarray(GUARD + d.footprint.size).every(b => b === CANARY);
  return { instance, intact };
}

function steps(offsets: readonly number[], size: number): fc.Arbitrary<Step[]> {
  const offset = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...offsets) }, { weight: 1, arbitrary: fc.nat(size - 1) }, fc.nat(0xffff_ffff));
  const value = fc.oneof(fc.bigInt(0n, 0xffn), fc.bigInt(0n, (1n << 64n) - 1n), fc.constantFrom(0n, 1n, 0xffn, 0xffff_ffffn));
  const access = fc.record({
    do: fc.constantFrom('read' as const, 'write' as const), offset, bytes: fc.constantFrom(1, 2, 4, 4, 4, 8, 3, 16), value,
  });
  const pass = fc.record({ do: fc.constant('pass' as const), ns: fc.bigInt(0n, 5_000_000_000n) });
  return fc.array(fc.oneof({ weight: 8, arbitrary: access }, pass), { maxLength: 60 });
}

function drive(instance: Attached<unknown>, w: World, step: Step): void {
  if (step.do === 'pass') {
    w.pass(step.ns);
    if (w.alarm !== null && w.alarm <= w.nowNs) instance.due();
  } else if (step.do === 'read') {
    const value = instance.read(step.offset, step.bytes);
    assert.ok(value >= 0n && value < 1n << BigInt(8 * Math.min(step.bytes, 8)), `read answers ${value} for ${step.bytes} bytes`);
  } else instance.write(step.offset, step.bytes, step.value);
}

export function conforms<F extends Fields, N extends readonly Need[], A>(d: Device<F, N, A>, makeWorld: () => World = world): void {
  const rows = Object.entries(d.registers).map(([from, row]) => ({ from: Number(from), row }));
  const offsets = rows.flatMap(({ from, row }) => (row.span === undefined ? [from] : [0, 4, 8, 0x40, 0x10c].map(o => from + (o % row.span!))));

  test(`${d.name}: fresh state saved, loaded and saved again is equal`, () => {
    const { instance } = guarded(d, makeWorld());
    const saved = instance.save();
    instance.load(saved);
    assert.deepEqual(instance.save(), saved);
    instance.reset();
    assert.deepEqual(instance.save(), saved);
  });

  test(`${d.name}: random accesses never throw, stay in the state, and restore to the same line and alarm`, () => {
    fc.assert(fc.property(steps(offsets, d.size), script => {
      const w = makeWorld(), { instance, intact } = guarded(d, w);
      for (const step of script) drive(instance as Attached<unknown>, w, step);
      assert.ok(intact(), 'wrote outside its state');
      const other = makeWorld();
      other.memory.bytes.set(w.memory.bytes);
      Object.assign(other, { nowNs: w.nowNs, wallNs: w.wallNs });
      const { instance: twin } = guarded(d, other);
      const saved = instance.save();
      twin.load(saved);
      assert.deepEqual(twin.save(), saved);
      assert.equal(other.line, w.line);
      assert.equal(other.alarm, w.alarm);
    }), { numRuns: 150 });
  });

  test(`${d.name}: bytes that are no state of it are refused, or are one it works in`, () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: d.shape.size, maxLength: d.shape.size }), steps(offsets, d.size), (bytes, script) => {
      const w = makeWorld(), { instance, intact } = guarded(d, w), before = instance.save();
      try {
        instance.load(bytes);
      } catch (error) {
        assert.ok(error instanceof HypnosError && error.code === 'EINVAL');
        assert.deepEqual(instance.save(), before, 'refused, yet changed');
      }
      for (const step of script) drive(instance as Attached<unknown>, w, step);
      assert.ok(intact(), 'wrote outside its state');
    }), { numRuns: 100 });
    const { instance } = guarded(d, makeWorld());
    assert.throws(() => instance.load(new Uint8Array(d.shape.size + 1)), HypnosError);
  });

  test(`${d.name}: every register row answers as declared, and everything else is counted`, () => {
    for (const { from, row } of rows) {
      const { instance } = guarded(d, makeWorld());
      const width = (row.widths ?? d.widths ?? [4])[0]!;
      instance.read(from, width);
      assert.equal(instance.oddities().total, row.read || row.field ? 0 : 1, `read of ${row.name}`);
      const before = instance.oddities().total;
      instance.write(from, width, 0n);
      assert.equal(instance.oddities().total - before, row.write || row.field ? 0 : 1, `write to ${row.name}`);
    }
    const { instance } = guarded(d, makeWorld()), fresh = instance.save();
    for (const bytes of [3, 16]) assert.equal(instance.read(0, bytes), 0n);
    instance.write(d.size, 4, 0xffff_ffffn);
    assert.equal(instance.read(d.size, 4), 0n);
    assert.equal(instance.oddities().total, 4);
    assert.deepEqual(instance.save(), fresh);
  });

  test(`${d.name}: describes its registers and brings its device-tree nodes`, () => {
    const { instance } = guarded(d, makeWorld());
    for (const { row } of rows) assert.ok(instance.describe().includes(`| ${row.name} |`));
    const [own] = instance.nodes();
    assert.match(own!.name, /@9000000$/);
    assert.deepEqual(own!.properties['compatible'], d.compatible);
    assert.equal(instance.fields().length, d.shape.fields.length);
  });
}
