import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HypnosError } from '@hypnos/base';
import { D, driver, F, R, STATUS, type DriverQueue } from '../../test/virtio-driver.ts';
import { RAM_BASE, text, world } from '../../test/world.ts';
import { attach, KEY_POWER, KEY_SLEEP, virtioInput } from '../index.ts';

const EVENTS = 0, LEDS = 1;

function keyboard() {
  const w = world(), d = attach(virtioInput, { ports: w.ports, at: { address: 0x0a00_0400n, spi: 18 } }), r = driver(w, d);
  const post = (q: DriverQueue, count: number) => {
    for (let n = 0; n < count; n++) q.add(n, { address: q.data + BigInt(8 * n), length: 8, flags: D.WRITE });
    r.kick(EVENTS);
  };
  const events = (q: DriverQueue) => q.used().map(({ id, length }) => {
    assert.equal(length, 8);
    const view = new DataView(w.memory.bytes.buffer, Number(q.data - RAM_BASE) + 8 * id, 8);
    return [view.getUint16(0, true), view.getUint16(2, true), view.getUint32(4, true)];
  });
  const ask = (select: number, subsel: number) => {
    d.write(R.Config, 1, BigInt(select));
    d.write(R.Config + 1, 1, BigInt(subsel));
    return Array.from({ length: Number(d.read(R.Config + 2, 1)) }, (_, i) => Number(d.read(R.Config + 8 + i, 1)));
  };
  return { w, d, r, post, events, ask };
}
const press = (key: number) => [[1, key, 1], [0, 0, 0], [1, key, 0], [0, 0, 0]];

describe('virtio-input', () => {
  test('says which keys it has, as Linux asks', () => {
    const { ask } = keyboard();
    assert.equal(text(ask(1, 0)), 'Hypnos keys');
    const bits = ask(0x11, 1), keys = bits.flatMap((byte, i) => [...Array(8).keys()].filter(b => byte & (1 << b)).map(b => 8 * i + b));
    assert.deepEqual(keys, [KEY_POWER, KEY_SLEEP]);
    assert.deepEqual([ask(0x11, 3), ask(0x12, 0), ask(2, 0), ask(0, 0)], [[], [], [], []]);
    assert.equal(ask(3, 0).length, 8);
  });

  test('delivers a press as down, report, up, report, and interrupts', () => {
    const { w, d, r, post, events } = keyboard(), [q] = r.start([64, 64], F.VERSION_1);
    post(q!, 64);
    assert.equal(w.line, false);
    assert.equal(d.press(KEY_SLEEP), true);
    assert.equal(w.line, true);
    assert.deepEqual(events(q!), press(KEY_SLEEP));
  });

  test('keeps a press while the queue has no buffers, and delivers it in pieces', () => {
    const { d, r, post, events } = keyboard(), [q] = r.start([8, 8], F.VERSION_1);
    d.press(KEY_POWER);
    assert.deepEqual(events(q!), []);
    post(q!, 3);
    const first = events(q!);
    assert.equal(first.length, 3);
    post(q!, 3);
    assert.deepEqual([...first, ...events(q!)], press(KEY_POWER));
  });

  test('keeps a press while the guest sleeps, and delivers it to the driver that comes back', () => {
    const { d, r, post, events } = keyboard(), [q] = r.start([8, 8]);
    post(q!, 8);
    r.set(R.Status, 0);
    d.press(KEY_SLEEP);
    const [again] = r.start([8, 8], F.VERSION_1 | F.EVENT_IDX);
    post(again!, 8);
    assert.deepEqual(events(again!), press(KEY_SLEEP));
  });

  test('says no when too many presses wait, and to a key it lacks', () => {
    const { d } = keyboard();
    assert.deepEqual(Array.from({ length: 17 }, () => d.press(KEY_POWER)), [...Array(16).fill(true), false]);
    assert.throws(() => d.press(30), HypnosError);
  });

  test('returns status buffers, and breaks on an event buffer too small', () => {
    const { d, r } = keyboard(), [q, leds] = r.start([8, 8]);
    leds!.add(0, { address: leds!.data, length: 8 });
    r.kick(LEDS);
    assert.equal(leds!.usedIndex(), 1);
    q!.add(0, { address: q!.data, length: 7, flags: D.WRITE });
    d.press(KEY_POWER);
    assert.equal(r.get(R.Status) & STATUS.NEEDS_RESET, STATUS.NEEDS_RESET);
  });
});
