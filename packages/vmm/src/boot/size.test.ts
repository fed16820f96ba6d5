import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memorySize, parseAddress, parseSize, sizeText } from './size.ts';

test('sizes take K, M, G and nothing else', () => {
  assert.deepEqual(['512M', '2G', '65536', '1.5g', '64KiB', '0x1000'].map(text => parseSize(text, 'size')),
    [512 * 2 ** 20, 2 ** 31, 65536, 1.5 * 2 ** 30, 65536, 4096]);
  for (const text of ['', 'lots', '-1', '12Q', '1.0000001K', '1e9']) assert.throws(() => parseSize(text, 'size'), /is not a size/, text);
});

test('memory has a least and a most, each said in the refusal', () => {
  assert.equal(memorySize('512M'), 512 * 2 ** 20);
  assert.equal(memorySize(3 * 2 ** 30), 3 * 2 ** 30);
  assert.throws(() => memorySize('1M'), /at least 16 MiB/);
  assert.throws(() => memorySize('1T'), /1 TiB is more .* at most 3 GiB/);
  assert.throws(() => memorySize('20000001'), /multiple of 64 KiB/);
});

test('addresses and sizes print as people write them', () => {
  assert.equal(parseAddress('0x40080000', 'address'), 0x4008_0000n);
  assert.throws(() => parseAddress('there', 'address'), /is not an address/);
  assert.deepEqual([sizeText(100), sizeText(1536 * 2 ** 20)], ['100 bytes', '1.5 GiB']);
});
