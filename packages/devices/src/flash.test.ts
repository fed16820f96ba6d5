import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { conforms } from '../test/conformance.ts';
import { world } from '../test/world.ts';
import { attach, flash, FLASH_BLOCK_SIZE } from './index.ts';

/** The bank as EDK2's VirtNorFlash sees it: 32-bit accesses, each command to both chips at once. */
function bank(options: Parameters<typeof world>[0] = {}) {
  const w = world(options), d = attach(flash, { ports: w.ports, at: { address: 0n } });
  const get = (offset: number) => Number(d.read(offset, 4)), set = (offset: number, value: number) => d.write(offset, 4, BigInt(value >>> 0));
  const send = (offset: number, code: number) => set(offset, code * 0x1_0001);
  const status = () => { send(0, 0x70); return get(0); };
  return { w, d, get, set, send, status };
}

conforms(flash);

describe('flash', () => {
  test('answers a query that U-Boot and Linux recognise as two 16-bit Intel chips of 32 MiB', () => {
    const { w, get, send } = bank();
    send(0x55 * 4, 0x98);
    assert.equal(w.arrayReadable, false);
    const word = (at: number) => get(at * 4);
    assert.deepEqual([0x10, 0x11, 0x12].map(word), [0x510051, 0x520052, 0x590059]);
    const chip = (at: number) => word(at) & 0xffff;
    assert.equal(chip(0x13) | (chip(0x14) << 8), 1);
    const pri = chip(0x15) | (chip(0x16) << 8);
    assert.equal(String.fromCharCode(chip(pri), chip(pri + 1), chip(pri + 2)), 'PRI');
    assert.equal(2 ** chip(0x27), 32 << 20);
    assert.equal((chip(0x2d) | (chip(0x2e) << 8)) + 1, 256);
    assert.equal((chip(0x2f) | (chip(0x30) << 8)) * 256, 128 << 10);
    send(0, 0xff);
    assert.equal(w.arrayReadable, true);
    assert.equal(get(0), 0xffff_ffff);
  });

  test('is not taken for a narrower flash when probed with bytes and half-words', () => {
    const { d } = bank();
    for (const width of [1, 2]) {
      d.write(0x55 * width, width, 0x98n);
      const seen = [0x10, 0x11, 0x12].map(at => Number(d.read(at * width, width)) & 0xff);
      assert.notDeepEqual(seen, [0x51, 0x52, 0x59]);
    }
  });

  test('programs a single word: bits are only cleared, and the status says ready on both chips', () => {
    const { w, get, set, send, status } = bank();
    send(0x100, 0x40);
    set(0x100, 0x1234_5678);
    assert.equal(status(), 0x80_0080);
    send(0, 0x50);
    send(0x100, 0x40);
    set(0x100, 0xffff_00ff);
    send(0, 0xff);
    assert.equal(get(0x100), 0x1234_0078);
    assert.equal(w.arrayReadable, true);
  });

  test('programs a buffer as EDK2 does, the confirmation going to the base of the bank', () => {
    const { get, set, send, status } = bank(), target = FLASH_BLOCK_SIZE + 0x80, words = 32;
    send(target, 0xe8);
    assert.equal(get(target) & 0x80, 0x80);
    send(target, words - 1);
    for (let i = 0; i < words; i++) set(target + 4 * i, 0x0101_0101 * i);
    status();
    send(0, 0xd0);
    send(0, 0xff);
    assert.equal(get(target), 0xffff_ffff, 'a status request in place of the confirmation abandons the buffer');
    send(target, 0xe8);
    send(target, words - 1);
    for (let i = 0; i < words; i++) set(target + 4 * i, 0x0101_0101 * i);
    send(0, 0xd0);
    assert.equal(status() & 0x10_0010, 0x10_0010, 'the abandoned one left its error until cleared');
    send(0, 0x50);
    assert.equal(status(), 0x80_0080);
    send(0, 0xff);
    for (let i = 0; i < words; i++) assert.equal(get(target + 4 * i), (0x0101_0101 * i) >>> 0);
    assert.equal(get(target + 4 * words), 0xffff_ffff);
  });

  test('erases a block of 256 KiB and nothing beside it', () => {
    const { get, set, send, status } = bank();
    for (const at of [FLASH_BLOCK_SIZE - 4, FLASH_BLOCK_SIZE, 2 * FLASH_BLOCK_SIZE - 4, 2 * FLASH_BLOCK_SIZE]) { send(at, 0x40); set(at, 0); }
    send(FLASH_BLOCK_SIZE + 64, 0x20);
    send(FLASH_BLOCK_SIZE + 64, 0xd0);
    assert.equal(status(), 0x80_0080);
    send(0, 0xff);
    assert.deepEqual([FLASH_BLOCK_SIZE - 4, FLASH_BLOCK_SIZE, 2 * FLASH_BLOCK_SIZE - 4, 2 * FLASH_BLOCK_SIZE].map(get), [0, 0xffff_ffff, 0xffff_ffff, 0]);
  });

  test('shows its identity, no block locked, and takes lock and unlock', () => {
    const { get, send, status } = bank(), block = 3 * FLASH_BLOCK_SIZE;
    send(block + 8, 0x90);
    assert.deepEqual([get(block), get(block + 4), get(block + 8)], [0x89_0089, 0x18_0018, 0]);
    for (const what of [0x01, 0xd0]) { send(block, 0x60); send(block, what); }
    assert.equal(status(), 0x80_0080);
  });

  test('a bank that is not writable refuses with an error and keeps its cells', () => {
    const { w, d, get, set, send, status } = bank({ flashWritable: false });
    w.ports.flash.bytes.set([1, 2, 3, 4]);
    send(0, 0x40);
    set(0, 0);
    assert.equal(status(), 0x92_0092);
    send(0, 0x50);
    send(0, 0x20);
    send(0, 0xd0);
    assert.equal(status(), 0xa2_00a2);
    send(0, 0xff);
    assert.equal(get(0), 0x0403_0201);
    assert.equal(d.read(0, 8), 0xffff_ffff_0403_0201n);
  });

  test('a write outside the buffer, or a count beyond it, is a sequence error', () => {
    const { set, send, status } = bank();
    send(0, 0xe8);
    send(0, 1);
    set(0, 0);
    set(0x1000, 0);
    assert.equal(status(), 0xb0_00b0);
    send(0, 0x50);
    send(0, 0xe8);
    send(0, 0x200);
    assert.equal(status(), 0xb0_00b0);
  });
});
