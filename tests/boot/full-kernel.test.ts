/** Debian's full kernel: the levels of /sys/power/pm_test, which the cloud kernel lacks, and its own GPIO keys. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { guestFolder, withGuest } from './guest.ts';

const folder = join(guestFolder, 'linux-image-arm64'), kernel = join(folder, 'Image'), initrd = join(folder, 'initrd.cpio.gz');
const there = { skip: existsSync(kernel) && existsSync(initrd) ? false : "make it with 'npm run guest -- --kernel-package linux-image-arm64'" };
const args = ['--kernel', kernel, '--initrd', initrd, '--append', 'console=ttyAMA0 quiet'];

test('C71 every pm_test level passes, and then a real sleep', there, async () => {
  await withGuest(args, async guest => {
    for (const level of ['freezer', 'devices', 'platform', 'processors', 'core', 'none']) {
      await guest.sh(`echo ${level} > /sys/power/pm_test`);
      const printed = await guest.sh('rtcwake -m mem -s 2 > /dev/null && echo passed');
      assert.match(printed, /passed/, level);
    }
    assert.equal(guest.events().filter(e => e.event === 'woke').length, 1);
  });
});

test('its sleep key puts it to sleep and wakes it', there, async () => {
  await withGuest(args, async guest => {
    guest.signal('SIGUSR1');
    await guest.tells('asleep');
    guest.signal('SIGUSR1');
    await guest.tells('running again');
    assert.match(await guest.sh('echo awake'), /awake/);
  });
});
