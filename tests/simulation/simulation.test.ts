/** The control plane, simulated: the short setting, some thousand histories by a printed seed. docs/parking.md says what is simulated and what is checked. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draw } from './history.ts';
import { runHistories, runHistory } from './run.ts';

const HISTORIES = 4000;

test(`${HISTORIES} histories: never two owners, never a lost event, never an unverified byte`, async t => {
  const seed = Number(process.env['SIMULATION_SEED'] ?? Date.now() % 1_000_000);
  t.diagnostic(`SIMULATION_SEED=${seed}`);
  const { failures, figures } = await runHistories(seed, 0, HISTORIES);
  assert.deepEqual(failures, [], `${failures.length} of seed ${seed} failed: node tests/simulation/main.ts --seed ${seed} --history N tells one`);
  for (const what of ['instructions', 'parked', 'events', 'events still in the inbox', 'objects collected']) {
    assert.ok(figures[what]! > HISTORIES / 20, `${figures[what]} ${what}`);
  }
});

test('a history is its seed', async () => {
  const told = async (): Promise<readonly string[]> => {
    const lines: string[] = [];
    await runHistory(draw(7, 3), line => lines.push(line));
    return lines;
  };
  const once = await told();
  assert.ok(once.length > 20);
  assert.deepEqual(await told(), once);
});
