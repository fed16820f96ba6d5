import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { cacheFolder } from './cache-folder.ts';
import { tier0Image } from './tier0-file.ts';

const cache = mkdtempSync(join(tmpdir(), 'hypnos-tier0-')), folder = join(cache, 'tier0');
after(() => rmSync(cache, { recursive: true }));

test('the engine is made once, read afterwards, and made again when the file is cut short', () => {
  const made = tier0Image(cache), [name] = readdirSync(folder), file = join(folder, name!);
  const { mtimeNs } = statSync(file, { bigint: true });
  assert.deepEqual(tier0Image(cache), made);
  assert.equal(statSync(file, { bigint: true }).mtimeNs, mtimeNs, 'it was read');
  truncateSync(file, 1000);
  assert.deepEqual(tier0Image(cache), made);
  assert.deepEqual(readdirSync(folder), [name]);
});

test('a cache that cannot be a folder costs time and nothing else', () => {
  const taken = join(cache, 'taken');
  writeFileSync(taken, '');
  assert.ok(tier0Image(taken));
});

test("the cache is the checkout's build, or the user's cache folder when installed", () => {
  assert.match(cacheFolder({}), /\/build$/);
  const installed = '/srv/app/node_modules/@hypnos/host-node/src';
  assert.equal(cacheFolder({ XDG_CACHE_HOME: '/var/cache/me' }, installed), '/var/cache/me/hypnos');
  assert.equal(cacheFolder({ XDG_CACHE_HOME: 'relative' }, installed), join(homedir(), '.cache', 'hypnos'));
});
