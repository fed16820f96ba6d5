/** Linux as the user of debug registers and counters: perf's hardware breakpoints and counters, ptrace's single steps. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { guestFolder, there, withGuest } from './guest.ts';

const COMPILER = 'aarch64-linux-gnu-gcc';

function compilerIsThere(): boolean {
  try {
    execFileSync(COMPILER, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** One file as an archive of its own, which Linux unpacks behind the guest's (initramfs buffer format: "newc"). */
function archiveOf(path: string, data: Buffer): Buffer {
  const entry = (name: string, mode: number, body: Buffer): Buffer => {
    const fields = [1, mode, 0, 0, 1, 0, body.length, 0, 0, 0, 0, name.length + 1, 0].map(n => n.toString(16).padStart(8, '0')).join('');
    const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
    return Buffer.concat([padded(Buffer.from(`070701${fields}${name}\0`)), padded(body)]);
  };
  return Buffer.concat([entry(path, 0o100755, data), entry('TRAILER!!!', 0, Buffer.alloc(0))]);
}

const skip = there.skip || (compilerIsThere() ? false : `install ${COMPILER}`);

test('Linux finds breakpoints, watchpoints and counters, and what it counts and steps is exact', { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hypnos-debug-'));
  try {
    const program = join(folder, 'debugged'), initrd = join(folder, 'initrd');
    execFileSync(COMPILER, ['-O1', '-static', '-Wall', '-Werror', '-o', program, join(import.meta.dirname, 'debugged.c')]);
    writeFileSync(initrd, Buffer.concat([readFileSync(join(guestFolder, 'initrd.cpio.gz')), gzipSync(archiveOf('debugged', readFileSync(program)))]));
    await withGuest(['--kernel', join(guestFolder, 'Image'), '--initrd', initrd, '--append', 'console=ttyAMA0'], async guest => {
      const boot = await guest.sh('dmesg');
      assert.match(boot, /found 6 breakpoint and 4 watchpoint registers/);
      assert.match(boot, /armv8_pmuv3 PMU driver, 7 counters available/);
      const told = await guest.sh('/debugged');
      for (const line of ['stores 7', 'loads 9', 'calls 11', 'instructions 2001', 'cycles pass', 'overflows 4', 'steps 2001']) {
        assert.ok(told.split(/\r?\n/).includes(line), `${line} is not in:\n${told}`);
      }
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
