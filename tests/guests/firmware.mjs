/** Fetches firmware for tests from Debian's packages into build/guest/firmware, with the project's own apt; what is there is used again. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApt } from '../../tools/guest/apt.mjs';
import { openPackages } from '../../tools/guest/packages.mjs';
import { readTar } from '../../tools/guest/tar.mjs';
import { locked } from '../../tools/setup/lock.mjs';
import { guestFolder } from '../../tools/setup/paths.mjs';
import { Trouble, tool } from '../../tools/setup/trouble.mjs';

/** File of ours → the package that brings it, and its path there. */
const firmware = {
  'u-boot.bin': ['u-boot-qemu', 'usr/lib/u-boot/qemu_arm64/u-boot.bin'],
  'QEMU_EFI.fd': ['qemu-efi-aarch64', 'usr/share/qemu-efi-aarch64/QEMU_EFI.fd'],
};
const folder = join(guestFolder, 'firmware');

await tool(() => locked(async () => {
  const missing = Object.entries(firmware).filter(([file]) => !existsSync(join(folder, file)));
  if (missing.length === 0) return;
  mkdirSync(folder, { recursive: true });
  const apt = await openApt(guestFolder), packages = openPackages(guestFolder);
  try {
    const plan = await apt.resolve(missing.map(([, [name]]) => name));
    for (const [file, [name, path]] of missing) {
      const wanted = plan.find((found) => found.name === name);
      await apt.fetch([wanted]);
      const entry = readTar(await packages.tar(apt.file(wanted))).find((found) => found.path === path);
      if (!entry) throw new Trouble(`${name} ${wanted.version} no longer brings ${path}.`);
      writeFileSync(join(folder, `${file}.partial`), entry.read());
      renameSync(join(folder, `${file}.partial`), join(folder, file));
    }
  } finally {
    packages.close();
  }
}));
