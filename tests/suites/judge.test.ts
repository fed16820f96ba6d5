import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outcome } from './judge.ts';
import type { Part } from './suite.ts';

const passes: Part = { name: 'part', script: '', judge: 'passes', explained: { 'known one': 'no such device here' } }, same: Part = { ...passes, judge: 'same' };
const ran = (output: string, status: number | 'hung' | 'the machine ended' = 0) => ({ output, status });

test('a part passes by its status and by naming no failure', () => {
  assert.deepEqual(outcome(passes, ran('all is well\nCOUNT 3 tests\nCOUNT 4 tests\n')), { figures: { parts: 1, tests: 7 }, failures: [] });
  assert.match(outcome(passes, ran('last words', 2)).failures[0]!, /^part: status 2; its last words:\nlast words$/);
  assert.deepEqual(outcome(passes, ran('FAILED this one\n', 0)).failures, ['part: this one']);
});

test('a part that hangs or ends the machine fails, whatever it named before', () => {
  for (const how of ['hung', 'the machine ended'] as const) {
    assert.equal(outcome(passes, ran('FAILED known one\n', how), ran('', 0)).failures.length, 1);
    assert.equal(outcome(same, ran('x', how), ran('x')).failures.length, 1);
  }
  assert.equal(outcome(passes, ran('FAILED known one\n', 139)).failures.length, 1);
});

test('a failure that is explained or QEMU\'s too is counted and is none; another beside it is', () => {
  const output = 'FAILED known one\nFAILED theirs\nFAILED ours\n';
  assert.deepEqual(outcome(passes, ran(output, 1), ran('FAILED theirs\n', 1)), {
    figures: { parts: 1, 'explained failures': 1, 'failures that are QEMU\'s too': 1 }, failures: ['part: ours'],
  });
  assert.deepEqual(outcome(passes, ran('FAILED known one\n', 1)).failures, []);
});

test('the same is the same output and the same status', () => {
  assert.deepEqual(outcome(same, ran('a\nb', 3), ran('a\nb', 3)).failures, []);
  assert.match(outcome(same, ran('a\nb'), ran('a\nc')).failures[0]!, /line 2 of what it prints is\n {2}b\non QEMU\n {2}c$/);
  assert.match(outcome(same, ran('a', 0), ran('a', 1)).failures[0]!, /status 0, on QEMU 1/);
  assert.equal(outcome(same, ran('a'), ran('a\nb')).failures.length, 1);
});
