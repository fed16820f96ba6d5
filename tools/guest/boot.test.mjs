/** The default guest boots on QEMU, which knows nothing of us, and is what it says: drivers, rtcwake, keys, applets. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { guestFolder } from '../setup/paths.mjs';
import { newc, S_IFDIR, S_IFREG } from './cpio.mjs';
import { bootOnQemu } from './testing/qemu.mjs';

const image = join(guestFolder, 'Image');
const archive = join(guestFolder, 'initrd.cpio.gz');
const prompt = /hypnos:\/root# /;

async function withGuest(options, use) {
  const guest = await bootOnQemu({ image, archive, ...options });
  try {
    await use(guest);
  } finally {
    await guest.stop();
  }
}

test('the default guest boots to its shell with drivers, rtcwake, keys and a console that may wake it', async () => {
  await withGuest({ devices: ['virtio-keyboard-device', 'virtio-rng-device'] }, async (guest) => {
    assert.match(await guest.until(prompt), /rtcwake -m mem -s 5[\s\S]*Ctrl-A x/);
    assert.match(await guest.sh('rtcwake --version'), /util-linux 2\./);
    assert.match(await guest.sh('cat /sys/class/tty/ttyAMA0/power/wakeup'), /^enabled$/m);
    assert.match(await guest.sh('cat /sys/class/misc/hw_random/rng_current'), /virtio_rng/);
    assert.match(await guest.sh('ps'), /acpid -l/);
    assert.match(await guest.sh('tty'), /ttyAMA0/);
    assert.match(await guest.sh('sleep 50 & jobs; kill %1'), /\[1\].*sleep 50/);
    guest.type('exit\n');
    await guest.until(/the shell ended/);
    await guest.until(prompt);
  });
});

test('the sleep key puts the guest to sleep, the console wakes it, the power key ends it', async () => {
  await withGuest({ devices: ['virtio-keyboard-device'] }, async (guest) => {
    await guest.until(prompt);
    guest.press('sleep');
    await guest.until(/PM: suspend entry/);
    // A key that comes before the UART is a wake source is just a key, so it takes more than one.
    const typing = setInterval(() => guest.type('\n'), 500);
    await guest.until(/PM: suspend exit/).finally(() => clearInterval(typing));
    assert.match(await guest.sh('sleep 1; /etc/acpi/just-woke || echo "not just now"'), /^not just now$/m);
    assert.match(await guest.sh('rtcwake -m mem -s 1; /etc/acpi/just-woke && echo "just now"'), /wakeup from "mem" using [\s\S]*^just now$/m);
    await guest.sh('sleep 1');
    guest.press('power');
    await guest.until(/Power down/);
    assert.equal(await guest.ended(), 0);
  });
});

test('an archive laid over the default one may replace /init and still finds its programs', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hypnos-overlay-'));
  const script = '#!/bin/sh\nmount -t proc proc /proc\nrtcwake --version\necho over""laid\npoweroff -f\n';
  const overlay = [
    { path: 'bin', mode: S_IFDIR | 0o755 },
    { path: 'init', mode: S_IFREG | 0o755, data: Buffer.from(script) },
    { path: 'sbin', mode: S_IFDIR | 0o755 },
  ];
  const both = join(folder, 'both');
  writeFileSync(both, Buffer.concat([readFileSync(archive), ...newc(overlay)]));
  try {
    await withGuest({ archive: both, append: 'quiet' }, async (guest) => {
      assert.match(await guest.until(/overlaid/), /rtcwake from util-linux/);
      assert.equal(await guest.ended(), 0);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
