import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HypnosError } from '@hypnos/base';
import { guestMemory, memoryMap, PAGE, setSlot } from './index.ts';

const RAM = 0x4000_0000n, ROM = 0n;

function machine(ports: Parameters<typeof guestMemory>[2] = {}) {
  const map = memoryMap(1, 1 << 20), buffer = new SharedArrayBuffer(map.end);
  setSlot(buffer, map, 3, { ipa: RAM, bytes: 0x8000, linear: map.ram });
  setSlot(buffer, map, 5, { ipa: RAM + 0x8000n, bytes: 0x4000, linear: map.ram + 0x10000 });
  setSlot(buffer, map, 7, { ipa: ROM, bytes: 0x1000, linear: map.ram + 0x20000, readOnly: true });
  return { map, memory: guestMemory(buffer, map, ports), flags: new Uint8Array(buffer, map.pageFlags, 1 << 20) };
}

test('addresses are found in their slots, and nowhere else', () => {
  const { map, memory } = machine();
  assert.equal(memory.linearOf(RAM + 0x7fffn), map.ram + 0x7fff);
  assert.equal(memory.linearOf(RAM + 0x8001n), map.ram + 0x10001);
  for (const outside of [RAM - 1n, RAM + 0xc000n, 1n << 47n, RAM + (1n << 44n)]) assert.equal(memory.linearOf(outside), null);
  assert.equal(memory.linearOf(ROM, 'write'), null);
  assert.notEqual(memory.linearOf(ROM), null);
});

test('values of every size at every offset, across pages and slots', () => {
  const { memory } = machine();
  for (const bytes of [1, 2, 4, 8] as const) {
    for (let offset = 0n; offset < 16n; offset++) {
      const value = 0x0123_4567_89ab_cdefn & ((1n << BigInt(bytes * 8)) - 1n), at = RAM + 0x7ff8n + offset;
      assert.ok(memory.store(at, bytes, value));
      assert.equal(memory.load(at, bytes), value);
    }
  }
  assert.equal(memory.store(RAM + 0xbffcn, 8, 1n), false);
  assert.equal(memory.load(RAM + 0xbffcn, 4), 0n, 'a store that does not fit writes nothing');
  assert.equal(memory.readBytes(RAM + 0xbfffn, 2), null);
});

test('a write makes a page dirty and tells the watcher; a read does neither', () => {
  const written: bigint[] = [];
  const { map, memory, flags } = machine({ written: frame => written.push(frame) });
  const page = map.ram >>> 12;
  flags[page] = PAGE.clean | PAGE.watched;
  memory.load(RAM, 8);
  assert.deepEqual([flags[page], written], [PAGE.clean | PAGE.watched, []]);
  memory.writeBytes(RAM + 5n, new Uint8Array(3));
  assert.deepEqual([flags[page], written], [PAGE.watched, [RAM >> 12n]]);
});

test('whole pages of a range become zeroes: fetched first if absent, told to the watcher, and clean as before where they were so', () => {
  const told: string[] = [];
  const { map, memory, flags } = machine({
    written: frame => told.push(`written ${frame - (RAM >> 12n)}`),
    fetchPage(frame) {
      told.push(`fetched ${frame - (RAM >> 12n)}`);
      flags[page + 3] = PAGE.clean | PAGE.watched;
      memory.write(map.ram + 3 * 0x1000, 8, 7n);
    },
  });
  const page = map.ram >>> 12;
  for (let n = 0n; n < 8n; n++) if (n !== 2n && n !== 3n) memory.store(RAM + n * 0x1000n + 8n, 8, 1n + n);
  for (let n = 1; n < 8; n++) flags[page + n] = PAGE.clean | PAGE.watched;
  flags[page + 3] = PAGE.absent;
  assert.equal(memory.zeroPages(RAM + 0x800n, 0x4000), true);
  const held = Array.from({ length: 8 }, (_, n) => memory.load(RAM + BigInt(n) * 0x1000n, 8)! + memory.load(RAM + BigInt(n) * 0x1000n + 8n, 8)!);
  assert.deepEqual(held, [1n, 0n, 0n, 0n, 5n, 6n, 7n, 8n]);
  assert.deepEqual(told, ['written 1', 'fetched 3', 'written 3']);
  assert.deepEqual([1, 2, 3, 4].map(n => flags[page + n]! & PAGE.clean), [0, PAGE.clean, 0, PAGE.clean]);
  assert.equal(memory.zeroPages(RAM + 0x7000n, 0x2000), true, 'over the end of a slot');
  assert.deepEqual([memory.zeroPages(ROM, 0x1000), memory.zeroPages(RAM + 0xb000n, 0x2000), memory.zeroPages((1n << 64n) - 1n, 0x2000)], [true, false, false], 'zeroes may be read-only');
  assert.deepEqual([memory.zeroPages(RAM, 0xfff), memory.zeroPages(1n << 70n, 0)], [true, true], 'no page is whole in it');
});

test('an absent page is fetched before it is touched, and without a port that is refused', () => {
  const { map, memory, flags } = machine({
    fetchPage(frame) {
      assert.equal(frame, (RAM >> 12n) + 1n);
      flags[page] = 0;
    },
  });
  const page = (map.ram >>> 12) + 1;
  flags[page] = PAGE.absent;
  assert.equal(memory.load(RAM + 0x1000n, 1), 0n);
  assert.equal(flags[page], 0);
  const bare = machine();
  bare.flags[bare.map.ram >>> 12] = PAGE.absent;
  assert.throws(() => bare.memory.load(RAM, 1), HypnosError);
});

test('compare-exchange changes only what is as expected', () => {
  const { memory } = machine();
  for (const bytes of [1, 2, 4, 8] as const) {
    const linear = memory.linearOf(RAM + 64n * BigInt(bytes), 'write')!, most = (1n << BigInt(bytes * 8)) - 1n;
    assert.equal(memory.compareExchange(linear, bytes, 0n, most), 0n);
    assert.equal(memory.compareExchange(linear, bytes, 1n, 5n), most);
    assert.equal(memory.read(linear, bytes), most);
  }
});
