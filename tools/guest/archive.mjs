/** The guest's tree, put together from packages, kernel modules and our own files, and its writing as a compressed archive. */
import { createHash } from 'node:crypto';
import { appendFileSync, createWriteStream, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { appletsOf, calledInSbin } from './applets.mjs';
import { newc, S_IFCHR } from './cpio.mjs';
import { modulesAlias, modulesDep } from './modules.mjs';
import { filesFolder, leftOut, shellProgram } from './recipe.mjs';
import { readTar } from './tar.mjs';

const folders = ['bin', 'dev', 'etc', 'lib', 'mnt', 'proc', 'root', 'run', 'sbin', 'sys', 'usr/bin', 'usr/lib', 'usr/sbin', 'usr/local/bin', 'usr/share', 'var/log'];

/** Our own files: where they go, and with which mode. */
const ownFiles = [
  ['init', 'init', 0o755],
  ['banner', 'etc/motd', 0o644],
  ['profile', 'etc/profile', 0o644],
  ['inputrc', 'etc/inputrc', 0o644],
  ['passwd', 'etc/passwd', 0o644],
  ['group', 'etc/group', 0o644],
  ['hosts', 'etc/hosts', 0o644],
  ['acpid.conf', 'etc/acpid.conf', 0o644],
  ['acpi.map', 'etc/acpi.map', 0o644],
  ['acpi-just-woke', 'etc/acpi/just-woke', 0o755],
  ['acpi-sleep', 'etc/acpi/sleep', 0o755],
  ['acpi-power', 'etc/acpi/power', 0o755],
];

export function laySkeleton(tree) {
  for (const folder of folders) tree.folder(folder);
  tree.folder('tmp', 0o1777);
  // The kernel opens it for /init before there is a devtmpfs.
  tree.device('dev/console', S_IFCHR, 0o600, [5, 1]);
  tree.device('dev/null', S_IFCHR, 0o666, [1, 3]);
}

/** Laid after packages, whose own versions of these files are for another kind of machine. */
export function layOwnFiles(tree) {
  for (const [name, path, mode] of ownFiles) tree.file(path, readFileSync(join(filesFolder, name)), mode);
  tree.file('etc/hostname', 'hypnos\n');
}

/** A whole package, but for what only people read; devices are the kernel's to make. */
export function layPackage(tree, tar) {
  for (const entry of readTar(tar)) {
    if (entry.path === '' || leftOut.test(entry.path)) continue;
    const { path, kind, mode, target, read } = entry;
    if (kind === 'folder') tree.folder(path, mode);
    else if (kind === 'link') tree.link(path, target);
    else if (kind === 'twin') tree.twin(path, target);
    else if (kind === 'file') tree.file(path, read, mode);
  }
}

export function layModules(tree, release, modules) {
  const folder = `lib/modules/${release}`;
  for (const { path, bytes } of modules) tree.file(`${folder}/${path.replace(/\.ko\.\w+$/, '.ko')}`, bytes);
  const plain = (path) => path.replace(/\.ko\.\w+$/, '.ko');
  const listed = modules.map((module) => ({ ...module, path: plain(module.path), depends: module.depends.map(plain) }));
  tree.file(`${folder}/modules.dep`, modulesDep(listed));
  tree.file(`${folder}/modules.alias`, modulesAlias(listed));
  tree.file('etc/modules', listed.map(({ path }) => `${path.slice(path.lastIndexOf('/') + 1, -'.ko'.length)}\n`).join(''));
}

const programFolders = ['usr/bin', 'bin', 'usr/sbin', 'sbin'];

/** Links for every applet that no package brings for real, and for what is called by its full path. */
export function layApplets(tree, busybox) {
  tree.file(shellProgram, busybox, 0o755);
  const names = appletsOf(busybox).filter((name) => name !== 'busybox');
  for (const name of names) {
    if (!programFolders.some((folder) => tree.has(`${folder}/${name}`))) tree.link(`bin/${name}`, 'busybox');
  }
  for (const name of calledInSbin) {
    if (names.includes(name) && !tree.has(`sbin/${name}`) && !tree.has(`usr/sbin/${name}`)) tree.link(`sbin/${name}`, '../bin/busybox');
  }
  return names.length;
}

/** Debian's /bin and /usr/bin are one folder. Here they are two, so that an archive laid over this one cannot replace a link by a folder and hide it all. */
export function layMirrors(tree) {
  for (const [one, other] of [['bin', 'usr/bin'], ['sbin', 'usr/sbin']]) {
    for (const [from, to] of [[one, other], [other, one]]) {
      const names = tree.entries().flatMap(({ path }) => (path.startsWith(`${from}/`) && path.indexOf('/', from.length + 1) < 0 ? [path.slice(from.length + 1)] : []));
      for (const name of names) if (!tree.has(`${to}/${name}`)) tree.link(`${to}/${name}`, `/${from}/${name}`);
    }
  }
}

/** Writes the archive under a temporary name first: a file with the real name is a whole one. */
export async function writeArchive(tree, file) {
  const partial = `${file}.partial-${process.pid}`;
  const hash = createHash('sha256');
  let unpacked = 0;
  const counted = function* () {
    for (const piece of newc(tree.entries())) {
      unpacked += piece.length;
      hash.update(piece);
      yield piece;
    }
  };
  try {
    await pipeline(Readable.from(counted()), createGzip({ level: 6 }), createWriteStream(partial));
    // The kernel finds a plain archive laid behind this one only on a multiple of four; zeros after a gzip member are skipped.
    appendFileSync(partial, Buffer.alloc(-statSync(partial).size & 3));
    renameSync(partial, file);
  } finally {
    rmSync(partial, { force: true });
  }
  return { size: statSync(file).size, unpacked, sha256: hash.digest('hex') };
}
