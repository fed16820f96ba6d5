/** The other suites' short choice, and what a command line means. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choose } from './choose.ts';
import { suites } from './index.ts';
import { testShort } from './short.ts';

testShort(guest => guest !== 'tools');

test('names of suites and parts are different, and so is what a command line means by them', () => {
  assert.equal(new Set(suites.map(suite => suite.name)).size, suites.length);
  for (const { name, parts } of suites) assert.equal(new Set(parts.map(part => part.name)).size, parts.length, name);
  assert.deepEqual(choose(suites, ['sqlite'], false).map(({ suite }) => suite.name), suites.find(s => s.name === 'sqlite')!.parts.map(() => 'sqlite'));
  assert.throws(() => choose(suites, ['sqlite/no*'], false), /there is no suite or part sqlite\/no\*/);
});
