/** The short choice of npm run guest-suites as tests: one for each guest, which it makes where it is not there. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { choose } from './choose.ts';
import { suites } from './index.ts';
import { runParts } from './run.ts';
import { guestOf } from './session.ts';

/** Tests the short choice in the guests that `isMeant` names. A file of tests has not all of them, as it would take too long. */
export function testShort(isMeant: (guest: string) => boolean): void {
  const short = choose(suites, [], true);
  for (const guest of new Set(short.map(({ suite }) => guestOf(suite)).filter(isMeant))) {
    const parts = short.filter(({ suite }) => guestOf(suite) === guest);
    test(parts.map(({ suite, part }) => `${suite.name}/${part.name}`).join(', '), async () => {
      const folder = mkdtempSync(join(tmpdir(), 'hypnos-suites-'));
      try {
        const how = { file: join(folder, 'results'), commit: 'test', qemu: false, again: true, until: Infinity, say: () => {} };
        const results = await runParts(parts, how);
        assert.deepEqual(results.flatMap(({ run, failures }) => failures.map(failure => `${run}: ${failure}`)), []);
        assert.equal(results.length, parts.length);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
}
