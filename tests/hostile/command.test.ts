/** Hostile guests under the real command: what a person reads when one loops, faults without end, resets, switches off, or says too much. */
import { assemble } from '@hypnos/isa';
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const HYPNOS = join(import.meta.dirname, '..', '..', 'bin', 'hypnos'),
  START = 0x4008_0000n;
const folder = mkdtempSync(join(tmpdir(), 'hypnos-hostile-'));
after(() => rmSync(folder, { recursive: true }));

function start(name: string, source: string, ...options: readonly string[]): ChildProcessWithoutNullStreams {
  const file = join(folder, `${name}.bin`);
  writeFileSync(file, new Uint8Array(assemble(source, { origin: START }).words.buffer));
  return spawn(HYPNOS, ['run', '--firmware', `${file}@0x${START.toString(16)}`, '--memory', '16M', ...options]);
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs to the end; once the guest has printed `!`, the machine's owner ends it if it is told to. */
function ended(child: ChildProcessWithoutNullStreams, stopWhenTold = true): Promise<Ended> {
  let stdout = '',
    stderr = '';
  child.stdout.on('data', chunk => {
    stdout += chunk;
    if (stopWhenTold && stdout.includes('!')) child.kill('SIGTERM');
  });
  child.stderr.on('data', chunk => {
    stderr += chunk;
  });
  return new Promise(resolve => child.on('close', status => resolve({ status, stdout, stderr })));
}

const PRINT = 'mov x9, #0x9000000\nmov w10, #0x21\nstrb w10, [x9]\n';

test('an endless loop, exceptions without end and a wait without end go on until their owner ends them', async () => {
  for (const [name, source] of Object.entries({
    loop: 'b .',
    exceptions: '.word 0',
    wait: 'msr daifset, #15\n1: wfi\nb 1b',
    nowhere: 'mov x0, #1\nlsl x0, x0, #50\nbr x0',
  })) {
    const { status, stderr } = await ended(start(name, PRINT + source, '--stats'));
    assert.equal(status, 0, name);
    assert.match(
      stderr,
      /^hypnos: instructions retired: \d+ .*\nhypnos: exits: .*\nhypnos: sleeps: 0\nhypnos: accesses nothing answers: none\n$/,
      name,
    );
  }
});

test('a guest that switches off, resets or sleeps at a bad place is told of in a sentence', async () => {
  const call = (id: number, rest = ''): string => `mov x0, #${id}\n${rest}\nhvc #0\n`;
  const off = await ended(start('off', call(0x8400_0008)));
  assert.deepEqual([off.status, off.stderr], [0, 'hypnos: the guest switched off\n']);
  const reset = await ended(start('reset', call(0x8400_0009), '--no-reboot'));
  assert.deepEqual([reset.status, reset.stderr], [0, 'hypnos: the guest reset the machine\n']);
  const sleep = await ended(start('sleep', call(0xc400_000e, 'mov x1, #2') + call(0x8400_0008)));
  assert.equal(sleep.status, 0);
  assert.match(
    sleep.stderr,
    /the guest asks to sleep \(entry 0x2, context 0x0\)\nhypnos: sleep denied with INVALID_ADDRESS: the entry point is not at a multiple of 4\n/,
  );
});

test('accesses that nothing answers are counted and told', async () => {
  const { stderr } = await ended(
    start('stray', `mov x0, #0x10000000\nldr x1, [x0]\nstrb w1, [x0, #8]\nmov x0, #0x84000008\nhvc #0`, '--stats'),
  );
  assert.match(stderr, /accesses nothing answers: read near 0x10000000 1, write near 0x10000000 1\n/);
});

test('status lines that nobody reads are left out in the end, and do not fill the host', async () => {
  const asks = 20_000;
  const child = start(
    'asks',
    `mov x20, #${asks}\n1: mov x0, #0xc400000e\nmov x1, #2\nhvc #0\nsub x20, x20, #1\ncbnz x20, 1b\n${PRINT}mov x0, #0x84000008\nhvc #0`,
  );
  const said = new Promise(resolve => child.stdout.once('data', resolve));
  await said;
  const { status, stderr } = await ended(child, false);
  assert.equal(status, 0);
  const lines = stderr.split('\n').length;
  assert.ok(lines > 1000 && stderr.length < 1.25 * 2 ** 20, `${lines} lines of ${2 * asks}, ${stderr.length} bytes`);
});
