import { attach, pl031, pl061, type Wires } from '@hypnos/devices';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Alarms } from './alarms.ts';
import { MAP } from './board/map.ts';
import { Bus } from './bus.ts';

const clock = { nowNs: () => 0n, wallNs: () => 5_000_000_000n };
const ports: Wires & { clock: typeof clock } = { clock, irq() {}, alarm() {} };
const board = (): Bus => new Bus([attach(pl061, { ports, at: MAP.pl061 }), attach(pl031, { ports, at: MAP.pl031 })]);

test('an access reaches the device at its address; another reads zero and is counted', () => {
  const bus = board();
  assert.equal(bus.read(0x0901_0000n, 4), 5n);
  assert.equal(bus.read(0x0903_0fe0n, 4), 0x61n);
  assert.equal(bus.read(0x0902_0000n, 4), 0n);
  bus.write(0x0902_0008n, 8, 1n);
  assert.deepEqual([...bus.strays], [['read near 0x9020000', 1], ['write near 0x9020000', 1]]);
});

test('no access anywhere throws, and a flood of strange ones fills nothing', () => {
  const bus = board();
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: (1n << 52n) - 1n }), fc.constantFrom(1, 2, 4, 8), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (address, bytes, value) => {
    bus.write(address, bytes, value);
    assert.ok(bus.read(address, bytes) >= 0n);
  }));
  assert.ok(bus.strays.size <= 32);
});

test('two devices at one address are our own fault', () => {
  assert.throws(() => new Bus([attach(pl031, { ports, at: MAP.pl031 }), attach(pl061, { ports, at: MAP.pl031 })]), /overlap/);
});

test('alarms ring once, when due, earliest told first; a renewal for the past waits its turn', () => {
  const rung: string[] = [];
  let changes = 0;
  const alarms = new Alarms(() => { changes++; });
  alarms.set('late', 20n, () => rung.push('late'));
  alarms.set('early', 10n, () => { rung.push('early'); alarms.set('early', 5n, () => rung.push('again')); });
  assert.deepEqual([alarms.earliest(), changes], [10n, 2]);
  alarms.fire(9n);
  assert.deepEqual(rung, []);
  alarms.fire(10n);
  assert.deepEqual([rung, alarms.earliest()], [['early'], 5n]);
  alarms.fire(30n);
  assert.deepEqual(rung, ['early', 'late', 'again']);
  alarms.set('late', null, () => {});
  assert.equal(alarms.earliest(), null);
});
