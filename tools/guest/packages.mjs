/** Contents of Debian packages, read from the .deb without installing or unpacking it into a folder. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { finished } from '../setup/children.mjs';
import { Trouble } from '../setup/trouble.mjs';

/** A scratch folder of tar files, one a package, made when first asked for. `close` removes it. */
export function openPackages(folder) {
  const scratch = join(folder, `scratch-${process.pid}`);
  const made = new Map();
  return {
    async tar(deb) {
      if (!made.has(deb)) made.set(deb, await unpacked(deb, scratch));
      return made.get(deb);
    },
    close: () => rmSync(scratch, { recursive: true, force: true }),
  };
}

async function unpacked(deb, scratch) {
  mkdirSync(scratch, { recursive: true });
  const file = join(scratch, `${basename(deb, '.deb')}.tar`);
  const fd = openSync(file, 'w');
  try {
    const ended = await finished(spawn('dpkg-deb', ['--fsys-tarfile', deb], { stdio: ['ignore', fd, 2] }), 'dpkg-deb');
    if (ended !== 0) throw new Trouble(`${deb} is not a readable package; remove it and try again.`);
  } finally {
    closeSync(fd);
  }
  return file;
}
