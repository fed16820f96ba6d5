/** Hostile snapshots, the short setting: what was found before, from the corpus, and a few hundred more by a printed seed. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { growth, held } from '../process-memory.ts';
import { SnapshotMachines } from './machines.ts';
import { judge, runCases } from './snapshots.ts';
import { fromFile } from './store.ts';

const machines = new SnapshotMachines(),
  corpus = join(import.meta.dirname, 'corpus');
after(() => machines.stop());

for (const name of readdirSync(corpus).filter(file => file.endsWith('.store'))) {
  test(`kept: ${name.replace('.store', '')}`, async () => {
    const store = fromFile(readFileSync(join(corpus, name)));
    for (const onSuspend of [{ do: 'ask' }, { do: 'off' }, { do: 'sleep' }] as const) await judge(machines, store, { config: { onSuspend }, engines: ['interpreter', 'reference'] });
  });
}

/** So few, because each is restored twice; those that are refused cost nothing. */
const CASES = 160;

test(`${CASES} broken snapshots: each is refused with a sentence or lives, and the process does not grow`, async t => {
  const seed = Number(process.env['HOSTILE_SEED'] ?? Date.now() % 1_000_000);
  t.diagnostic(`HOSTILE_SEED=${seed}`);
  const before = held(), { failures, figures } = await runCases(machines, seed, 0, CASES);
  assert.deepEqual(failures, [], `seed ${seed}: ${failures.length} failures`);
  assert.ok(figures['refused']! > CASES / 8 && figures['lived']! > CASES / 8, JSON.stringify(figures));
  assert.deepEqual(growth(before, held(), machines.touchedBytes), []);
});
