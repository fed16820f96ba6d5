/** Columns, durations and times for people; and nothing that a terminal would obey. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counted, distanceText, durationText, isoTime, printable, properties, table, timeText } from './text.ts';

test('columns are as wide as their widest cell, and lines end with their last word', () => {
  assert.deepEqual(table([['NAME', 'STATE'], ['development', 'off'], ['x', '']]), ['NAME         STATE', 'development  off', 'x']);
  assert.deepEqual(table([]), []);
  assert.deepEqual(properties([['id', '7'], null, ['state', 'off']]), ['id:     7', 'state:  off']);
});

test('what a guest says moves no cursor and turns no text around', () => {
  assert.equal(printable('a\u001b[2Jb\rc\u009bd\u202ee\n'), 'a?[2Jb?c?d?e?');
  assert.equal(printable('Grüße, 世界'), 'Grüße, 世界');
  assert.deepEqual(table([['a\n', 'b']]), ['a?  b']);
});

test('durations have one unit, the largest that is whole once', () => {
  const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE;
  assert.deepEqual([-5, 0, 999, SECOND, MINUTE - 1, MINUTE, 90 * MINUTE, 24 * HOUR - 1, 72 * HOUR].map(durationText), ['0 s', '0 s', '0 s', '1 s', '59 s', '1 min', '1 h', '23 h', '3 d']);
  assert.deepEqual([distanceText(5000, 2000), distanceText(2000, 5000), distanceText(1, 1)], ['in 3 s', '3 s ago', '0 s ago']);
});

test('times are UTC to the second; one that no calendar has is none', () => {
  assert.equal(timeText(1_700_000_000_123, 1_700_000_060_123), '2023-11-14T22:13:20Z (1 min ago)');
  assert.deepEqual([isoTime(null), isoTime(1e300), isoTime(0)], [null, null, '1970-01-01T00:00:00.000Z']);
  assert.match(timeText(1e300, 0), /^at no time/);
  assert.deepEqual([counted(1, 'pack'), counted(0, 'pack')], ['1 pack', '0 packs']);
});
