import assert from 'node:assert/strict';
import { test } from 'node:test';
import { place, placeDtb } from './plan.ts';

const MIB = 2 ** 20;
const kernel = { bytes: new Uint8Array(3 * MIB), textOffset: 0, memoryBytes: 4 * MIB };

test('kernel and initrd go behind the device tree, the initrd on a 2 MiB boundary', () => {
  const placed = place({ memoryBytes: 64 * MIB, kernel, initrd: new Uint8Array(100) });
  assert.equal(placed.entry, 0x4020_0000n);
  assert.deepEqual(placed.segments.map(s => [s.what, s.address]), [['kernel', 0x4020_0000n], ['initrd', 0x4060_0000n]]);
  assert.deepEqual(placed.initrd, { start: 0x4060_0000n, end: 0x4060_0064n });
  assert.equal(placeDtb(new Uint8Array(5000), placed).address, 0x4000_0000n);
});

test('an old kernel keeps its text_offset', () => {
  assert.equal(place({ memoryBytes: 64 * MIB, kernel: { ...kernel, textOffset: 0x80000 } }).entry, 0x4028_0000n);
});

test('what does not fit is refused with the size that would do', () => {
  assert.throws(() => place({ memoryBytes: 4 * MIB, kernel }), /needs 6 MiB .* has 4 MiB/);
  assert.throws(() => place({ memoryBytes: 16 * MIB, kernel, initrd: new Uint8Array(20 * MIB) }), /initrd of 20 MiB .* at least 26 MiB/);
  assert.throws(() => place({ memoryBytes: 16 * MIB }), /nothing to run/);
});

test('firmware at 0 goes to flash, elsewhere to RAM, and nowhere else', () => {
  const firmware = { name: 'fw', bytes: new Uint8Array(64) };
  assert.deepEqual({ ...place({ memoryBytes: 16 * MIB, firmware: { ...firmware, address: 0n } }), flash: 0 }, { segments: [], flash: 0, entry: 0n });
  assert.equal(place({ memoryBytes: 16 * MIB, firmware: { ...firmware, address: 0x4008_0000n } }).entry, 0x4008_0000n);
  for (const address of [0x1000n, 0x4100_0000n, 0x40ff_fff0n, 0x4008_0002n]) {
    assert.throws(() => place({ memoryBytes: 16 * MIB, firmware: { ...firmware, address } }), /does not fit|multiple of 4/, address.toString(16));
  }
  assert.throws(() => place({ memoryBytes: 16 * MIB, firmware: { name: 'v', bytes: Buffer.from('\x7fELF'), address: 0n } }), /objcopy/);
});

test('firmware in the way of the device tree is refused', () => {
  const placed = place({ memoryBytes: 16 * MIB, firmware: { name: 'fw', bytes: new Uint8Array(64), address: 0x4000_0000n } });
  assert.throws(() => placeDtb(new Uint8Array(100), placed), /device tree goes/);
});
