import assert from 'node:assert/strict';
import { test } from 'node:test';
import { progressLine } from '../src/progress.ts';

const MIB = 2 ** 20;

function watched(json: boolean, isTTY: boolean) {
  const clock = { now: 5000 }, written: string[] = [];
  return { clock, written, line: progressLine('moving dev', json, { isTTY, write: text => { written.push(text); } }, () => clock.now) };
}
const at = (done: number) => ({ total: 100 * MIB, done: done * MIB, fresh: (done - 20) * MIB, written: 10 * MIB });

test('what takes less than a second says nothing, and no more than five times a second after that', () => {
  const { clock, written, line } = watched(false, true);
  for (clock.now = 5000; clock.now < 6000; clock.now += 10) line.report(at(30));
  assert.deepEqual(written, []);
  for (clock.now = 6000; clock.now < 7000; clock.now += 10) line.report(at(40));
  assert.equal(written.length, 5);
  assert.equal(written[0], '\r\u001b[Khypnos: moving dev: 40 MiB of 100 MiB, 40 MiB/s, 20 MiB saved by deduplication');
  line.end();
  assert.equal(written.at(-1), '\r\u001b[K');
});

test('without a terminal there is no line, and with --json there are lines of JSON anywhere', () => {
  const quiet = watched(false, false), json = watched(true, false);
  for (const { clock, line } of [quiet, json]) {
    clock.now += 2000;
    line.report(at(50));
    line.end();
  }
  assert.deepEqual(quiet.written, []);
  assert.deepEqual(json.written.map(text => JSON.parse(text) as unknown), [
    { progress: { doing: 'moving dev', total: 100 * MIB, done: 50 * MIB, written: 10 * MIB, saved: 20 * MIB, bytesPerSecond: 25 * MIB } },
  ]);
});
