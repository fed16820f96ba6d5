import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { conforms } from '../test/conformance.ts';
import { world } from '../test/world.ts';
import { attach, pl031 } from './index.ts';

const DR = 0x0, MR = 0x4, LR = 0x8, CR = 0xc, IMSC = 0x10, RIS = 0x14, MIS = 0x18, ICR = 0x1c;
const at = { address: 0x0901_0000n, spi: 2 };
const S = 1_000_000_000n;

function rtc(w = world()) {
  const d = attach(pl031, { ports: w.ports, at });
  return { w, d, get: (offset: number) => Number(d.read(offset, 4)), set: (offset: number, value: number) => d.write(offset, 4, BigInt(value)) };
}

conforms(pl031);

describe('pl031', () => {
  test('tells the wall clock, and what the guest loads from then on', () => {
    const { w, get, set } = rtc();
    assert.equal(get(DR), 1_700_000_000);
    set(LR, 1000);
    w.pass(2n * S);
    assert.equal(get(DR), 1002);
    assert.equal(get(LR), 1000);
    assert.equal(get(CR), 1);
    set(DR, 5);
    assert.equal(get(DR), 1002, 'the counter is read-only');
  });

  test('fires at the second the match names, as rtcwake drives it, and is silent once cleared', () => {
    const { w, d, get, set } = rtc();
    set(IMSC, 0);
    set(MR, get(DR) + 3);
    set(IMSC, 1);
    assert.equal(d.appointment(), 1_700_000_003n);
    assert.equal(w.alarm, w.nowNs + 2n * S + S / 2n, 'to the nanosecond at which the counter turns');
    w.pass(2n * S);
    d.due();
    assert.equal(w.line, false, 'an early call does nothing');
    w.pass(S / 2n);
    d.due();
    assert.deepEqual([w.line, get(RIS), get(MIS), d.appointment(), w.alarm], [true, 1, 1, null, null]);
    set(ICR, 1);
    assert.deepEqual([w.line, get(RIS)], [false, 0]);
  });

  test('raises its line when the match passes while masked, and shows it once unmasked', () => {
    const { w, d, get, set } = rtc();
    set(MR, get(DR) + 1);
    assert.equal(d.appointment(), null, 'a masked match is no appointment');
    w.pass(S);
    d.due();
    assert.deepEqual([w.line, get(RIS), get(MIS)], [false, 1, 0]);
    set(IMSC, 1);
    assert.equal(w.line, true);
  });

  test('a guest that polls sees the match even before the alarm is delivered', () => {
    const { w, get, set } = rtc();
    set(MR, get(DR) + 1);
    w.pass(S);
    assert.equal(get(RIS), 1);
  });

  test('a match equal to the counter fires at once, one in the past only after the counter wraps', () => {
    const { w, get, set } = rtc();
    set(IMSC, 1);
    set(MR, get(DR));
    assert.equal(w.line, true);
    set(ICR, 1);
    set(MR, get(DR) - 1);
    assert.equal(w.line, false);
    assert.ok(w.alarm! > w.nowNs + (1n << 31n) * S);
  });

  test('a match that passes while the machine is stored fires when it is loaded', () => {
    const { d, get, set } = rtc();
    set(IMSC, 1);
    set(MR, get(DR) + 60);
    const saved = d.save();
    const later = rtc();
    later.w.wallNs += 3600n * S;
    later.d.load(saved);
    assert.equal(later.w.line, true);
  });

  test('shows what it is to narrow reads as well: EDK2 asks byte by byte before it takes it for a clock', () => {
    const { d } = rtc();
    assert.deepEqual([0xfe0, 0xfe4, 0xff0, 0xff4, 0xff8, 0xffc].map(offset => Number(d.read(offset, 1))), [0x31, 0x10, 0x0d, 0xf0, 0x05, 0xb1]);
  });

  test('brings a node with its interrupt, which makes it a wake source', () => {
    const { d } = rtc();
    assert.deepEqual(d.nodes()[0], {
      name: 'pl031@9010000', children: [],
      properties: {
        compatible: ['arm,pl031', 'arm,primecell'], reg: { cells: [{ u64: 0x0901_0000n }, { u64: 0x1000n }] },
        interrupts: { cells: [{ u32: 0n }, { u32: 2n }, { u32: 4n }] },
        clocks: { cells: [{ phandle: 'apb-pclk' }] }, 'clock-names': ['apb_pclk'],
      },
    });
  });
});
