/** The programs in docs/examples do what they say. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { there } from './boot/guest.ts';

const examples = join(import.meta.dirname, '..', 'docs', 'examples');

test('sleep-and-wake: a program is asked, lets the guest sleep, and is told why it woke', { ...there }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(examples, 'sleep-and-wake.ts')]);
  assert.match(stdout, /^it asks to sleep and to go on at 0x[0-9a-f]+\nasleep; would wake it: .*rtc.*\nwoken by rtc\noff after \d+ instructions and 1 sleep\(s\)\n$/);
});

test('park-and-wake: a program stores its guest, and goes on with it twice', { ...there }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hypnos-example-'));
  const { stdout } = await promisify(execFile)(process.execPath, [join(examples, 'park-and-wake.ts'), folder]);
  assert.equal(stdout, 'parked\nparked\noff\n');
  await rm(folder, { recursive: true });
});
