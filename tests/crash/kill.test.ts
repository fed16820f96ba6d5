/**
 * kill -9 at every enumerated step of park, wake, fork and gc: afterwards every guest is whole, owned by nobody, at its newest published generation, and
 * counts on from there.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DEEDS, type DeedName } from './deeds.ts';
import { Killing, ready } from './kill.ts';

const scratch = mkdtempSync(join(tmpdir(), 'hypnos-crash-')), { home, victims } = await ready(scratch);
after(() => {
  victims.close();
  rmSync(scratch, { recursive: true });
});
const killing = new Killing(scratch, home, victims);

for (const deed of Object.keys(DEEDS) as DeedName[]) {
  test(`${deed}: killed at every point`, async t => {
    const { death: { points }, wrong: alive } = await killing.kill({ deed, die: 0 }), wrong: string[] = [];
    assert.deepEqual(alive, [], 'not killed at all');
    for (let die = 1; die <= points.length; die++) {
      const { death, wrong: found } = await killing.kill({ deed, die });
      assert.equal(death.signal, 'SIGKILL', `${deed}, point ${die}: ${death.failed ?? 'it was not killed'}`);
      wrong.push(...found);
    }
    assert.deepEqual(wrong, []);
    t.diagnostic(`${points.length} points: ${points.map((name, i) => `${i + 1} ${name}`).join('; ')}`);
  });
}
