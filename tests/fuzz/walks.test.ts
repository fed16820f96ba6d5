import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzWalks } from './walks.ts';

test('accesses through random tables and controls take the same course on the reference engine and the interpreter', t => {
  const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000_000);
  t.diagnostic(`FUZZ_SEED=${seed}`);
  const result = fuzzWalks(seed, 1500);
  assert.deepEqual(result.differences.slice(0, 5), []);
  assert.ok(result.kinds.size > 30, `accesses met only ${result.kinds.size} kinds of ends`);
});
