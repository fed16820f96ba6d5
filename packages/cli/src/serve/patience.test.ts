import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Patience } from './patience.ts';

test('a guest that cannot be woken is tried after 2, 4, 8 seconds and so on, up to five minutes; another one at once', () => {
  let now = 0;
  const patience = new Patience(() => now), waits: (number | null)[] = [];
  for (let time = 0; time < 10; time++) {
    assert.ok(patience.ready('rotten') && patience.ready('well'));
    const wait = patience.ended('rotten', false);
    waits.push(wait);
    assert.equal(patience.ended('well', true), null);
    now += wait! - 1;
    assert.ok(!patience.ready('rotten') && patience.ready('well'));
    now++;
  }
  assert.deepEqual(waits, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map(seconds => seconds * 1000));
  assert.equal(patience.ended('rotten', true), null);
  assert.equal(patience.ended('rotten', false), 2000, 'it went well in between');
});
