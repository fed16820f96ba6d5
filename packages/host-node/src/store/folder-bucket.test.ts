/** A store in a folder: objects are there whole or not at all, whatever fails on the way, and nothing leads out of it. */
import type { HypnosError } from '@hypnos/base';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { link, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Files, nodeFiles } from './files.ts';
import { FolderBucket } from './folder-bucket.ts';

const scratch = await mkdtemp(join(tmpdir(), 'hypnos-store-'));
after(() => rm(scratch, { recursive: true }));
let folders = 0;
const fresh = () => join(scratch, `store-${++folders}`);
const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i * 7);
async function all<T>(from: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of from) found.push(one);
  return found;
}
const NAME = 'packs/0123abcd';

test('an object is put once, read whole and in parts, listed and deleted', async () => {
  const bucket = new FolderBucket(fresh());
  assert.equal(await bucket.get(NAME), null);
  assert.equal(await bucket.size(NAME), null);
  assert.equal(await bucket.putIfAbsent(NAME, bytes), 'stored');
  assert.equal(await bucket.putIfAbsent(NAME, bytes.map(byte => ~byte)), 'present');
  assert.deepEqual(await bucket.get(NAME), bytes);
  assert.deepEqual(await bucket.get(NAME, { offset: 500, length: 9 }), bytes.slice(500, 509));
  assert.equal(await bucket.size(NAME), bytes.length);
  const listed = await all(bucket.list('packs/'));
  assert.deepEqual(listed.map(({ name, bytes: size }) => ({ name, size })), [{ name: NAME, size: bytes.length }]);
  assert.deepEqual(await all(bucket.list('manifests/')), []);
  await bucket.delete(NAME);
  await bucket.delete(NAME);
  assert.equal(await bucket.get(NAME), null);
});

test('names that could lead elsewhere are refused', async () => {
  const bucket = new FolderBucket(fresh());
  for (const name of ['', '..', '../x', 'a/../b', '/etc/passwd', 'a//b', 'a/', 'A', 'a b', 'a\0b', 'a'.repeat(300)]) {
    await assert.rejects(bucket.get(name), (error: HypnosError) => error.code === 'EINVAL', name);
    await assert.rejects(bucket.putIfAbsent(name, bytes), /no name of an object/);
  }
});

test('a link in the store is not followed', async () => {
  const root = fresh(), secret = join(scratch, 'secret');
  await writeFile(secret, 'secret');
  await mkdir(join(root, 'packs'), { recursive: true });
  await symlink(secret, join(root, NAME));
  const bucket = new FolderBucket(root);
  await assert.rejects(bucket.get(NAME), /it is a link, a pipe or a device, and the store has none/);
  assert.equal(await bucket.size(NAME), null);
  assert.deepEqual(await all(bucket.list('packs/')), []);
});

test('a link in the place of a folder is not followed: nothing is read, listed, written or deleted behind it', async () => {
  for (const folder of ['packs', 'unfinished']) {
    const root = fresh(), outside = fresh(), bucket = new FolderBucket(root);
    await mkdir(root);
    await mkdir(outside);
    await writeFile(join(outside, '0123abcd'), bytes);
    await symlink(outside, join(root, folder));
    await assert.rejects(bucket.putIfAbsent(NAME, Uint8Array.of(1)), /is no folder: a store has no links/, folder);
    if (folder === 'packs') {
      const acts = [() => bucket.get(NAME), () => bucket.size(NAME), () => bucket.delete(NAME), () => all(bucket.list('packs/'))];
      for (const act of acts) await assert.rejects(act, /is no folder: a store has no links/);
    }
    assert.deepEqual(await readdir(outside), ['0123abcd'], folder);
    assert.deepEqual(new Uint8Array(await readFile(join(outside, '0123abcd'))), bytes);
  }
});

test('a pipe, a folder, a device or a link to one in the place of an object holds nobody up, and is never said to be stored', async () => {
  const root = fresh(), bucket = new FolderBucket(root), place = join(root, NAME);
  await mkdir(join(root, 'packs'), { recursive: true });
  const put = [
    () => void spawnSync('mkfifo', [place]), () => mkdir(place), () => symlink('/dev/zero', place), () => symlink('/dev/full', place), () => symlink(NAME, place),
    () => writeFile(place, bytes.subarray(0, 9)),
  ];
  for (const make of put) {
    await make();
    const size = await bucket.size(NAME), got = await bucket.get(NAME).catch((error: HypnosError) => error.code);
    assert.ok(size === null || size === 9, String(make));
    assert.ok(got === null || got === 'EIO' || (got as Uint8Array).length === 9, String(make));
    await assert.rejects(bucket.putIfAbsent(NAME, bytes), /is there already and is not what is to be stored/, String(make));
    await rm(place, { recursive: true });
  }
});

test('a file that claims to be larger than any object is not read whole', async () => {
  const root = fresh(), bucket = new FolderBucket(root);
  await bucket.putIfAbsent(NAME, bytes);
  await truncate(join(root, NAME), 2 ** 40);
  await assert.rejects(bucket.get(NAME), /has 1099511627776 bytes: it is no object of a store/);
});

test('an object that was cut off is an error, not fewer bytes', async () => {
  const root = fresh(), bucket = new FolderBucket(root);
  await bucket.putIfAbsent(NAME, bytes);
  await truncate(join(root, NAME), 1000);
  await assert.rejects(bucket.get(NAME, { offset: 900, length: 200 }), /has 1000 bytes, and 1100 were expected/);
});

class Stopped extends Error {}
const ACTS = ['makeFolder', 'create', 'write', 'sync', 'link', 'unlink', 'syncFolder'] as const;

/** The file system of a process that is killed before its call number `at`: from then on nothing happens any more. */
function killedAt(at: number): { readonly files: Files; readonly calls: () => number } {
  let calls = 0;
  const files = { ...nodeFiles };
  for (const act of ACTS) {
    files[act] = ((...args: unknown[]) => {
      if (calls++ >= at) return Promise.reject(new Stopped());
      return (nodeFiles[act] as (...given: unknown[]) => Promise<unknown>)(...args);
    }) as never;
  }
  return { files, calls: () => calls };
}

test('killed before any call of a put: the object is there whole or not at all, and putting it again succeeds', async () => {
  const whole = killedAt(Infinity);
  await new FolderBucket(fresh(), whole.files).putIfAbsent(NAME, bytes);
  const seen = new Set<string>();
  for (let at = 0; at < whole.calls(); at++) {
    const root = fresh();
    const put = new FolderBucket(root, killedAt(at).files).putIfAbsent(NAME, bytes);
    // The last call tidies up and may fail unheard.
    if (at < whole.calls() - 1) await assert.rejects(put, (error: Error) => error.cause instanceof Stopped);
    else await put;
    const bucket = new FolderBucket(root), found = await bucket.get(NAME);
    if (found) assert.deepEqual(found, bytes);
    seen.add(found ? 'whole' : 'absent');
    assert.equal(await bucket.putIfAbsent(NAME, bytes), found ? 'present' : 'stored');
    assert.deepEqual(await bucket.get(NAME), bytes);
  }
  assert.deepEqual([...seen].sort(), ['absent', 'whole']);
});

test('a full disk and short writes: nothing half, and the reason is said', async () => {
  const root = fresh();
  let room = 60_000;
  const narrow: Files = {
    ...nodeFiles,
    async write(file, piece, position) {
      if (room === 0) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
      const some = piece.subarray(0, Math.min(piece.length, room, 777));
      room -= some.length;
      return nodeFiles.write(file, some, position);
    },
  };
  const bucket = new FolderBucket(root, narrow);
  await assert.rejects(bucket.putIfAbsent(NAME, bytes), /cannot store .*: the disk is full\./);
  assert.equal(await bucket.get(NAME), null);
  assert.deepEqual(await readdir(join(root, 'unfinished')), [], 'what was begun is cleared away');
  room = Infinity;
  await bucket.putIfAbsent(NAME, bytes);
  assert.deepEqual(await bucket.get(NAME), bytes);
});

test('two that put the same object at once: one stores, both find it durable', async () => {
  const root = fresh(), both = await Promise.all([1, 2].map(() => new FolderBucket(root).putIfAbsent(NAME, bytes)));
  assert.deepEqual(both.sort(), ['present', 'stored']);
  assert.deepEqual(await readdir(join(root, 'unfinished')), []);
});

test('what dead writers left is removed after a day; what is younger stays', async () => {
  const root = fresh(), bucket = new FolderBucket(root), left = (name: string) => join(root, 'unfinished', name);
  assert.equal(await bucket.removeUnfinished(), 0);
  await bucket.putIfAbsent(NAME, bytes);
  for (const [name, hours] of [['old', 25], ['young', 23]] as const) {
    await writeFile(left(name), bytes);
    const at = Date.now() / 1000 - hours * 3600;
    await utimes(left(name), at, at);
  }
  assert.equal(await bucket.removeUnfinished(), bytes.length);
  assert.deepEqual(await readdir(join(root, 'unfinished')), ['young']);
  assert.deepEqual(await bucket.get(NAME), bytes);
});

test('a writer whose temporary file vanished writes it again, and gives up with a sentence', async () => {
  const root = fresh();
  let steal = 2;
  const thief: Files = {
    ...nodeFiles,
    async link(from, to) {
      if (steal-- > 0) await nodeFiles.unlink(from);
      return nodeFiles.link(from, to);
    },
  };
  const bucket = new FolderBucket(root, thief);
  assert.equal(await bucket.putIfAbsent(NAME, bytes), 'stored');
  assert.deepEqual(await bucket.get(NAME), bytes);
  steal = 3;
  await assert.rejects(bucket.putIfAbsent('packs/other', bytes), /its temporary file was removed 3 times/);
  assert.equal(await bucket.get('packs/other'), null);
});

test('files and folders of other names do no harm', async () => {
  const root = fresh(), bucket = new FolderBucket(root);
  await bucket.putIfAbsent(NAME, bytes);
  await writeFile(join(root, 'packs', 'Not An Object'), '');
  await mkdir(join(root, 'packs', 'folder'));
  await link(join(root, NAME), join(root, 'packs', 'folder', 'deep'));
  assert.deepEqual((await all(bucket.list('packs/'))).map(o => o.name).sort(), [NAME, 'packs/folder/deep']);
  assert.equal(await bucket.size('packs/folder'), null);
  assert.equal(await bucket.get('packs/folder'), null);
});
