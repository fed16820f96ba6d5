import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explain, fuzz, summary } from './fuzz.ts';
import type { RunnerName } from './guests.ts';

const seed = Number(process.env['SYSTEM_FUZZ_SEED'] ?? Date.now() % 1_000_000_000);

/** Cases that all agree about, or a text for each of the first that they do not. */
async function agree(first: number, count: number, engines: readonly RunnerName[]): Promise<string> {
  const result = await fuzz(first, count, engines), texts: string[] = [];
  for (const different of result.differences.slice(0, 3)) texts.push(await explain(different, engines));
  assert.deepEqual(texts, [], `${result.differences.length} differences`);
  return summary(result);
}

test('random tables, controls and exceptions: reference engine, interpreter and QEMU leave the same', async t => {
  t.diagnostic(`SYSTEM_FUZZ_SEED=${seed}`);
  t.diagnostic(await agree(seed, 250, ['reference', 'interpreter', 'qemu']));
});

test('more of them: interpreter and QEMU', async t => {
  t.diagnostic(await agree(seed + 1, 2500, ['interpreter', 'qemu']));
});

test('the same file boots with the hypnos command', async t => {
  t.diagnostic(await agree(seed + 2, 200, ['command', 'qemu']));
});
