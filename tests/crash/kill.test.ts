/**
 * kill -9 at every enumerated step of park, wake, fork and gc: afterwards every guest is whole, owned by nobody, at its newest published generation, and
 * counts on from there. The variants of a park are killed at the points that no other deed has, and behind the first of those wherever something
 * becomes durable for others to see; `main.ts --every` kills at all of them.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DEEDS, type DeedName, settled } from './deeds.ts';
import { Killing } from './kill.ts';
import { Victims } from './killing.ts';

const scratch = mkdtempSync(join(tmpdir(), 'hypnos-crash-')), victims = new Victims(1), home = join(scratch, 'settled');
after(() => {
  victims.close();
  rmSync(scratch, { recursive: true });
});
await settled(home);
const killing = new Killing(scratch, home, victims), known = new Set<string>();

/** Deeds whose every point is died at here. */
const EVERY: ReadonlySet<DeedName> = new Set(['a first park', 'wake and park', 'fork', 'gc', 'rm', "freeing a dead owner's guest"]);

/** Points at which others come to see something, or are about to. */
const SEEN = /^(un)?committed|^link/;

for (const deed of Object.keys(DEEDS) as DeedName[]) {
  test(`${deed}: killed at ${EVERY.has(deed) ? 'every point' : 'each point that is new'}`, async t => {
    const { death: { points }, wrong: alive } = await killing.kill({ deed, die: 0 });
    assert.deepEqual(alive, [], 'not killed at all');
    const parting = points.findIndex(name => !known.has(name)), wrong: string[] = [];
    const isChosen = (name: string, i: number): boolean => EVERY.has(deed) || !known.has(name) || (parting !== -1 && i > parting && SEEN.test(name));
    const chosen = points.flatMap((name, i) => (isChosen(name, i) ? [i + 1] : []));
    for (const name of points) known.add(name);
    for (const die of chosen) {
      const { death, wrong: found } = await killing.kill({ deed, die });
      assert.equal(death.signal, 'SIGKILL', `${deed}, point ${die}: ${death.failed ?? 'it was not killed'}`);
      wrong.push(...found);
    }
    assert.deepEqual(wrong, []);
    t.diagnostic(`${points.length} points, killed at ${chosen.length}: ${chosen.map(die => `${die} ${points[die - 1]}`).join('; ')}`);
  });
}
