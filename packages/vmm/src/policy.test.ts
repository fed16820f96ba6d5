import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSuspendPolicy } from './policy.ts';
import { mayWake, parseWakeSources } from './wake-sources.ts';

test('a suspend policy is read with its code by name or number, and SUCCESS is refused (C18)', () => {
  assert.deepEqual(['sleep', 'resume', 'ask', 'deny', 'deny=not-supported', 'deny=-6'].map(parseSuspendPolicy), [
    { do: 'sleep' }, { do: 'resume' }, { do: 'ask' }, { do: 'deny', code: 'DENIED' }, { do: 'deny', code: 'NOT_SUPPORTED' }, { do: 'deny', code: 'INTERNAL_FAILURE' },
  ]);
  for (const text of ['deny=SUCCESS', 'deny=0', 'deny=-99', 'doze', 'sleep=1', '', 'ignore']) assert.throws(() => parseSuspendPolicy(text), /is no /, text);
});

test('wake sources are any, none, or a list by name and number', () => {
  assert.equal(parseWakeSources('any'), 'any');
  assert.deepEqual(parseWakeSources('none'), []);
  assert.deepEqual(parseWakeSources('rtc,uart,rtc,virtio2,40'), [33, 34, 40, 50]);
  assert.ok(mayWake(parseWakeSources('keys'), 39) && !mayWake(parseWakeSources('keys'), 34) && mayWake('any', 1));
  for (const text of ['', 'mouse', 'rtc,', 'virtio32', '4000']) assert.throws(() => parseWakeSources(text), /is no wake source/, text);
});
