/** Firmware built for QEMU's virt board runs as it is: U-Boot and EDK2 in flash, to their prompts and on to Linux. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { guestFolder, there, withGuest } from '../boot/guest.ts';

const folder = join(guestFolder, 'firmware');
const linux = ['--kernel', join(guestFolder, 'Image'), '--initrd', join(guestFolder, 'initrd.cpio.gz'), '--append', 'console=ttyAMA0 quiet'];
const uBoot = ['--firmware', `${join(folder, 'u-boot.bin')}@0`];
const edk2 = ['--firmware', `${join(folder, 'QEMU_EFI.fd')}@0`];

before(() => {
  const fetched = spawnSync(process.execPath, [join(import.meta.dirname, 'firmware.mjs')], { encoding: 'utf8' });
  assert.equal(fetched.status, 0, fetched.stderr);
});

test('U-Boot stops at its prompt, knows the board, finds its flash and programs it', async () => {
  const vars = mkdtempSync(join(tmpdir(), 'hypnos-flash-'));
  try {
    await withGuest([...uBoot, '--flash-vars', join(vars, 'vars')], async guest => {
      guest.type('\n');
      await guest.sees('=> ');
      const ask = async (command: string): Promise<string> => {
        guest.type(`${command}\n`);
        await guest.sees(command);
        return guest.sees('=> ');
      };
      assert.match(await ask('version'), /U-Boot 20\d\d/);
      assert.match(await ask('bdinfo'), /start\s+= 0x0*40000000\r?\n-> size\s+= 0x0*20000000/);
      // It takes each bank for one chip of the pair, as it does on QEMU.
      assert.match(await ask('flinfo'), /Bank # 1: CFI conformant flash \(16 x 16\)[^]*Manufacturer ID: 0x89, Device ID: 0x0018[^]*Bank # 2:/);
      await ask('setenv remembered a hundred years');
      assert.match(await ask('saveenv'), /Erased \d sectors[^]*Writing to Flash\.\.\. done/);
      guest.type('reset\n');
      await guest.sees(/Hit any key/);
      guest.type('\n');
      await guest.sees('=> ');
      assert.match(await ask('printenv remembered'), /remembered=a hundred years/);
      // It keeps its environment at the start of the second bank (CONFIG_ENV_ADDR).
      assert.ok(readFileSync(join(vars, 'vars')).subarray(0, 0x4_0000).includes('remembered=a hundred years\0'));
    }, /Hit any key/);
  } finally {
    rmSync(vars, { recursive: true });
  }
});

test('U-Boot boots Linux with booti, from what fw_cfg hands it; Linux sleeps', there, async () => {
  await withGuest([...uBoot, ...linux], async guest => {
    assert.match(guest.console(), /Starting kernel/);
    await guest.sh('rtcwake -m mem -s 3');
    assert.equal(guest.events().filter(e => e.event === 'woke').length, 1);
    guest.type('poweroff -f\n');
    assert.equal(await guest.ended, 0);
  });
});

test('EDK2 comes to its shell, and finds a variable again that it put into flash', async () => {
  const vars = mkdtempSync(join(tmpdir(), 'hypnos-flash-'));
  const shell = (use: Parameters<typeof withGuest>[1]): Promise<void> => withGuest([...edk2, '--flash-vars', join(vars, 'vars')], async guest => {
    guest.type('\u001b');
    await guest.sees('Shell> ');
    await use(guest);
  }, /Press .*ESC/);
  try {
    await shell(async guest => {
      guest.type('setvar hypnos -guid 11111111-2222-3333-4444-555555555555 -bs -nv =0x2a\r');
      await guest.sees('Shell> ');
      guest.type('reset -s\r');
      assert.equal(await guest.ended, 0);
    });
    await shell(async guest => {
      guest.type('setvar hypnos -guid 11111111-2222-3333-4444-555555555555\r');
      assert.match(await guest.sees('Shell> '), /2A/i);
      guest.type('ver\r');
      assert.match(await guest.sees('Shell> '), /EDK II/);
    });
  } finally {
    rmSync(vars, { recursive: true });
  }
});

test('EDK2 boots Linux through its EFI stub, from what fw_cfg hands it; Linux sleeps, and its firmware tells the time after', there, async () => {
  await withGuest([...edk2, ...linux], async guest => {
    assert.match(await guest.sh('dmesg | grep efi:'), /EDK II/);
    // EDK2 keeps the clock for itself and takes it out of the device tree: no alarm, hence a key.
    guest.type('echo mem > /sys/power/state\n');
    await guest.tells('asleep');
    guest.type('\n');
    await guest.tells('running again');
    assert.match(await guest.sh('cat /sys/class/rtc/rtc0/name; hwclock -u -r'), /rtc-efi[^]* 20\d\d /);
    guest.type('poweroff -f\n');
    assert.equal(await guest.ended, 0);
  });
});
