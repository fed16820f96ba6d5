/** The short choice of npm run guest-suites: it makes the guests it needs, and runs the parts that are marked for CI. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { choose } from './choose.ts';
import { suites } from './index.ts';
import { runParts } from './run.ts';
import { guestOf } from './session.ts';

const folder = mkdtempSync(join(tmpdir(), 'hypnos-suites-'));
after(() => rmSync(folder, { recursive: true }));

const how = { file: join(folder, 'results'), commit: 'test', qemu: false, again: true, until: Infinity, say: () => {} };

const short = choose(suites, [], true);
for (const guest of new Set(short.map(({ suite }) => guestOf(suite)))) {
  const parts = short.filter(({ suite }) => guestOf(suite) === guest);
  test(parts.map(({ suite, part }) => `${suite.name}/${part.name}`).join(', '), async () => {
    const results = await runParts(parts, how);
    assert.deepEqual(results.flatMap(({ run, failures }) => failures.map(failure => `${run}: ${failure}`)), []);
    assert.equal(results.length, parts.length);
  });
}

test('names of suites and parts are different, and so is what a command line means by them', () => {
  assert.equal(new Set(suites.map(suite => suite.name)).size, suites.length);
  for (const { name, parts } of suites) assert.equal(new Set(parts.map(part => part.name)).size, parts.length, name);
  assert.deepEqual(choose(suites, ['sqlite'], false).map(({ suite }) => suite.name), suites.find(s => s.name === 'sqlite')!.parts.map(() => 'sqlite'));
  assert.throws(() => choose(suites, ['sqlite/no*'], false), /there is no suite or part sqlite\/no\*/);
});
