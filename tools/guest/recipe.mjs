/** What goes into a guest: the packages, the program taken from one of them, and our own files. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const defaultName = 'initrd';
export const defaultKernel = 'linux-image-cloud-arm64';

/** Statically linked, so that it needs nothing and can be the first process. */
export const shellPackage = 'busybox-static';
export const shellProgram = 'bin/busybox';

/** busybox has no rtcwake. */
export const sleepPackage = 'util-linux';
export const sleepProgram = 'usr/sbin/rtcwake';

/**
 * What a guest with Debian packages gets as well. busybox's shell runs its own applets whatever PATH says, so beside real
 * programs it would hide them: there /bin/sh is Debian's, and the console's shell too (ncurses-base tells it what the terminal can do).
 */
export const realShells = ['bash', 'dash', 'ncurses-base'];

/** Parts of packages that only people read. */
export const leftOut = /^usr\/share\/(?:doc|man|info|locale|lintian|bug|doc-base|menu)(?:\/|$)/;

export const filesFolder = join(dirname(fileURLToPath(import.meta.url)), 'files');

/** Changes when the tools or the guest's own files do: a guest made by another recipe is made anew. */
export function recipeHash(choice) {
  const hash = createHash('sha256').update(JSON.stringify(choice));
  const here = join(filesFolder, '..');
  for (const folder of [here, filesFolder]) {
    const names = readdirSync(folder).filter((name) => !name.includes('.test.')).sort();
    for (const name of names) {
      if (folder === here && !name.endsWith('.mjs')) continue;
      hash.update(`\0${name}\0`).update(readFileSync(join(folder, name)));
    }
  }
  return hash.digest('hex');
}
