/** The bundle: never stale, made once, made by several at a time without harm, and removed when nothing needs it. In a copy of the project. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, openSync, closeSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { bundles, freshBundle } from './fresh.cjs';
import { removeUnused } from './unused.ts';

const project = join(import.meta.dirname, '..', '..'), copy = mkdtempSync(join(tmpdir(), 'hypnos bundle '));
const SOURCE = join(copy, 'packages', 'cli', 'src', 'command.ts');
after(() => rmSync(copy, { recursive: true }));

/** Sources and tools are the copy's own, libraries the project's. */
before(() => {
  for (const path of ['bin', 'packages', 'tools/bundle', 'package.json', 'package-lock.json']) cpSync(join(project, path), join(copy, path), { recursive: true });
  mkdirSync(join(copy, 'node_modules', '@hypnos'), { recursive: true });
  mkdirSync(join(copy, 'build'));
  for (const room of readdirSync(join(copy, 'packages'))) symlinkSync(join('..', '..', 'packages', room), join(copy, 'node_modules', '@hypnos', room));
  for (const library of readdirSync(join(project, 'node_modules')).filter(name => name !== '@hypnos' && !name.startsWith('.'))) {
    symlinkSync(join(project, 'node_modules', library), join(copy, 'node_modules', library));
  }
});

const help = (): string => spawnSync(join(copy, 'bin', 'hypnos'), ['--help'], { encoding: 'utf8' }).stdout;
const maker = (): ChildProcess => spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(copy, 'tools/bundle/make.ts')], { stdio: ['ignore', 'ignore', 'inherit'] });

/** A bundle that tells that it is one. What it is made of stays as it is. */
const marked = (folder: string): void => appendFileSync(join(folder, 'hypnos.cjs'), "\nconsole.log('from the bundle');\n");

test('two makers at a time make one bundle, and the command runs it', async () => {
  assert.equal(freshBundle(copy), undefined);
  const ends = await Promise.all([maker(), maker()].map(child => once(child, 'close')));
  assert.deepEqual(ends, [[0, null], [0, null]]);
  const bundle = freshBundle(copy);
  assert.ok(bundle !== undefined);
  assert.deepEqual(readdirSync(bundles(copy)).filter(name => name.startsWith('.')), [], 'nothing temporary is left');
  marked(bundle);
  assert.match(help(), /from the bundle[^]*guests can sleep/);
});

test('a source changed by one letter is what runs, even if its size and time are set back; and the next bundle has it', async () => {
  const { atime, mtime } = statSync(SOURCE), text = readFileSync(SOURCE, 'utf8');
  writeFileSync(SOURCE, text.replace('guests can sleep', 'guests can sleeq'));
  utimesSync(SOURCE, atime, mtime);
  assert.equal(freshBundle(copy), undefined);
  const said = help();
  assert.match(said, /guests can sleeq/);
  assert.doesNotMatch(said, /from the bundle/);
  // The command has begun to make the next bundle; when it is there is its own affair.
  while (freshBundle(copy) === undefined || existsSync(join(bundles(copy), 'making'))) await pause(50);
  marked(freshBundle(copy)!);
  assert.match(help(), /from the bundle[^]*guests can sleeq/);
});

test('a bundle that is gone, or told about in half a file, is no bundle', () => {
  const current = join(bundles(copy), 'current.json'), told = readFileSync(current, 'utf8');
  writeFileSync(current, told.slice(0, 1000));
  assert.equal(freshBundle(copy), undefined);
  writeFileSync(current, told.replace(/"key":"[^"]*"/, '"key":"nowhere"'));
  assert.equal(freshBundle(copy), undefined);
  writeFileSync(current, told);
  assert.ok(freshBundle(copy) !== undefined);
});

test('what is old and what nobody has open is removed, the rest stays', { skip: !existsSync('/proc/self/fd') }, () => {
  const folder = mkdtempSync(join(copy, 'unused-')), old = new Date(0);
  for (const name of ['current', 'open', 'old', 'new']) mkdirSync(join(folder, name));
  for (const name of ['current', 'open', 'old']) utimesSync(join(folder, name), old, old);
  const fd = openSync(join(folder, 'open'), 'r');
  removeUnused(folder, ['current']);
  closeSync(fd);
  assert.deepEqual(readdirSync(folder).sort(), ['current', 'new', 'open']);
  removeUnused(folder, ['current']);
  assert.deepEqual(readdirSync(folder).sort(), ['current', 'new']);
});
