import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HypnosError } from '@hypnos/base';
import { conforms } from '../test/conformance.ts';
import { world } from '../test/world.ts';
import { attach, pl061, POWER_KEY_LINE, SLEEP_KEY_LINE } from './index.ts';

const DIR = 0x400, IS = 0x404, IBE = 0x408, IEV = 0x40c, IE = 0x410, RIS = 0x414, MIS = 0x418, IC = 0x41c;
const line = (n: number) => 1 << (n + 2);

/** The GPIO as Linux's gpio-pl061 sees it: 8-bit accesses. */
function gpio() {
  const w = world(), d = attach(pl061, { ports: w.ports, at: { address: 0x0903_0000n, spi: 7 } });
  return { w, d, get: (offset: number) => Number(d.read(offset, 1)), set: (offset: number, value: number) => d.write(offset, 1, BigInt(value)) };
}

conforms(pl061);

describe('pl061', () => {
  test('a key press interrupts on both edges and lasts long enough to be looked at after the debounce', () => {
    const { w, d, get, set } = gpio(), bit = 1 << POWER_KEY_LINE;
    set(IE, 0);
    set(IBE, bit);
    set(IE, bit);
    d.press(POWER_KEY_LINE);
    assert.deepEqual([w.line, get(MIS), get(line(POWER_KEY_LINE))], [true, bit, bit]);
    set(IC, bit);
    assert.equal(w.line, false);
    w.pass(5_000_000n);
    d.due();
    assert.equal(get(line(POWER_KEY_LINE)), bit);
    assert.ok(w.alarm !== null);
    w.pass(100_000_000n);
    d.due();
    assert.deepEqual([w.line, get(line(POWER_KEY_LINE)), w.alarm], [true, 0, null]);
  });

  test('an edge that is masked is remembered and shown when unmasked', () => {
    const { w, d, get, set } = gpio(), bit = 1 << SLEEP_KEY_LINE;
    set(IEV, bit);
    d.press(SLEEP_KEY_LINE);
    assert.deepEqual([w.line, get(RIS)], [false, bit]);
    w.pass(200_000_000n);
    d.due();
    set(IE, bit);
    assert.equal(w.line, true);
  });

  test('a level interrupts for as long as it stays', () => {
    const { w, d, get, set } = gpio();
    set(IS, 1);
    set(IEV, 1);
    set(IE, 1);
    d.press(0);
    set(IC, 0xff);
    assert.equal(w.line, true);
    w.pass(200_000_000n);
    d.due();
    assert.deepEqual([w.line, get(RIS)], [false, 0]);
  });

  test('the address says which lines an access reaches, and outputs read back what was driven', () => {
    const { get, set } = gpio();
    set(DIR, 0xf0);
    set(0xff << 2, 0xff);
    assert.equal(get(0xff << 2), 0xf0);
    set(line(5), 0);
    assert.equal(get(0xff << 2), 0xd0);
    assert.equal(get(line(6)), 0x40);
  });

  test('refuses a line it does not have', () => {
    assert.throws(() => gpio().d.press(8), HypnosError);
  });

  test('brings the controller and the two keys that wake', () => {
    const [controller, keys] = gpio().d.nodes();
    assert.equal(controller!.label, 'gpio');
    assert.deepEqual(keys!.children.map(k => [k.name, k.properties['linux,code'], k.properties['wakeup-source'], k.properties['gpios']]), [
      ['poweroff', { cells: [{ u32: 116n }] }, true, { cells: [{ phandle: 'gpio' }, { u32: 3n }, { u32: 0n }] }],
      ['sleep', { cells: [{ u32: 142n }] }, true, { cells: [{ phandle: 'gpio' }, { u32: 4n }, { u32: 0n }] }],
    ]);
  });
});
