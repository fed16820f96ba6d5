/**
 * The PL011 under the accesses that Debian's 6.1 kernel makes from its first early line to its first typed byte, recorded from
 * a boot of our guest on qemu-system-aarch64 (-trace 'memory_region_ops_*'). One token an access: F and D are a read of UARTFR and a
 * write of UARTDR with their width, r and w the others with offset (and value), N* repeats what stands behind it.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { world } from '../test/world.ts';
import { attach, pl011, type Instance } from './index.ts';

interface Recorded { readonly write: boolean; readonly offset: number; readonly bytes: number; readonly value: bigint }

function access(token: string): Recorded {
  const m = /^([FDrw])(\d+)(?:\+(\w+))?(?:=(\w+))?$/.exec(token);
  assert.ok(m, token);
  const bytes = Number(m[2]) / 8, kind = m[1]!;
  if (kind === 'F') return { write: false, offset: 0x18, bytes, value: 0n };
  if (kind === 'D') return { write: true, offset: 0, bytes, value: 0x2en };
  return { write: kind === 'w', offset: Number.parseInt(m[3]!, 16), bytes, value: BigInt(`0x${m[4] ?? '0'}`) };
}

const boot = readFileSync(new URL('../test/linux-6.1-boot.pl011.txt', import.meta.url), 'utf8').trim().split('\n').flatMap(line => {
  const [, times, group] = /^(?:(\d+)\*)?(.*)$/.exec(line)!, accesses = group!.split(',').map(access);
  return Array.from({ length: Number(times ?? 1) }, () => accesses).flat();
});
const isWrite = (a: Recorded, offset: number, value: bigint) => a.write && a.offset === offset && a.value === value;
/** The driver's flush of the FIFO follows its last clearing of the receive interrupts; then it enables them for good. */
const flushed = boot.findLastIndex(a => isWrite(a, 0x44, 0x50n));
const listening = boot.findIndex((a, i) => i > flushed && isWrite(a, 0x38, 0x50n));

/** Replays the boot with a far end that offers a byte after every access: answers where the first was taken. */
function firstTaken(stepNs: bigint, prepare: (d: Instance) => void = () => {}) {
  const w = world(), d = attach(pl011, { ports: w.ports, at: { address: 0x0900_0000n, spi: 1 } });
  prepare(d);
  w.sent = [];
  let first = -1;
  for (const [i, a] of boot.entries()) {
    w.pass(stepNs);
    if (w.alarm !== null && w.alarm <= w.nowNs) d.due();
    if (a.write) d.write(a.offset, a.bytes, a.value);
    else d.read(a.offset, a.bytes);
    if (first < 0 && d.receive(Uint8Array.of(0x41)) > 0) first = i;
  }
  return { first, d, w };
}

describe('pl011 under a recorded boot of Linux', () => {
  test('the record holds what it is for: early lines, the moment the interrupt is on too soon, and the flush', () => {
    assert.ok(boot.length > 30_000);
    assert.ok(listening > flushed && flushed > 0);
    assert.ok(boot.findIndex(a => isWrite(a, 0x38, 0x50n)) < flushed);
  });

  for (const [pace, stepNs] of [['one microsecond', 1000n], ['a tenth of a millisecond', 100_000n], ['a millisecond', 1_000_000n], ['nine milliseconds', 9_000_000n]] as const) {
    test(`takes no byte before the driver has flushed the FIFO, an access every ${pace}`, () => {
      const { first, d, w } = firstTaken(stepNs);
      assert.ok(first === -1 ? stepNs === 1000n : first > listening, `taken at access ${first}, listening since ${listening}`);
      assert.equal(w.sent.length, boot.filter(a => a.write && a.offset === 0).length);
      assert.equal(d.oddities().total, 0);
    });

    test(`nor after firmware that polled it and left it enabled, an access every ${pace}`, () => {
      const { first } = firstTaken(stepNs, d => {
        d.write(0x30, 4, 0x301n);
        for (let i = 0; i < 1000; i++) d.read(0x18, 4);
        for (let i = 0; i < 20; i++) d.write(0, 4, 0x2en);       // its goodbye
      });
      assert.ok(first === -1 ? stepNs === 1000n : first > listening, `taken at access ${first}, listening since ${listening}`);
    });
  }
});
