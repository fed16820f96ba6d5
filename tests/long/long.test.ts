import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ranges, readResults, summary } from './results.ts';
import { type LongRun, longCommand } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'hypnos-long-'));
after(() => rmSync(folder, { recursive: true }));

/** A run that fails in part 3, and notes which parts it was asked for. */
function counting(settings = 'ten'): LongRun & { readonly ran: number[] } {
  const ran: number[] = [];
  return {
    name: 'counting', settings, parts: 5, ran,
    run(part) {
      ran.push(part);
      return { figures: { cases: 10 }, failures: part === 3 ? ['three is wrong'] : [] };
    },
  };
}

test('finished parts are not run again, in this process or another', async () => {
  const file = join(folder, 'resumed'), long = counting();
  assert.equal(await longCommand(long, ['--results', file, '--parts', '0-1']), 0);
  assert.equal(await longCommand(long, ['--results', file]), 1);
  assert.equal(await longCommand(long, ['--results', file]), 1);
  assert.deepEqual(long.ran, [0, 1, 2, 3, 4]);
  assert.match(summary(readResults(file, 'counting', 'ten'), 5), /^5 of 5 parts ran \(0-4\)[^]*cases: 50[^]*1 failures/);
});

test('other settings are another run, and --again runs what is there', async () => {
  const file = join(folder, 'settings'), a = counting('a'), b = counting('b');
  await longCommand(a, ['--results', file, '--parts', '0-2']);
  await longCommand(b, ['--results', file, '--parts', '2']);
  await longCommand(b, ['--results', file, '--parts', '2', '--again']);
  assert.deepEqual([a.ran, b.ran], [[0, 1, 2], [2, 2]]);
  assert.equal(readResults(file, 'counting', 'b').length, 1);
});

test('a line that was cut off costs its part and no more; one in the middle is named', async () => {
  const file = join(folder, 'cut');
  await longCommand(counting(), ['--results', file, '--parts', '0-1']);
  appendFileSync(file, '{"run":"counting","sett');
  assert.equal(readResults(file, 'counting', 'ten').length, 2);
  await longCommand(counting(), ['--results', file, '--parts', '2']);
  assert.equal(readResults(file, 'counting', 'ten').length, 3);
  appendFileSync(file, '{"run":1}\n');
  assert.throws(() => readResults(file, 'counting', 'ten'), /line 4 of .* is not a result/);
});

test('a choice of parts that is none is refused', async () => {
  for (const parts of ['5', '3-1', 'x', '-1']) await assert.rejects(longCommand(counting(), [`--parts=${parts}`]), /is no choice of parts/);
});

test('ranges', () => {
  assert.equal(ranges([0, 1, 2, 3, 7, 9, 10]), '0-3, 7, 9-10');
  assert.equal(ranges([]), '');
});
