/** Test oracles: programs and libraries of the Debian machine that tests compare against. Only `npm test` asks for them. */
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './children.mjs';
import { Trouble } from './trouble.mjs';

/** Program → the Debian package that brings it. */
export const oracles = {
  'qemu-system-aarch64': 'qemu-system-arm',
  'qemu-aarch64': 'qemu-user',
  'llvm-mc': 'llvm',
  'aarch64-linux-gnu-gcc': 'gcc-aarch64-linux-gnu',
  busybox: 'busybox',
  gcc: 'gcc',
};

/** A library's header → the Debian package that brings it. */
export const headers = {
  '/usr/include/stdio.h': 'libc6-dev',
  '/usr/include/mpfr.h': 'libmpfr-dev',
};

/** gcc alone lacks the target's C library headers; the recommendation that would bring them is not followed. */
const companions = { 'gcc-aarch64-linux-gnu': ['libc6-dev-arm64-cross'] };

export async function installOracles(step) {
  const programs = Object.keys(oracles).filter((program) => !onPath(program));
  const packages = [
    ...programs.flatMap((program) => [oracles[program], ...(companions[oracles[program]] ?? [])]),
    ...Object.keys(headers).filter((header) => !existsSync(header)).map((header) => headers[header]),
  ];
  if (packages.length === 0) return step.skip();
  await step.step(`test oracles: ${packages.join(', ')} (apt-get)`, () => install(packages));
}

async function install(packages) {
  const asked = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (process.getuid?.() !== 0) throw new Trouble(`The tests compare against ${packages.join(', ')}; as root, run: ${asked}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const otherwise = `apt-get could not install ${packages.join(', ')}; what it said stands above.`;
  const apt = (...args) => run('apt-get', ['-qq', '-o', 'Dpkg::Use-Pty=0', '-o', 'DPkg::Lock::Timeout=120', ...args], { env, otherwise });
  await apt('update');
  await apt('install', '-y', '--no-install-recommends', ...packages);
}

export function onPath(program, path = process.env.PATH ?? '') {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
