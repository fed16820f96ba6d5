import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { conforms } from '../test/conformance.ts';
import { ascii, text, world } from '../test/world.ts';
import { attach, pl011 } from './index.ts';

const DR = 0x0, RSR = 0x4, FR = 0x18, IBRD = 0x24, FBRD = 0x28, LCR_H = 0x2c, CR = 0x30, IFLS = 0x34, IMSC = 0x38, RIS = 0x3c, MIS = 0x40, ICR = 0x44;
const RXFE = 0x10, TXFF = 0x20, RXFF = 0x40, BUSY = 8, FEN = 0x10;
const RXI = 0x10, TXI = 0x20, RTI = 0x40, OEI = 0x400;
const MS = 1_000_000n;

/** The UART as Linux's amba-pl011 sees it: 16-bit accesses. */
function uart(w = world()) {
  const d = attach(pl011, { ports: w.ports, at: { address: 0x0900_0000n, spi: 1 } });
  const get = (offset: number) => Number(d.read(offset, 2)), set = (offset: number, value: number) => d.write(offset, 2, BigInt(value));
  const elapse = (ns: bigint) => { w.pass(ns); if (w.alarm !== null && w.alarm <= w.nowNs) d.due(); };
  return { w, d, get, set, elapse };
}
type Uart = ReturnType<typeof uart>;

function earlyPrint({ get, d }: Uart, s: string): void {
  for (const c of ascii(s)) {
    while (get(FR) & TXFF);
    d.write(DR, 1, BigInt(c));
    while (get(FR) & BUSY);
  }
}
function consolePrint({ get, set }: Uart, s: string): void {
  const cr = get(CR);
  set(CR, cr | 0x101);
  for (const c of ascii(s)) {
    while (get(FR) & TXFF);
    set(DR, c);
  }
  while (get(FR) & BUSY);
  set(CR, cr);
}
function setTermios({ get, set }: Uart): void {
  const cr = get(CR);
  set(FBRD, 1);
  set(IBRD, 13);
  set(LCR_H, 0x70);
  set(CR, cr & ~0xc000);
}
/** Start-up with its two surprises: the receive interrupt is on for a moment, and then the FIFO is flushed. Answers what was flushed. */
function startup({ get, set }: Uart, during: () => void = () => {}): number[] {
  const flushed: number[] = [];
  set(ICR, 0x7d0);
  const im = get(IMSC);
  set(IMSC, RTI | RXI);
  during();
  set(IMSC, im);
  set(IFLS, 0x12);
  set(CR, (get(CR) & 0xc00) | 0x301);
  get(FR);
  set(ICR, RTI | RXI);
  for (let i = 0; i < 64 && !(get(FR) & RXFE); i++) flushed.push(get(DR));
  set(IMSC, RTI | RXI);
  return flushed;
}
/** The interrupt handler's receive part. */
function interrupt({ get, set }: Uart): number[] {
  const got: number[] = [], status = get(RIS) & get(IMSC);
  set(ICR, status & ~(TXI | RTI | RXI));
  if (status & (RTI | RXI)) for (let i = 0; i < 256 && !(get(FR) & RXFE); i++) got.push(get(DR) & 0xff);
  return got;
}
const started = (): Uart => {
  const u = uart();
  setTermios(u);
  startup(u);
  u.elapse(20n * MS);
  return u;
};

conforms(pl011);

describe('pl011', () => {
  test('prints for earlycon, for the console and for the driver alike', () => {
    const u = uart();
    earlyPrint(u, 'early ');
    consolePrint(u, 'console ');
    startup(u);
    for (const c of ascii('tty')) u.set(DR, c);
    assert.equal(text(u.w.sent), 'early console tty');
  });

  test('takes no byte while Linux boots, prints and starts its driver, and every byte afterwards', () => {
    const u = uart(), typed = ascii('rtcwake -m mem -s 3\n');
    let taken = 0;
    const offer = () => { taken += u.d.receive(typed.subarray(taken)); };
    for (let i = 0; i < 50; i++) { earlyPrint(u, '[    0.000000] early line\n'); offer(); }
    u.set(IMSC, 0);
    u.set(ICR, 0xffff);
    setTermios(u);
    for (let i = 0; i < 50; i++) { consolePrint(u, '[    0.100000] line\n'); offer(); }
    assert.deepEqual(startup(u, offer), []);
    assert.equal(taken, 0);
    assert.equal(u.w.readies, 0);
    u.elapse(20n * MS);
    assert.equal(u.w.readies, 1, 'asks for input once it listens');
    const got: number[] = [];
    while (taken < typed.length) { offer(); assert.equal(u.w.line, true); got.push(...interrupt(u)); }
    assert.equal(text(got), 'rtcwake -m mem -s 3\n');
    assert.equal(u.w.line, false);
  });

  test('loses nothing to the driver\'s flush after firmware that left the UART enabled', () => {
    const u = uart(), typed = ascii('abc');
    u.set(CR, 0x301);
    for (let i = 0; i < 100; i++) u.get(FR);
    earlyPrint(u, 'Starting kernel ...\n');
    assert.deepEqual(startup(u, () => { u.w.pass(MS); u.d.settle(); assert.equal(u.d.receive(typed), 0); }), []);
    setTermios(u);
    u.elapse(20n * MS);
    assert.equal(u.d.receive(typed), 3);
    assert.equal(text(interrupt(u)), 'abc');
  });

  test('feeds a polling console one byte at a time, without its ever enabling an interrupt', () => {
    const u = uart(), typed = ascii('boot\n'), got: number[] = [];
    u.set(IMSC, 0);
    u.set(CR, 0x301);
    let taken = 0;
    assert.equal(u.d.receive(typed), 0, 'nobody looks yet');
    for (let i = 0; i < 2000 && got.length < typed.length; i++) {
      taken += u.d.receive(typed.subarray(taken));
      if (u.get(FR) & RXFE) continue;
      got.push(u.get(DR));
      u.set(DR, got.at(-1)!);
    }
    assert.equal(text(got), 'boot\n');
    assert.equal(text(u.w.sent), 'boot\n');
    assert.equal(u.w.line, false);
    assert.ok(u.w.readies > 0, 'asks for input when it is polled');
  });

  test('takes as much as the FIFO holds and asks again when there is room', () => {
    const u = started(), typed = new Uint8Array(100).fill(0x61);
    assert.equal(u.d.receive(typed), 32);
    assert.equal(u.d.receive(typed), 0);
    assert.equal(u.get(FR) & RXFF, RXFF);
    const before = u.w.readies;
    u.get(DR);
    assert.equal(u.w.readies, before + 1);
    assert.equal(u.d.receive(typed), 1);
  });

  test('raises the receive interrupt at the level, the timeout below it, and drops both when read', () => {
    const u = started();
    u.set(IMSC, RXI);
    u.elapse(20n * MS);
    u.d.receive(new Uint8Array(15));
    assert.deepEqual([u.w.line, u.get(RIS) & (RXI | RTI)], [false, RTI]);
    u.d.receive(new Uint8Array(1));
    assert.deepEqual([u.w.line, u.get(MIS)], [true, RXI]);
    u.get(DR);
    assert.deepEqual([u.w.line, u.get(RIS) & (RXI | RTI)], [false, RTI]);
    for (let i = 0; i < 15; i++) u.get(DR);
    assert.equal(u.get(RIS) & (RXI | RTI), 0);
  });

  test('a cleared timeout comes back with the next read that leaves bytes behind', () => {
    const u = started();
    u.d.receive(ascii('ab'));
    u.set(ICR, RTI | RXI);
    assert.equal(u.w.line, false);
    u.get(DR);
    assert.equal(u.w.line, true);
  });

  test('asks for more to send after a byte, until cleared', () => {
    const u = started();
    assert.equal(u.get(RIS) & TXI, 0, 'not before the first byte');
    u.set(IMSC, TXI);
    u.set(DR, 0x61);
    assert.equal(u.w.line, true);
    u.set(ICR, TXI);
    assert.equal(u.w.line, false);
  });

  test('loops back, and reports an overrun with the byte that follows it', () => {
    const u = uart();
    u.set(CR, 0x381);
    u.set(DR, 0x41);
    u.set(DR, 0x42);
    assert.equal(u.get(RIS) & OEI, OEI);
    assert.equal(u.get(DR), 0x841);
    assert.equal(u.get(RSR), 8);
    u.set(RSR, 0);
    assert.equal(u.get(RSR), 0);
    assert.deepEqual(u.w.sent, []);
  });

  test('asleep with its port open, a byte raises the line; with its port shut down, the byte waits', () => {
    const u = started();
    assert.equal(u.d.receive(ascii('x')), 1);
    assert.equal(u.w.line, true);
    interrupt(u);
    u.set(IMSC, 0);
    u.set(ICR, 0xffff);
    u.set(CR, 0x101);
    assert.equal(u.d.receive(ascii('y')), 0);
    assert.equal(u.w.line, false);
    startup(u);
    u.elapse(20n * MS);
    assert.equal(u.d.receive(ascii('y')), 1);
  });

  test('another thread\'s instance over the same memory sees the same UART', () => {
    const w = world(), buffer = new SharedArrayBuffer(pl011.footprint.size), at = { address: 0x0900_0000n, spi: 1 };
    const guestSide = attach(pl011, { memory: { buffer, offset: 0 }, ports: w.ports, at });
    guestSide.write(CR, 4, 0x301n);
    guestSide.write(LCR_H, 4, BigInt(0x60 | FEN));
    guestSide.write(IMSC, 4, BigInt(RXI | RTI));
    w.pass(20n * MS);
    const hostSide = attach(pl011, { memory: { buffer, offset: 0 }, ports: w.ports, at });
    assert.equal(hostSide.receive(ascii('hi')), 2);
    assert.equal(w.line, true);
    assert.deepEqual([guestSide.read(DR, 4), guestSide.read(DR, 4)], [0x68n, 0x69n]);
    assert.equal(w.line, false);
    assert.equal(hostSide.line(), false);
  });
});
