/** The ELF reader against readelf, on a real program, and on damaged ones. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { EM_AARCH64, readElf, readModinfo } from './elf.mjs';
import { unmetNeeds } from './libraries.mjs';
import { Tree } from './tree.mjs';

function compiled(source, args, use) {
  const folder = mkdtempSync(join(tmpdir(), 'hypnos-elf-'));
  try {
    writeFileSync(join(folder, 'a.c'), source);
    const result = spawnSync('aarch64-linux-gnu-gcc', ['a.c', '-o', 'a.out', ...args], { cwd: folder });
    assert.equal(result.status, 0, result.stderr.toString());
    return use(join(folder, 'a.out'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a linked program names its interpreter and its libraries as readelf does', () => {
  compiled('#include <math.h>\nint main(int n, char **v) { return (int)sin(n); }', ['-Wl,--no-as-needed', '-lm'], (file) => {
    const elf = readElf(readFileSync(file));
    const judge = spawnSync('aarch64-linux-gnu-readelf', ['-d', file], { encoding: 'utf8' }).stdout;
    assert.deepEqual(elf.needed, [...judge.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name));
    assert.deepEqual(elf.needed, ['libm.so.6', 'libc.so.6']);
    assert.equal(elf.interpreter, '/lib/ld-linux-aarch64.so.1');
    assert.equal(elf.machine, EM_AARCH64);
  });
});

test('a shared library names itself; a module names what it depends on', () => {
  const source = '__attribute__((section(".modinfo"))) char info[] = "depends=virtio,virtio_ring\\0alias=a\\0alias=b";';
  compiled(source, ['-shared', '-nostdlib', '-Wl,-soname,libx.so.1'], (file) => {
    const bytes = readFileSync(file);
    assert.equal(readElf(bytes).soname, 'libx.so.1');
    assert.deepEqual(Object.fromEntries(readModinfo(bytes)), { depends: ['virtio,virtio_ring'], alias: ['a', 'b'] });
  });
});

test('a need that nothing in the tree meets is told, until something does', () => {
  compiled('int main(void) { return 0; }', [], (file) => {
    const tree = new Tree();
    tree.file('bin/program', readFileSync(file), 0o755);
    assert.deepEqual(unmetNeeds(tree), ['bin/program needs libc.so.6']);
    tree.link('lib/aarch64-linux-gnu/libc.so.6', '/opt/libc.so');
    assert.deepEqual(unmetNeeds(tree), ['bin/program needs libc.so.6']);
    tree.file('opt/libc.so', 'x');
    assert.deepEqual(unmetNeeds(tree), []);
  });
});

test('what is no ELF file is undefined, and one cut anywhere does not throw', () => {
  assert.equal(readElf(Buffer.from('#!/bin/sh\n')), undefined);
  compiled('int main(void) { return 0; }', [], (file) => {
    const bytes = readFileSync(file);
    for (let end = 0; end < bytes.length; end += 97) {
      readElf(bytes.subarray(0, end));
      readModinfo(bytes.subarray(0, end));
    }
  });
});
