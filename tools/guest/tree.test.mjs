/** The tree: links in the way, mirrors of /bin and /usr/bin, and what a package may not do to it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layMirrors } from './archive.mjs';
import { appletsOf } from './applets.mjs';
import { packageNameOf } from './libraries.mjs';
import { chooseModules, modulesDep } from './modules.mjs';
import { Tree } from './tree.mjs';

const paths = (tree) => tree.entries().map(({ path, target }) => (target === undefined ? path : `${path} -> ${target}`)).sort();

test('a file laid into a linked folder lands where the link leads', () => {
  const tree = new Tree();
  tree.folder('usr/lib');
  tree.link('lib', 'usr/lib');
  tree.link('usr/lib64', '/lib');
  tree.file('usr/lib64/x.so', 'x');
  assert.deepEqual(paths(tree), ['lib -> usr/lib', 'usr', 'usr/lib', 'usr/lib/x.so', 'usr/lib64 -> /lib']);
  assert.equal(tree.follow('lib/x.so').path, 'usr/lib/x.so');
});

test('a link does not replace a folder, and a loop of links leads nowhere', () => {
  const tree = new Tree();
  tree.file('bin/sh', 'x');
  tree.link('bin', 'usr/bin');
  tree.link('one', 'two');
  tree.link('two', 'one');
  assert.deepEqual(paths(tree), ['bin', 'bin/sh', 'one -> two', 'two -> one']);
  assert.equal(tree.follow('one'), undefined);
});

test('programs of /bin and /usr/bin are found in both', () => {
  const tree = new Tree();
  tree.file('bin/sh', 'x');
  tree.file('usr/bin/awk', 'x');
  layMirrors(tree);
  assert.deepEqual(paths(tree), ['bin', 'bin/awk -> /usr/bin/awk', 'bin/sh', 'usr', 'usr/bin', 'usr/bin/awk', 'usr/bin/sh -> /bin/sh']);
});

test('Debian package names follow from sonames', () => {
  assert.deepEqual(['libblkid.so.1', 'libc.so.6', 'libpcre2-8.so.0', 'libcap-ng.so.0'].map(packageNameOf), ['libblkid1', 'libc6', 'libpcre2-8-0', 'libcap-ng0']);
});

test('applet names are read up to the end of their run', () => {
  const names = ['[', '[[', 'acpid', ...Array.from({ length: 60 }, (_, n) => `b${String(n).padStart(2, '0')}`), 'sh', 'zcat'];
  assert.deepEqual(appletsOf(Buffer.from(`x\0[\0[[\0y\0\0${names.join('\0')}\0\0other\0`)), names);
  assert.throws(() => appletsOf(Buffer.from('nothing')), /No applet names/);
});

test('modules are taken with what they depend on, dependencies first; built-in and absent ones are told apart', () => {
  const files = new Map([['kernel/a/virtio-rng.ko', () => Buffer.alloc(0)], ['kernel/b/evdev.ko', () => Buffer.alloc(0)]]);
  const { modules, builtIn, absent } = chooseModules(['virtio_rng', 'rtc-pl031', 'gpio_keys'], { files, builtInPaths: ['kernel/rtc/rtc-pl031.ko'] });
  assert.deepEqual([modules.map(({ path }) => path), builtIn, absent], [['kernel/a/virtio-rng.ko'], ['rtc-pl031'], ['gpio_keys']]);
});

test('modules.dep names all that a module needs, nearest first', () => {
  const modules = [{ path: 'ring.ko', depends: [] }, { path: 'virtio.ko', depends: ['ring.ko'] }, { path: 'rng.ko', depends: ['virtio.ko'] }];
  assert.equal(modulesDep(modules), 'ring.ko:\nvirtio.ko: ring.ko\nrng.ko: virtio.ko ring.ko\n');
});
