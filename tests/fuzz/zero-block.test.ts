import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bench } from './bench.ts';
import { DATA, DATA_BYTES, ENDS_AT_ONCE } from './layout.ts';
import { findings } from './replay.ts';

test('DC ZVA, which the fuzzer keeps from the largest CPU of QEMU, does on its Neoverse N1, whose blocks have 64 bytes too, what it does here', () => {
  const bench = new Bench(undefined, 'neoverse-n1'), end = DATA + BigInt(DATA_BYTES);
  // Whole, odd and tagged addresses, the last block of the data, and where nothing is mapped.
  const addresses = [DATA, DATA + 63n, DATA + 64n, DATA + 0x1fffn, end - 1n, end - 64n, DATA | (0x5an << 56n), DATA - 1n, end, 8n];
  const found = findings({
    at: 512, words: [0xd50b_7423], body: 1, resume: ENDS_AT_ONCE, poolSeed: 1, onQemu: true, states: addresses.map(x3 => ({ x3 })),
  }, bench);
  assert.deepEqual(found, []);
});
