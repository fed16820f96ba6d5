import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { HypnosError, state } from '@hypnos/base';
import { world } from '../../test/world.ts';
import { attach, describeDevice, device, placedNode } from '../index.ts';

/** A device with one of everything: a kept register, a wide one, a write-only one, a line, an alarm, a wish and an action. */
const sampler = device({
  name: 'sampler', doc: 'One of everything.', compatible: ['hypnos,sampler'], size: 0x100, version: 3,
  state: { kept: state.u32(7), low: state.u32(), high: state.u32(), level: state.bool(), at: state.i64() },
  sane: s => s.kept < 0x1000,
  needs: ['clock'],
  registers: {
    0x00: { name: 'KEPT', field: 'kept', mask: 0xff0 },
    0x08: {
      name: 'WIDE', doc: 'Two words', span: 8, widths: [4, 8],
      read: (s, _p, { offset }) => (offset ? s.high : s.low), write(s, value, _p, { offset }) { if (offset) s.high = value; else s.low = value; },
    },
    0x10: { name: 'ALARM', write: (s, value, p) => { s.at = p.clock.nowNs() + BigInt(value); } },
  },
  irq: s => s.level,
  wakeAt: s => (s.at === 0n ? null : s.at),
  woke(s, p) { if (s.at !== 0n && s.at <= p.clock.nowNs()) { s.at = 0n; s.level = true; } },
  wantsInput: s => s.level,
  actions: { raise(s, _p, level: boolean): string { s.level = level; return level ? 'up' : 'down'; } },
  node: (place, d) => [placedNode('sampler', place, d.size, d.compatible)],
});
const at = { address: 0x1000n };

describe('kit', () => {
  test('a field row keeps the bits its mask does not reach', () => {
    const d = attach(sampler, { ports: world().ports, at });
    d.write(0, 4, 0xffff_f00fn);
    assert.equal(d.read(0, 4), 7n);
    d.write(0, 4, 0xffff_ffffn);
    assert.equal(d.read(0, 4), 0xff7n);
  });

  test('eight bytes are two words where the row says so, the lower one first, and odd elsewhere', () => {
    const d = attach(sampler, { ports: world().ports, at });
    d.write(8, 8, 0x1122_3344_5566_7788n);
    assert.deepEqual([d.read(8, 8), d.read(8, 4), d.read(12, 4)], [0x1122_3344_5566_7788n, 0x5566_7788n, 0x1122_3344n]);
    assert.equal(d.read(0, 8), 0n);
    assert.equal(d.read(12, 8), 0n);
    assert.deepEqual([d.oddities().total, [...d.oddities().kinds.keys()]], [2, ['read64 +0x0', 'read64 +0xc']]);
  });

  test('odd accesses are all counted, but only so many kinds are remembered', () => {
    const d = attach(sampler, { ports: world().ports, at });
    for (let i = 0; i < 1000; i++) d.read(0x1000 + 4 * i, 4);
    d.read(0x10, 4);
    assert.equal(d.oddities().total, 1001);
    assert.ok(d.oddities().kinds.size < 100);
  });

  test('line, alarm and wish follow every access, alarm and action, and are told on change only', () => {
    const w = world();
    let irqs = 0, alarms = 0;
    const d = attach(sampler, { at, ports: { ...w.ports, irq(level) { irqs++; w.ports.irq(level); }, alarm(to) { alarms++; w.ports.alarm(to); } } });
    assert.deepEqual([irqs, alarms, w.readies], [1, 1, 0], 'told at birth');
    d.write(0x10, 4, 50n);
    assert.equal(w.alarm, w.nowNs + 50n);
    d.read(0, 4);
    assert.deepEqual([irqs, alarms], [1, 2]);
    w.pass(50n);
    d.due();
    assert.deepEqual([w.line, w.alarm, d.line(), w.readies], [true, null, true, 1]);
    assert.equal(d.raise(false), 'down');
    assert.deepEqual([w.line, irqs, alarms], [false, 3, 3]);
  });

  test('two instances over one memory are one device, whichever a thread holds', () => {
    const w = world(), buffer = new SharedArrayBuffer(256), memory = { buffer, offset: 64 };
    const one = attach(sampler, { memory, ports: w.ports, at });
    one.write(8, 4, 42n);
    const two = attach(sampler, { memory, ports: w.ports, at });
    assert.equal(two.read(8, 4), 42n, 'attaching again does not reset');
    two.raise(true);
    assert.equal(one.line(), true);
    one.read(0x999, 4);
    assert.equal(two.oddities().total, 1);
  });

  test('refuses a place that is too small or misaligned, and a state it cannot be in', () => {
    const { ports } = world();
    for (const memory of [{ buffer: new ArrayBuffer(16), offset: 0 }, { buffer: new ArrayBuffer(256), offset: 4 }]) {
      assert.throws(() => attach(sampler, { memory, ports, at }), (e: unknown) => e instanceof HypnosError && e.code === 'EINVAL');
    }
    const d = attach(sampler, { ports, at }), saved = d.save();
    new DataView(saved.buffer).setUint32(sampler.shape.offsetOf('kept'), 0x2000, true);
    assert.throws(() => d.load(saved), /damaged/);
  });

  test('a restored device drives its line and alarm anew, on whatever it is attached to', () => {
    const before = world(), d = attach(sampler, { ports: before.ports, at });
    d.raise(true);
    d.write(0x10, 4, 10n);
    const after = world();
    attach(sampler, { ports: after.ports, at }).load(d.save());
    assert.deepEqual([after.line, after.alarm], [true, before.alarm]);
  });

  test('shows its fields and describes its registers', () => {
    const d = attach(sampler, { ports: world().ports, at });
    assert.deepEqual(d.fields()[0], { name: 'kept', value: 7 });
    const page = describeDevice(sampler);
    for (const line of ['| 0x000 | KEPT | RW | 32 |  |', '| 0x008–0x00f | WIDE | RW | 32, 64 | Two words |', '| 0x010 | ALARM | W | 32 |  |']) assert.ok(page.includes(line), line);
  });

  test('no device file keeps anything outside its state: no top-level let, no class', () => {
    const root = new URL('../', import.meta.url);
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(f => f.endsWith('.ts') && !f.endsWith('.test.ts'));
    assert.ok(files.length > 15);
    for (const file of files) assert.doesNotMatch(readFileSync(new URL(file, root), 'utf8'), /^(export )?(let|var|class|abstract class) /m, file);
  });
});
