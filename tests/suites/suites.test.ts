/** The short choice of npm run guest-suites: it makes the guests it needs, and runs the parts that are marked for CI. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { choose } from './choose.ts';
import { suites } from './index.ts';
import { runParts } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'hypnos-suites-'));
after(() => rmSync(folder, { recursive: true }));

const how = { file: join(folder, 'results'), commit: 'test', qemu: false, again: true, until: Infinity, say: () => {} };

for (const suite of suites) {
  const parts = choose([suite], [], true);
  if (parts.length === 0) continue;
  test(`${suite.name}: ${parts.map(({ part }) => part.name).join(', ')}`, async () => {
    const results = await runParts(parts, how);
    assert.deepEqual(results.flatMap(result => result.failures), []);
    assert.equal(results.length, parts.length);
  });
}

test('names of suites and parts are different, and so is what a command line means by them', () => {
  assert.equal(new Set(suites.map(suite => suite.name)).size, suites.length);
  for (const { name, parts } of suites) assert.equal(new Set(parts.map(part => part.name)).size, parts.length, name);
  assert.deepEqual(choose(suites, ['sqlite'], false).map(({ suite }) => suite.name), suites.find(s => s.name === 'sqlite')!.parts.map(() => 'sqlite'));
  assert.throws(() => choose(suites, ['sqlite/no*'], false), /there is no suite or part sqlite\/no\*/);
});
