/** A snapshot of each format that was ever written wakes for ever: the files in golden/ are kept, and woken. `golden.ts` made them. */
import { nodeContent, nodeHost } from '@hypnos/host-node';
import { Machine } from '@hypnos/vmm';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { watched } from './life.ts';
import { streamOf } from './golden.ts';

const folder = join(import.meta.dirname, 'golden'), files = readdirSync(folder).filter(name => name.endsWith('.hypnos'));

test('there is a golden snapshot of this format', () => assert.ok(files.some(name => name.startsWith('format-1-'))));

for (const name of files) {
  for (const engine of ['interpreter', 'reference'] as const) {
    test(`${name} wakes, sleeps, and is told where it was, by the ${engine}`, async () => {
      const life = watched(await Machine.fromStream(streamOf(readFileSync(join(folder, name))), { engine, answered: { do: 'sleep' } }, nodeHost(), nodeContent)), ended = life.run();
      await life.sees('restored');
      life.machine.wake();
      await life.sees('resumed');
      await life.sees('asleep', name.includes('asking') ? 2 : 1);       // one that was asking is told that it may sleep
      await life.says('b');
      life.machine.stop();
      assert.equal((await ended).ending, 'stopped');
    });
  }
}
