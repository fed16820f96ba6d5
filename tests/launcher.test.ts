/** bin/hypnos: a few lines of sh that become the workspace's Node, so that who signals the command signals the machine. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const main = `
process.on('SIGTERM', () => process.exit(7));
setInterval(() => {}, 1000);
console.log(JSON.stringify({ pid: process.pid, args: process.argv.slice(2) }));
`;

/** A clone in miniature: the launcher, a Node where set-up puts it, and a main that tells who it is. */
async function inClone(isSetUp: boolean, use: (clone: string) => Promise<void>): Promise<void> {
  const clone = mkdtempSync(join(tmpdir(), 'hypnos launcher '));
  try {
    for (const folder of ['bin', 'node_modules/node/bin', 'packages/cli/src', 'elsewhere']) mkdirSync(join(clone, folder), { recursive: true });
    cpSync(join(import.meta.dirname, '../tools/bundle'), join(clone, 'tools/bundle'), { recursive: true });
    copyFileSync(join(import.meta.dirname, '../bin/hypnos'), join(clone, 'bin/hypnos'));
    writeFileSync(join(clone, 'packages/cli/src/main.ts'), main);
    if (isSetUp) symlinkSync(process.execPath, join(clone, 'node_modules/node/bin/node'));
    await use(clone);
  } finally {
    rmSync(clone, { recursive: true });
  }
}

test('the launcher becomes the machine: same process, arguments whole, signals arrive', async () => {
  await inClone(true, async clone => {
    symlinkSync('../bin/hypnos', join(clone, 'elsewhere/hypnos'));
    const child = spawn(join(clone, 'elsewhere/hypnos'), ['run', 'a b', ''], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    assert.deepEqual(JSON.parse(said.toString()), { pid: child.pid, args: ['run', 'a b', ''] });
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [7, null]);
  });
});

test('before set-up the launcher says what to do and ends with 2', async () => {
  await inClone(false, async clone => {
    const { status, stderr } = spawnSync(join(clone, 'bin/hypnos'), { encoding: 'utf8' });
    assert.match(stderr, /^hypnos: not set up yet; run 'npm start' or 'npm ci' in .* first\.\n$/);
    assert.equal(status, 2);
  });
});
