/** The cpio writer, read back by busybox's cpio. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { newc, S_IFDIR, S_IFLNK, S_IFREG } from './cpio.mjs';

const entries = [
  { path: 'a/link', mode: S_IFLNK | 0o777, target: '../b' },
  { path: 'a', mode: S_IFDIR | 0o750 },
  { path: 'a/three', mode: S_IFREG | 0o600, data: () => Buffer.from('abc') },
  { path: 'b', mode: S_IFREG | 0o644, data: Buffer.alloc(4096, 'x') },
  { path: 'a/again', mode: S_IFREG | 0o600, twin: 'a/three' },
  { path: 'empty', mode: S_IFREG | 0o4755 },
];

const archive = (list) => Buffer.concat([...newc(list)]);

function cpio(args, input, cwd) {
  const result = spawnSync('busybox', ['cpio', ...args], { input, cwd });
  assert.equal(result.status, 0, result.stderr.toString());
  return result.stdout.toString();
}

test('busybox lists the entries of a written archive, folders before what is in them', () => {
  // busybox's list, unlike its unpacking, leaves out a file's second names.
  const single = entries.filter(({ twin }) => twin === undefined);
  assert.equal(cpio(['-it'], archive(single)), 'a\na/link\na/three\nb\nempty\n');
});

test('busybox unpacks a written archive to the same files, links, twins and modes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hypnos-cpio-'));
  try {
    cpio(['-idm'], archive(entries), folder);
    const at = (path) => join(folder, path);
    assert.equal(readFileSync(at('a/three'), 'utf8'), 'abc');
    assert.equal(lstatSync(at('a/again')).ino, lstatSync(at('a/three')).ino);
    assert.equal(readlinkSync(at('a/link')), '../b');
    assert.equal(readFileSync(at('b')).length, 4096);
    assert.equal(lstatSync(at('empty')).mode & 0o7777, 0o4755);
    assert.equal(lstatSync(at('a')).mode & 0o777, 0o750);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the order of entries does not change the archive, and it ends on a block', () => {
  const bytes = archive(entries);
  assert.deepEqual(archive([...entries].reverse()), bytes);
  assert.equal(bytes.length % 512, 0);
});
