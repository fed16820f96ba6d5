import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { conforms } from '../test/conformance.ts';
import { ascii, RAM_BASE, text, world } from '../test/world.ts';
import { attach, fwCfg } from './index.ts';

const files = new Map([['opt/org.test/b', ascii('second')], ['etc/a', ascii('first!')]]);
const items = new Map([[5, Uint8Array.of(1, 0)]]);
const make = () => world({ files, items });

function config() {
  const w = make(), d = attach(fwCfg, { ports: w.ports, at: { address: 0x0902_0000n } });
  const select = (key: number) => d.write(8, 2, BigInt(((key & 0xff) << 8) | (key >> 8)));
  const read = (count: number) => Array.from({ length: count }, () => Number(d.read(0, 1)));
  /** A request as Linux makes it: the record in RAM, its address in two big-endian halves. */
  const dma = (control: number, length: number, address: bigint, record = RAM_BASE + 0x100n) => {
    const view = new DataView(w.memory.bytes.buffer, Number(record - RAM_BASE), 16);
    view.setUint32(0, control);
    view.setUint32(4, length);
    view.setBigUint64(8, address);
    const half = new DataView(new ArrayBuffer(8));
    half.setBigUint64(0, record);
    d.write(0x10, 4, BigInt(half.getUint32(0, true)));
    d.write(0x14, 4, BigInt(half.getUint32(4, true)));
    return view.getUint32(0);
  };
  return { w, d, select, read, dma };
}

conforms(fwCfg, make);

describe('fw-cfg', () => {
  test('shows signature, features and items bytewise, and zeros past the end', () => {
    const { d, select, read } = config();
    select(0);
    assert.equal(text(read(4)), 'QEMU');
    assert.deepEqual(read(2), [0, 0]);
    select(1);
    assert.equal(d.read(0, 4), 3n);
    select(5);
    assert.equal(d.read(0, 2), 1n);
    select(0);
    assert.equal(d.read(0, 8), 0x554d_4551n, 'a wide read is the bytes in order');
    assert.equal(d.read(0x10, 8), BigInt.asUintN(64, 0x4746_4320_554d_4551n));
  });

  test('lists its files by name, each with size and selector', () => {
    const { select, read } = config();
    select(0x19);
    const bytes = Uint8Array.from(read(4 + 128)), view = new DataView(bytes.buffer);
    assert.equal(view.getUint32(0), 2);
    const entry = (i: number) => [view.getUint32(4 + 64 * i), view.getUint16(8 + 64 * i), text([...bytes.subarray(12 + 64 * i, 68 + 64 * i)]).replace(/\0+$/, '')];
    assert.deepEqual([entry(0), entry(1)], [[6, 0x20, 'etc/a'], [6, 0x21, 'opt/org.test/b']]);
    select(0x21);
    assert.equal(text(read(6)), 'second');
  });

  test('reads, skips and selects by DMA, and reports errors in the record', () => {
    const { w, dma } = config(), to = RAM_BASE + 0x200n;
    assert.equal(dma((0x20 << 16) | 8 | 4, 2, 0n), 0);
    assert.equal(dma(2, 4, to), 0);
    assert.equal(text([...w.memory.bytes.subarray(0x200, 0x204)]), 'rst!');
    assert.equal(dma(2, 4, 0xffff_ffff_0000_0000n), 1, 'not RAM');
    assert.equal(dma((0x20 << 16) | 8 | 16, 4, to), 1, 'nothing can be written');
    assert.equal(dma(2, 0xffff_ffff, to), 1, 'longer than RAM');
  });
});
