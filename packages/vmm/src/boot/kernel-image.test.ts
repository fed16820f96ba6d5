import { HypnosError } from '@hypnos/base';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { kernelImage, type Inflate } from './kernel-image.ts';

const inflate: Inflate = (bytes, atMost) => gunzipSync(bytes, { maxOutputLength: atMost });
const read = (file: Uint8Array) => kernelImage(file, 'k', inflate);
const refusal = (file: Uint8Array): string => {
  try {
    read(file);
  } catch (error) {
    assert.ok(error instanceof HypnosError, String(error));
    assert.equal(error.message.split('\n').length, 1);
    return error.message;
  }
  return assert.fail('accepted');
};

/** An arm64 Image of `length` bytes with these header fields. */
function image({ length = 4096, textOffset = 0n, imageSize = 0x20000n, flags = 0xan } = {}): Uint8Array {
  const bytes = new Uint8Array(length), view = new DataView(bytes.buffer);
  view.setBigUint64(8, textOffset, true);
  view.setBigUint64(16, imageSize, true);
  view.setBigUint64(24, flags, true);
  view.setUint32(56, 0x644d5241, true);
  return bytes;
}

/** The same with an EFI stub whose one section ends at `end`. */
function peImage(length: number, end: number): Uint8Array {
  const bytes = image({ length }), view = new DataView(bytes.buffer);
  bytes.set(Buffer.from('MZ'));
  view.setUint32(60, 64, true);
  bytes.set(Buffer.from('PE\0\0'), 64);
  view.setUint16(70, 1, true);
  view.setUint32(64 + 24 + 16, end - 512, true);
  view.setUint32(64 + 24 + 20, 512, true);
  return bytes;
}

test('an Image says where it goes and how much memory it claims, gzipped or not', () => {
  const plain = image({ textOffset: 0x80000n });
  for (const file of [plain, new Uint8Array(gzipSync(plain))]) {
    const { bytes, textOffset, memoryBytes } = read(file);
    assert.deepEqual([bytes.length, textOffset, memoryBytes], [4096, 0x80000, 0x20000]);
  }
});

test('an Image from before image_size has text_offset 0x80000 whatever it says', () => {
  assert.deepEqual({ ...read(image({ imageSize: 0n, textOffset: 7n })), bytes: 0 }, { bytes: 0, textOffset: 0x80000, memoryBytes: 4096 });
});

test('an EFI zboot image gives up the Image inside it, if it is gzip', () => {
  const inside = gzipSync(image()), wrapped = new Uint8Array(128 + inside.length), view = new DataView(wrapped.buffer);
  wrapped.set(Buffer.from('MZ\0\0zimg'));
  view.setUint32(8, 128, true);
  view.setUint32(12, inside.length, true);
  wrapped.set(Buffer.from('gzip'), 24);
  wrapped.set(inside, 128);
  assert.equal(read(wrapped).bytes.length, 4096);
  assert.match(refusal(wrapped.slice(0, 140)), /cut short/);
  wrapped.set(Buffer.from('zstd'), 24);
  assert.match(refusal(wrapped), /compressed with zstd/);
});

test('files that are no arm64 Image are refused by what they are', () => {
  const x86 = new Uint8Array(1024);
  x86.set(Buffer.from('HdrS'), 0x202);
  assert.match(refusal(x86), /x86 kernel/);
  assert.match(refusal(Buffer.from('#!/bin/sh\necho hello, this is only a script of some length, sixty-four bytes\n')), /text file/);
  assert.match(refusal(Buffer.from('\x7fELF'.padEnd(100, '\0'))), /ELF file/);
  assert.match(refusal(new Uint8Array(0)), /empty/);
  assert.match(refusal(new Uint8Array(30)), /too short/);
  assert.match(refusal(new Uint8Array(1000)), /not an arm64 Linux Image/);
  assert.match(refusal(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 0])), /compressed with xz/);
});

test('a truncated Image is noticed by its sections, a truncated gzip by itself', () => {
  assert.equal(read(peImage(4096, 4096)).bytes.length, 4096);
  assert.match(refusal(peImage(4096, 5000)), /cut short/);
  assert.match(refusal(new Uint8Array(gzipSync(image()).subarray(0, 60))), /truncated gzip/);
});

test('a big-endian kernel and a damaged header are refused', () => {
  assert.match(refusal(image({ flags: 1n })), /big-endian/);
  assert.match(refusal(image({ textOffset: 1n << 40n })), /damaged/);
  assert.match(refusal(image({ imageSize: 1n << 60n })), /damaged/);
});
