import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzDebugging } from '../../test/debugging.ts';

test('random breakpoints, watchpoints, steps and counters under random programs are the same on both engines', t => {
  const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000_000);
  t.diagnostic(`FUZZ_SEED=${seed}`);
  const { differences, kinds } = fuzzDebugging(seed, 60);
  assert.deepEqual(differences.slice(0, 3), []);
  assert.ok(kinds.size > 12, `debuggers saw only ${kinds.size} kinds of exceptions`);
});
