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

test('alarms ring when due, earliest told first; a renewal for the past waits its turn, and who was early is called again', () => {
  const rung: string[] = [];
  let changes = 0, early = true;
  const alarms = new Alarms(() => { changes++; });
  const ring = (name: string) => (): void => { rung.push(name); alarms.set(name, null, () => {}); };
  alarms.set('late', 20n, ring('late'));
  alarms.set('early', 10n, () => { rung.push('early'); alarms.set('early', 5n, ring('early')); });
  assert.deepEqual([alarms.earliest(), changes], [10n, 2]);
  alarms.fire(9n);
  assert.deepEqual(rung, []);
  alarms.fire(10n);
  assert.deepEqual([rung, alarms.earliest()], [['early'], 5n]);
  alarms.fire(30n);
  assert.deepEqual([rung, alarms.earliest()], [['early', 'late', 'early'], null]);

  alarms.set('slow clock', 40n, () => { if (early) early = false; else ring('slow clock')(); });
  changes = 0;
  alarms.fire(40n);
  assert.deepEqual([alarms.earliest(), changes], [40n, 1], 'nothing was done about it, so it stands and is told again');
  alarms.fire(40n);
  assert.deepEqual([rung.at(-1), alarms.earliest()], ['slow clock', null]);
});
