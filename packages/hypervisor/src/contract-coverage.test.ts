/** Every rule of the suspend contract is tested by name here, or listed as waiting; none is both. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { WAITING } from './contract-coverage.ts';

const folder = new URL('./contract/', import.meta.url);
const RULES = 71;

test('each of C1 to C71 has a test with its number in its name, or waits for something', () => {
  const sources = readdirSync(folder).filter(name => name.endsWith('.test.ts')).map(name => readFileSync(new URL(name, folder), 'utf8'));
  const tested = new Set(sources.flatMap(text => [...text.matchAll(/^(?:test|onEngines)\('C(\d+) /gm)].map(match => Number(match[1]))));
  for (let rule = 1; rule <= RULES; rule++) {
    assert.equal(tested.has(rule), WAITING[rule] === undefined, `C${rule} must be tested or listed, not both and not neither`);
  }
});
