/** Debian's other kernels and the machine's other settings: each boots, sleeps and wakes, and its log holds nothing at warning level or worse. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Guest, guestFolder, there, withGuest } from '../boot/guest.ts';

const quiet = ['--append', 'console=ttyAMA0 quiet'];

async function sleepsWithoutComplaint(guest: Guest): Promise<void> {
  assert.match(await guest.sh('cat /sys/power/mem_sleep'), /\[deep\]/);
  assert.match(await guest.sh('rtcwake -m mem -s 3 > /dev/null && rtcwake -m mem -s 3 > /dev/null && echo passed'), /^passed$/m);
  assert.equal(guest.events().filter(e => e.event === 'woke').length, 2);
  // QEMU's boot has one: its PCIe window is too large. This board has no PCIe.
  assert.equal((await guest.sh("dmesg -r | grep '^<[0-4]>'")).trim(), '', 'the log of the kernel');
  guest.type('poweroff -f\n');
  assert.equal(await guest.ended, 0);
}

/** What tells a kernel from the others. */
const kernels: Readonly<Record<string, RegExp>> = {
  'linux-image-arm64': /-arm64 /, 'linux-image-rt-arm64': /PREEMPT_RT/, 'linux-image-6.12-cloud-arm64': /6\.12\..*-cloud-arm64 /, 'linux-image-6.12-arm64-16k': /-16k /,
};
for (const [name, mark] of Object.entries(kernels)) {
  const kernel = join(guestFolder, name, 'Image'), initrd = join(guestFolder, name, 'initrd.cpio.gz');
  const there = { skip: existsSync(kernel) && existsSync(initrd) ? false : `make it with 'npm run guest -- --kernel-package ${name}'` };
  test(`${name} boots, sleeps and wakes without a warning`, there, async () => {
    await withGuest(['--kernel', kernel, '--initrd', initrd, ...quiet], async guest => {
      assert.match(await guest.sh('uname -a'), mark);
      await sleepsWithoutComplaint(guest);
    });
  });
}

for (const [what, args, shows, pattern] of [
  ['a Cortex-A57', ['--cpu', 'cortex-a57'], 'cat /proc/cpuinfo', /CPU part\s*: 0xd07/],
  ['PSCI by SMC', ['--conduit', 'smc'], 'cat /proc/device-tree/psci/method', /^smc/m],
  ['the least memory that is enough', ['--memory', '256M'], 'cat /proc/meminfo', /MemTotal: +2\d{5} kB/],
  ['three gigabytes of memory', ['--memory', '3G'], 'cat /proc/meminfo', /MemTotal: +[23]\d{6} kB/],
] as const) {
  test(`${what}: the cloud kernel boots, sleeps and wakes without a warning`, there, async () => {
    await withGuest([...args, ...quiet], async guest => {
      assert.match(await guest.sh(shows), pattern);
      await sleepsWithoutComplaint(guest);
    });
  });
}

test('--deterministic: a guest that nobody types to does the same twice, to the last instruction', there, async () => {
  const script = 'mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev; head -c 65536 /dev/urandom | sha256sum; '
    + 'rtcwake -m mem -s 2; cat /proc/uptime; echo all done; poweroff -f';
  const once = async (): Promise<{ console: string; events: string }> => {
    let seen = { console: '', events: '' };
    await withGuest(['--deterministic', '--append', `console=ttyAMA0 rdinit=/bin/busybox -- sh -c "${script}"`], async guest => {
      assert.equal(await guest.ended, 0);
      seen = { console: guest.console(), events: JSON.stringify(guest.events()) };
    }, /all done\r?\n/);
    return seen;
  };
  const first = await once();
  assert.match(first.events, /"event":"woke"/);
  assert.deepEqual(await once(), first);
});
