import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { D, driver, F, R, STATUS, type DriverQueue } from '../../test/virtio-driver.ts';
import { RAM_BASE, world } from '../../test/world.ts';
import { attach, virtioBalloon } from '../index.ts';

const INFLATE = 0, DEFLATE = 1, PAGE = 4096, POISONED = 0xaa;
const PAGE_POISON = 1n << 4n, REPORTING = 1n << 5n, ALL = F.VERSION_1 | PAGE_POISON | REPORTING;
/** Where the test's pages are, beyond the rings. */
const FREE = 0x8_0000;

/** A balloon over RAM whose upper half is full of something. */
function balloon(features = F.VERSION_1 | REPORTING, poison?: number) {
  const w = world(), d = attach(virtioBalloon, { ports: w.ports, at: { address: 0x0a00_0600n, spi: 19 } }), r = driver(w, d);
  w.memory.bytes.fill(POISONED, FREE);
  if (poison !== undefined) d.write(R.Config + 12, 4, BigInt(poison));
  const queues = r.start([16, 16, 16, 16, 16], features);
  const report = (queue: number, ...runs: readonly (readonly [from: number, bytes: number])[]): void => {
    const q = queues[queue]!;
    runs.forEach(([from, bytes], i) => {
      const more = i < runs.length - 1 ? D.NEXT : 0;
      q.descriptor(i, { address: RAM_BASE + BigInt(from), length: bytes, flags: D.WRITE | more, next: i + 1 });
    });
    q.offer(0);
    r.kick(queue);
  };
  const name = (q: DriverQueue, queue: number, numbers: readonly number[], bytes = 4 * numbers.length): void => {
    const view = new DataView(w.memory.bytes.buffer, Number(q.data - RAM_BASE));
    numbers.forEach((n, i) => view.setUint32(4 * i, n, true));
    q.add(0, { address: q.data, length: bytes });
    r.kick(queue);
  };
  const zero = (from: number, bytes: number): boolean => w.memory.bytes.subarray(from, from + bytes).every(byte => byte === 0);
  const full = (from: number, bytes: number): boolean => w.memory.bytes.subarray(from, from + bytes).every(byte => byte === POISONED);
  return { w, d, r, queues, report, name, zero, full, broken: () => (r.get(R.Status) & STATUS.NEEDS_RESET) !== 0 };
}

describe('virtio-balloon', () => {
  test('pages reported free become zeroes, and nothing beside them', () => {
    for (const queue of [2, 3, 4]) {
      const { queues, report, zero, full, broken, w } = balloon();
      report(queue, [FREE, 4 * PAGE], [FREE + 8 * PAGE, PAGE]);
      assert.deepEqual(queues[queue]!.used(), [{ id: 0, length: 0 }]);
      assert.ok(zero(FREE, 4 * PAGE) && full(FREE + 4 * PAGE, 4 * PAGE) && zero(FREE + 8 * PAGE, PAGE) && full(FREE + 9 * PAGE, PAGE));
      assert.deepEqual([broken(), w.line], [false, true]);
    }
  });

  test('a page of which only part is free stays whole', () => {
    const { report, zero, full } = balloon();
    report(4, [FREE + 100, 3 * PAGE]);
    assert.ok(full(FREE, PAGE) && zero(FREE + PAGE, 2 * PAGE) && full(FREE + 3 * PAGE, PAGE));
  });

  test('free pages that the guest fills with something keep it, and lose a filling of zeroes', () => {
    const filled = balloon(ALL, 0xaaaa_aaaa);
    filled.report(4, [FREE, 4 * PAGE]);
    assert.ok(filled.full(FREE, 4 * PAGE));
    assert.deepEqual(filled.queues[4]!.used(), [{ id: 0, length: 0 }]);
    const zeroed = balloon(ALL, 0);
    zeroed.report(4, [FREE, 4 * PAGE]);
    assert.ok(zeroed.zero(FREE, 4 * PAGE));
    const notAgreed = balloon(F.VERSION_1 | REPORTING, 0xaaaa_aaaa);
    notAgreed.report(4, [FREE, 4 * PAGE]);
    assert.ok(notAgreed.zero(FREE, 4 * PAGE));
  });

  test('the filling is remembered over a reset by the driver, which Linux makes at each sleep and does not follow by saying it again', () => {
    const { r, d, w, full } = balloon(ALL, 0xaaaa_aaaa), again = r.start([16, 16, 16, 16, 16], ALL);
    again[4]!.add(0, { address: RAM_BASE + BigInt(FREE), length: PAGE, flags: D.WRITE });
    r.kick(4);
    assert.ok(full(FREE, PAGE));
    assert.equal(again[4]!.usedIndex(), 1);
    d.reset();
    assert.equal(Number(d.read(R.Config + 12, 4)), 0);
    assert.equal(w.line, false);
  });

  test('pages in the balloon become zeroes; what comes back out of it is given back', () => {
    const { d, r, queues, name, zero, full, w } = balloon(), first = Number(RAM_BASE) / PAGE + FREE / PAGE;
    d.want(3);
    assert.deepEqual([Number(d.read(R.Config, 4)), r.acknowledge() & 2, w.line], [3, 2, false]);
    name(queues[INFLATE]!, INFLATE, [first, first + 2, first + 5]);
    assert.ok(zero(FREE, PAGE) && full(FREE + PAGE, PAGE) && zero(FREE + 2 * PAGE, PAGE) && full(FREE + 3 * PAGE, 2 * PAGE) && zero(FREE + 5 * PAGE, PAGE));
    d.write(R.Config + 4, 4, 3n);
    assert.equal(d.actual(), 3);
    name(queues[DEFLATE]!, DEFLATE, [first]);
    assert.deepEqual([queues[INFLATE]!.used().length, queues[DEFLATE]!.used().length], [1, 1]);
  });

  test('memory that is not there, and requests without measure, break the device and nothing else', () => {
    const cases: readonly ((b: ReturnType<typeof balloon>) => void)[] = [
      b => b.report(4, [1 << 20, PAGE]), b => b.report(4, [-PAGE, PAGE]), b => b.report(2, [FREE, 0xffff_f000]),
      b => b.name(b.queues[INFLATE]!, INFLATE, [0]), b => b.name(b.queues[INFLATE]!, INFLATE, [0xffff_ffff]),
      b => b.name(b.queues[INFLATE]!, INFLATE, [], 0x1_0001),
    ];
    for (const act of cases) {
      const b = balloon();
      act(b);
      assert.equal(b.broken(), true);
    }
  });

  test('one notification looks at so much memory and no more; the driver gets everything back', () => {
    const { queues, r, w, broken } = balloon(), asked: number[] = [], q = queues[4]!;
    w.ports.discard = (_ipa, bytes) => { asked.push(bytes); return true; };
    for (let n = 0; n < 16; n++) q.add(n, { address: RAM_BASE, length: 16 << 20, flags: D.WRITE });
    r.kick(4);
    assert.deepEqual([asked.length, asked.reduce((a, b) => a + b), q.used().length, broken()], [8, 128 << 20, 16, false]);
  });
});
