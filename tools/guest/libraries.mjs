/** Which Debian packages bring the libraries a program needs, found as the dynamic linker would find them but before there is a root to look in. */
import { Trouble } from '../setup/trouble.mjs';
import { readElf } from './elf.mjs';
import { readTar } from './tar.mjs';

/** The dynamic linker's standard places on Debian (ld.so(8), multi-arch). */
export const libraryFolders = ['lib/aarch64-linux-gnu', 'usr/lib/aarch64-linux-gnu', 'lib', 'usr/lib'];

/** Debian Policy 8.1: libblkid.so.1 is in libblkid1, libpcre2-8.so.0 in libpcre2-8-0. */
export function packageNameOf(soname) {
  const [, name, version] = /^(.+)\.so\.(.+)$/.exec(soname) ?? [];
  if (!name) return undefined;
  return `${name.toLowerCase()}${/\d$/.test(name) ? '-' : ''}${version}`;
}

/**
 * Lays a program's libraries and its dynamic linker into the tree. `candidates` are the packages it may depend on; of these only
 * the ones really needed are fetched, those that policy names first.
 */
export async function layLibraries(tree, program, { candidates, apt, packages }) {
  const used = new Map();
  const wanted = needsOf(program);
  for (const soname of wanted) {
    const { from, needed } = await layOne(tree, soname, { candidates, apt, packages });
    used.set(from.name, from);
    for (const more of needed) wanted.add(more);
  }
  return [...used.values()];
}

function needsOf(bytes) {
  const elf = readElf(bytes);
  return new Set([...(elf?.interpreter ? [elf.interpreter] : []), ...(elf?.needed ?? [])]);
}

async function layOne(tree, soname, { candidates, apt, packages }) {
  const named = packageNameOf(soname);
  // The dynamic linker is libc6's, and nearly everything else is named as policy says.
  const likely = ({ name }) => (name === named || name === `${named}t64` || (soname.includes('/ld-linux') && name === 'libc6') ? 0 : 1);
  for (const candidate of [...candidates].sort((a, b) => likely(a) - likely(b))) {
    await apt.fetch([candidate]);
    const needed = layFrom(tree, readTar(await packages.tar(apt.file(candidate))), soname);
    if (needed) return { from: candidate, needed };
  }
  throw new Trouble(`No package among the dependencies brings ${soname}.`);
}

function layFrom(tree, entries, soname) {
  const paths = soname.startsWith('/') ? [soname.slice(1), `usr${soname}`] : libraryFolders.map((folder) => `${folder}/${soname}`);
  const found = entries.find(({ path, kind }) => paths.includes(path) && (kind === 'file' || kind === 'link'));
  if (!found) return undefined;
  const real = found.kind === 'link' ? behind(found, entries) : found;
  const bytes = real?.read();
  if (!bytes) return undefined;
  // One file under the name that is asked for: there is no ldconfig in the guest to care about the other.
  tree.file(soname.startsWith('/') ? soname.slice(1) : found.path, bytes, 0o755);
  return needsOf(bytes);
}

function behind({ path, target }, entries) {
  const folder = path.slice(0, path.lastIndexOf('/'));
  const full = target.startsWith('/') ? target.slice(1) : `${folder}/${target}`;
  return entries.find((entry) => entry.path === full && entry.kind === 'file');
}

/** Needs of the tree's programs and libraries that nothing in the tree meets, as "path needs soname". */
export function unmetNeeds(tree, extraFolders = []) {
  const folders = [...libraryFolders, ...extraFolders];
  return tree.entries().flatMap((entry) => {
    if (entry.data === undefined) return [];
    const elf = readElf(typeof entry.data === 'function' ? entry.data() : entry.data);
    const own = entry.path.slice(0, entry.path.lastIndexOf('/'));
    const missing = (elf?.needed ?? []).filter((soname) => ![...folders, own].some((folder) => tree.follow(`${folder}/${soname}`)));
    return missing.map((soname) => `${entry.path} needs ${soname}`);
  });
}
