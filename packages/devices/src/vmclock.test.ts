import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { conforms } from '../test/conformance.ts';
import { world } from '../test/world.ts';
import { attach, vmclock } from './index.ts';
import { counterPeriod } from './vmclock.ts';

conforms(vmclock);

/** Offsets in the page, from the header's structure. */
const AT = { magic: 0, size: 4, version: 8, counterId: 10, timeType: 11, sequence: 12, marker: 0x10, flags: 0x18, status: 0x22, taiOffset: 0x24,
  shift: 0x27, counter: 0x28, period: 0x30, seconds: 0x48, fraction: 0x50, generation: 0x68 };
const NS = 1_000_000_000n;

function clock() {
  const w = world(), d = attach(vmclock, { ports: w.ports, at: { address: 0x090e_0000n, spi: 11 } });
  const get = (at: number, bytes: number) => d.read(at, bytes);
  /** The time as a guest works it out, in nanoseconds: T1 + P (C - C1). */
  const told = (ticks: bigint): bigint => {
    assert.equal(get(AT.sequence, 4) & 1n, 0n);
    const passed = ((ticks - get(AT.counter, 8)) * get(AT.period, 8)) >> get(AT.shift, 1);
    const time = (get(AT.seconds, 8) << 64n) + get(AT.fraction, 8) + passed;
    return (time * NS + (1n << 63n)) >> 64n;
  };
  return { w, d, get, told, ticks: () => w.ports.counter.ticks() };
}
const near = (a: bigint, b: bigint, ns: bigint): void => assert.ok(a - b <= ns && b - a <= ns, `${a} and ${b} are more than ${ns} ns apart`);

describe('vmclock', () => {
  test('the page is the structure of the header: what does not change', () => {
    const { get, d } = clock();
    assert.deepEqual([get(AT.magic, 4), get(AT.size, 4), get(AT.version, 2), get(AT.counterId, 1), get(AT.timeType, 1)], [0x4b4c_4356n, 0x1000n, 1n, 0n, 0n]);
    assert.deepEqual([get(AT.flags, 8), get(AT.status, 1), get(AT.taiOffset, 2)], [0x300n, 3n, 0n], 'generation counter and notification; free running');
    assert.deepEqual([get(0x70, 8), get(0xff8, 8)], [0n, 0n]);
    assert.equal(d.oddities().total, 0);
  });

  test('a tick of 16 ns, with all the bits there are', () => {
    const { frac, shift } = counterPeriod(16);
    assert.ok(frac >= 1n << 63n && frac < 1n << 64n);
    assert.equal(frac, (16n << BigInt(64 + shift)) / NS);
    assert.deepEqual(counterPeriod(1), { frac: 0x8970_5f41_36b4_a597n, shift: 29 }, 'the example of the specification');
  });

  test('the guest works the wall clock out of the counter', () => {
    const { w, told, ticks } = clock();
    near(told(ticks()), w.wallNs, 16n);
    w.pass(86_400n * NS);
    near(told(ticks()), w.wallNs, 32n);
  });

  test('a host clock that is being set right is followed at the next look, with a new even sequence', () => {
    const { w, told, ticks, get } = clock(), before = get(AT.sequence, 4);
    w.wallNs += 900_000n;
    near(told(ticks()), w.wallNs - 900_000n, 32n);
    assert.equal(get(AT.sequence, 4), before, 'less than a millisecond is left');
    w.wallNs += 900_000n;
    near(told(ticks()), w.wallNs, 32n);
    assert.equal(get(AT.sequence, 4), before + 2n);
    assert.equal(get(AT.marker, 8), 0n, 'the counter is what it was');
  });

  test('a machine that stood still is told: marker, sequence, generation and a pulse', () => {
    const { w, d, get, told, ticks } = clock();
    d.hold(7n);
    assert.deepEqual([get(AT.generation, 8), w.line], [7n, false]);
    told(ticks());
    w.pass(2000n);
    d.due();
    const sequence = get(AT.sequence, 4);
    w.wallNs += 3600n * NS;                                  // the wall clock went on alone
    d.disrupted(8n);
    assert.deepEqual([get(AT.marker, 8), get(AT.generation, 8), w.line, get(AT.sequence, 4)], [1n, 8n, true, sequence + 2n]);
    near(told(ticks()), w.wallNs, 32n);
    w.pass(1000n);
    d.due();
    assert.equal(w.line, false);
  });

  test('nobody writes it', () => {
    const { d } = clock(), before = d.save();
    for (let at = 0; at < 0x70; at += 8) d.write(at, 8, 0xffff_ffff_ffff_ffffn);
    assert.deepEqual(d.save(), before);
  });
});
