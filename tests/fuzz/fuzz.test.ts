import assert from 'node:assert/strict';
import { test } from 'node:test';
import { covered } from './coverage.ts';
import { FORMS } from './encodings.ts';
import { keptFromQemu } from './exclusions.ts';
import { fuzz } from './fuzz.ts';
import { describeAll } from './report.ts';

const INSTRUCTIONS = 1_000_000, SINGLES = 100_000;

test(`${INSTRUCTIONS} random instructions leave the same state on the reference engine, the interpreter (functions and in line) and QEMU`, t => {
  const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000_000);
  t.diagnostic(`FUZZ_SEED=${seed}`);
  const result = fuzz({ seed, singles: SINGLES, instructions: INSTRUCTIONS });
  assert.deepEqual(describeAll(seed, result.differences), [], `seed ${seed}: ${result.differences.length} differences`);
  assert.ok(result.retired >= INSTRUCTIONS && result.retiredOnQemu > INSTRUCTIONS * 0.8, `${result.retiredOnQemu} on QEMU`);
  assert.ok(result.exceptions > SINGLES, 'programs met exceptions');
  const { ours, onQemu } = covered(result), allowed = FORMS.filter(f => keptFromQemu(f.sample) === undefined).length;
  assert.ok(ours.length > FORMS.length * 0.999, `${ours.length} of ${FORMS.length} forms were executed`);
  assert.ok(onQemu.length > allowed * 0.999, `${onQemu.length} of ${allowed} forms on QEMU`);
});
