import assert from 'node:assert/strict';
import { test } from 'node:test';
import { driverNamed } from './drivers.ts';
import { fuzz } from './fuzz.ts';

const COUNT = 20_000;

test(`${COUNT} random instructions leave the same state on the reference engine, the interpreter (functions and in line) and QEMU`, t => {
  const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000_000);
  t.diagnostic(`FUZZ_SEED=${seed}`);
  const result = fuzz({ seed, count: COUNT, drivers: ['reference', 'interpreter', 'inline', 'qemu'].map(driverNamed) });
  assert.deepEqual(result.differences.slice(0, 10), [], `seed ${seed}: ${result.differences.length} differences`);
  assert.ok(result.ran > COUNT * 0.99, 'nearly every draw is a case');
  const notRun = [...result.excluded.values()].reduce((a, b) => a + b, 0);
  assert.ok(notRun < COUNT * 0.05, 'exclusions stay few');
});
