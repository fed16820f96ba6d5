import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { conforms } from '../../test/conformance.ts';
import { D, driver, F, R, STATUS, type DriverQueue } from '../../test/virtio-driver.ts';
import { RAM_BASE, world } from '../../test/world.ts';
import { attach, virtioBalloon, virtioConsole, virtioInput, virtioRng } from '../index.ts';

const at = { address: 0x0a00_0000n, spi: 16 };

for (const d of [virtioBalloon, virtioConsole, virtioInput, virtioRng]) conforms(d as typeof virtioRng);

function rng() {
  const w = world(), d = attach(virtioRng, { ports: w.ports, at });
  return { w, d, ...driver(w, d) };
}
const needsReset = (r: ReturnType<typeof rng>) => (r.get(R.Status) & STATUS.NEEDS_RESET) !== 0;

describe('virtio-mmio', () => {
  test('serves a request from negotiation to interrupt and acknowledgement', () => {
    const r = rng(), [q] = r.start([8]);
    assert.equal(r.get(R.DeviceID), 4);
    q!.add(0, { address: q!.data, length: 16, flags: D.WRITE });
    r.kick(0);
    assert.deepEqual(q!.used(), [{ id: 0, length: 16 }]);
    assert.equal(r.w.memory.bytes[Number(q!.data - RAM_BASE) + 1], 48);
    assert.deepEqual([r.w.line, r.acknowledge(), r.w.line], [true, 1, false]);
  });

  test('serves what was offered before the driver said it is ready', () => {
    const r = rng();
    r.start([]);
    r.set(R.Status, 0);
    for (const bits of [1, 2]) r.addStatus(bits);
    r.set(R.DriverFeaturesSel, 1);
    r.set(R.DriverFeatures, 1);
    r.addStatus(STATUS.FEATURES_OK);
    const q = r.setup(0, 8);
    q.add(0, { address: q.data, length: 4, flags: D.WRITE });
    r.kick(0);
    assert.equal(q.usedIndex(), 0);
    r.addStatus(STATUS.DRIVER_OK);
    assert.equal(q.usedIndex(), 1);
  });

  test('refuses features it did not offer, and drivers older than version 1', () => {
    for (const [low, high] of [[0, 0], [1 << 5, 1], [0, 3]]) {
      const r = rng();
      r.addStatus(3);
      for (const [sel, value] of [[0, low!], [1, high!], [2, 7]]) { r.set(R.DriverFeaturesSel, sel!); r.set(R.DriverFeatures, value!); }
      r.addStatus(STATUS.FEATURES_OK);
      assert.equal(r.get(R.Status), 3, `features ${low} ${high}`);
      r.addStatus(STATUS.DRIVER_OK);
      assert.equal(r.get(R.Status), 3, 'not ready without features');
    }
  });

  test('status bits are only cleared by a reset, which takes queues and features with it', () => {
    const r = rng();
    r.start([8]);
    r.set(R.Status, 1);
    assert.equal(r.get(R.Status), 15);
    r.set(R.Status, 0);
    r.set(R.QueueSel, 0);
    assert.deepEqual([r.get(R.Status), r.get(R.QueueReady), r.get(R.InterruptStatus)], [0, 0, 0]);
  });

  test('takes only queue sizes that are powers of two within the offer, and no queue it lacks', () => {
    const r = rng();
    for (const [size, ready] of [[0, 0], [3, 0], [128, 0], [0x8000_0000, 0], [64, 1]]) {
      r.set(R.QueueSel, 0);
      r.set(R.QueueNum, size!);
      r.set(R.QueueReady, 1);
      assert.equal(r.get(R.QueueReady), ready!, `size ${size}`);
    }
    r.set(R.QueueNum, 8);
    r.set(R.QueueReady, 0);
    for (const sel of [1, 0xffff_ffff]) {
      r.set(R.QueueSel, sel);
      r.set(R.QueueNum, 8);
      r.set(R.QueueReady, 1);
      assert.deepEqual([r.get(R.QueueNumMax), r.get(R.QueueReady)], [0, 0]);
    }
  });

  test('has no shared memory region', () => {
    const r = rng();
    r.set(0xac, 0);
    assert.deepEqual([0xb0, 0xb4, 0xb8, 0xbc].map(r.get), Array(4).fill(0xffff_ffff));
  });

  test('keeps quiet where the driver asked for no interrupt', () => {
    const r = rng(), [q] = r.start([8]);
    q!.setNoInterrupt();
    q!.add(0, { address: q!.data, length: 4, flags: D.WRITE });
    r.kick(0);
    assert.deepEqual([q!.usedIndex(), r.w.line], [1, false]);
  });

  test('with event indices interrupts when the ring passes the one asked for, and asks for the next notification', () => {
    const r = rng(), [q] = r.start([8], F.VERSION_1 | F.EVENT_IDX);
    q!.setUsedEvent(1);
    for (let i = 0; i < 3; i++) {
      q!.add(i, { address: q!.data, length: 4, flags: D.WRITE });
      r.kick(0);
      assert.equal(q!.availEvent(), i + 1);
      assert.equal(r.w.line, i >= 1);
      if (i === 1) r.acknowledge();
      if (i === 1) q!.setUsedEvent(2);
    }
  });

  test('follows an indirect table', () => {
    const r = rng(), [q] = r.start([8], F.VERSION_1 | F.INDIRECT), table = Number(q!.data - RAM_BASE);
    q!.descriptor(0, { address: q!.data + 0x100n, length: 4, flags: D.WRITE | D.NEXT, next: 1 }, table);
    q!.descriptor(1, { address: q!.data + 0x200n, length: 6, flags: D.WRITE }, table);
    q!.add(0, { address: q!.data, length: 32, flags: D.INDIRECT });
    r.kick(0);
    assert.deepEqual(q!.used(), [{ id: 0, length: 10 }]);
    assert.equal(r.w.memory.bytes[table + 0x200], (4 * 37 + 11) & 0xff);
  });

  test('ring positions run through all 16 bits', () => {
    const r = rng(), [q] = r.start([4]);
    q!.descriptor(0, { address: q!.data, length: 1, flags: D.WRITE });
    for (let i = 0; i < 0x1_0005; i++) {
      q!.offer(0);
      if (i % 4 === 3) r.kick(0);
    }
    r.kick(0);
    assert.equal(q!.usedIndex(), 5);
    assert.equal(needsReset(r), false);
  });

  const hostile: Record<string, (q: DriverQueue, r: ReturnType<typeof rng>) => void> = {
    'a chain that loops': q => { q.add(0, { address: q.data, length: 4, flags: D.WRITE | D.NEXT, next: 0 }); },
    'a head outside the table': q => q.offer(8),
    'a next outside the table': q => q.add(0, { address: q.data, length: 4, flags: D.NEXT | D.WRITE, next: 200 }),
    'a buffer that is not RAM': q => q.add(0, { address: 0x10n, length: 4, flags: D.WRITE }),
    'a buffer that wraps around': q => q.add(0, { address: 0xffff_ffff_ffff_fffen, length: 4, flags: D.WRITE }),
    'a buffer without length': q => q.add(0, { address: q.data, length: 0, flags: D.WRITE }),
    'a buffer of 4 GiB': q => q.add(0, { address: q.data, length: 0xffff_ffff, flags: D.WRITE }),
    'readable behind writable': q => {
      q.descriptor(1, { address: q.data, length: 4 });
      q.add(0, { address: q.data, length: 4, flags: D.WRITE | D.NEXT, next: 1 });
    },
    'an indirect table that was not negotiated': q => q.add(0, { address: q.data, length: 16, flags: D.INDIRECT }),
    'more chains than the ring holds': q => {
      q.descriptor(0, { address: q.data, length: 4, flags: D.WRITE });
      q.setAvail(9);
    },
  };
  for (const [what, offend] of Object.entries(hostile)) {
    test(`${what} makes the device need a reset, and a reset helps`, () => {
      const r = rng(), [q] = r.start([8]);
      offend(q!, r);
      r.kick(0);
      assert.ok(needsReset(r));
      assert.equal(r.acknowledge() & 2, 2, 'told by a configuration interrupt');
      const [again] = r.start([8]);
      assert.equal(needsReset(r), false);
      again!.add(0, { address: again!.data, length: 4, flags: D.WRITE });
      r.kick(0);
      assert.equal(again!.usedIndex(), 1);
    });
  }

  test('bad indirect tables make the device need a reset', () => {
    for (const [length, flags, inner] of [[0, 0, 0], [24, 0, 0], [16, D.NEXT, 0], [16, 0, D.INDIRECT], [16 * 1025, 0, 0], [16, 0, D.NEXT]]) {
      const r = rng(), [q] = r.start([8], F.VERSION_1 | F.INDIRECT);
      q!.descriptor(0, { address: q!.data + 64n, length: 16, flags: D.WRITE | inner!, next: 0 }, Number(q!.data - RAM_BASE));
      q!.add(0, { address: q!.data, length: length!, flags: D.INDIRECT | flags! });
      r.kick(0);
      assert.ok(needsReset(r), `length ${length} flags ${flags} inner ${inner}`);
    }
  });

  test('rings that are not RAM, or misaligned, make the device need a reset', () => {
    for (const address of [0x1000n, RAM_BASE + 0x8001n, 0xffff_ffff_ffff_fff0n]) {
      for (const register of [R.QueueDriverLow, R.QueueDeviceLow, R.QueueDescLow]) {
        if (register === R.QueueDescLow && address === RAM_BASE + 0x8001n) continue;       // a table may lie anywhere
        const r = rng();
        const [q] = r.start([8], F.VERSION_1 | F.EVENT_IDX);
        r.d.load(withQueueAt(r, register, address));
        q!.add(0, { address: q!.data, length: 4, flags: D.WRITE });
        r.kick(0);
        assert.ok(needsReset(r), `register ${register.toString(16)} address ${address.toString(16)}`);
      }
    }
  });

  test('a chain that shows the same memory again and again is taken up to 4 MiB', () => {
    for (const [entries, broken] of [[64, false], [65, true]] as const) {
      const r = rng(), [q] = r.start([8], F.VERSION_1 | F.INDIRECT), table = Number(q!.data - RAM_BASE);
      for (let i = 0; i < entries; i++) {
        const last = i === entries - 1 ? 0 : D.NEXT;
        q!.descriptor(i, { address: RAM_BASE + 0x8_0000n, length: 0x1_0000, flags: D.WRITE | last, next: i + 1 }, table);
      }
      q!.add(0, { address: q!.data, length: 16 * entries, flags: D.INDIRECT });
      r.kick(0);
      assert.deepEqual([needsReset(r), q!.usedIndex()], [broken, broken ? 0 : 1], `${entries} times 64 KiB`);
    }
  });

  test('random rings in random memory never throw', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 0x2000, maxLength: 0x2000 }), fc.nat(0xffff), fc.boolean(), (bytes, avail, all) => {
      for (const d of [virtioBalloon, virtioConsole, virtioInput, virtioRng]) {
        const w = world(), instance = attach(d as typeof virtioRng, { ports: w.ports, at }), dr = driver(w, instance);
        const queues = dr.start(({ 'virtio-rng': [8], 'virtio-balloon': [8, 8, 8, 8, 8] } as Record<string, number[]>)[d.name] ?? [8, 8], all ? (1n << 64n) - 1n : F.VERSION_1);
        for (const q of queues) {
          w.memory.bytes.set(bytes, Number(q.base - RAM_BASE));
          if (avail % 3) q.setAvail(avail % 9);
        }
        for (const i of queues.keys()) dr.kick(i);
        (instance as { receive?: (bytes: Uint8Array) => number }).receive?.(new Uint8Array(100));
      }
    }), { numRuns: 100 });
  });
});

/** The saved state of a device whose driver put one of its rings at a bad address. */
function withQueueAt(r: ReturnType<typeof rng>, register: number, address: bigint): Uint8Array {
  const r2 = rng();
  r2.start([]);
  const q = { desc: RAM_BASE + 0x1_0000n, driver: RAM_BASE + 0x1_0800n, device: RAM_BASE + 0x1_1000n };
  r2.set(R.Status, 0);
  r2.set(R.DriverFeaturesSel, 0);
  r2.set(R.DriverFeatures, Number(F.EVENT_IDX));
  r2.set(R.DriverFeaturesSel, 1);
  r2.set(R.DriverFeatures, 1);
  r2.addStatus(3);
  r2.addStatus(STATUS.FEATURES_OK);
  r2.set(R.QueueNum, 8);
  r2.set64(R.QueueDescLow, register === R.QueueDescLow ? address : q.desc);
  r2.set64(R.QueueDriverLow, register === R.QueueDriverLow ? address : q.driver);
  r2.set64(R.QueueDeviceLow, register === R.QueueDeviceLow ? address : q.device);
  r2.set(R.QueueReady, 1);
  r2.w.memory.bytes.set(r.w.memory.bytes);
  r2.addStatus(STATUS.DRIVER_OK);
  return r2.d.save();
}
