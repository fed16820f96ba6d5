import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { flashFile, readWhole, writer } from './files.ts';

const folder = mkdtempSync(join(tmpdir(), 'hypnos-files-'));
after(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, name);

test('a file that cannot be read or written is one sentence with its name', () => {
  assert.throws(() => readWhole('the kernel', path('none')), /^HypnosError: cannot read the kernel '.*none': there is no such file\.$/);
  assert.throws(() => readWhole('the kernel', folder), /it is a folder/);
  assert.throws(() => writer('events', path('no/where')), /cannot write events/);
});

test('a flash file is made when missing, and holes in it are erased flash', () => {
  const flash = flashFile(path('vars'));
  assert.equal(flash.bytes.length, 0);
  flash.write(4, Uint8Array.of(1, 2));
  flash.write(0, Uint8Array.of(9));
  assert.deepEqual([...readFileSync(path('vars'))], [9, 0xff, 0xff, 0xff, 1, 2]);
  assert.deepEqual([...flashFile(path('vars')).bytes], [9, 0xff, 0xff, 0xff, 1, 2]);
});

test('a flash file that is there keeps its length and content', () => {
  writeFileSync(path('kept'), Buffer.from('abcdef'));
  const flash = flashFile(path('kept'));
  flash.write(2, Buffer.from('X'));
  assert.equal(readFileSync(path('kept'), 'latin1'), 'abXdef');
});
