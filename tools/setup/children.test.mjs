/** Set-up's child processes: they leave standard input to whom it is meant for, and npm start's last one gets all of it. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { onPath } from './oracles.mjs';

const children = new URL('./children.mjs', import.meta.url).href;
const trouble = new URL('./trouble.mjs', import.meta.url).href;
const script = (body) => ['--input-type=module', '-e', `import { become, run, output } from '${children}';\nimport { tool } from '${trouble}';\nawait tool(async () => {\n${body}\n});`];

test('a piped standard input passes set-up by and reaches what it becomes', () => {
  const body = "await run('sh', ['-c', 'cat; echo noise']);\nreturn become('cat', []);";
  const { stdout, stderr, status } = spawnSync(process.execPath, script(body), { input: 'for the guest', encoding: 'utf8' });
  assert.deepEqual({ stdout, stderr, status }, { stdout: 'for the guest', stderr: 'noise\n', status: 0 });
});

test('exit status and signals pass through', async () => {
  assert.equal(spawnSync(process.execPath, script("return become('sh', ['-c', 'exit 5']);")).status, 5);
  assert.equal(spawnSync(process.execPath, script("return become('sh', ['-c', 'kill -KILL $$']);")).status, 137);
  const body = "return become('sh', ['-c', 'trap \"exit 9\" TERM; echo ready; for n in $(seq 200); do sleep 0.05; done']);";
  const child = spawn(process.execPath, script(body), { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [9, null]);
});

test('a program that fails or is not there is told in one sentence', () => {
  const said = (body) => spawnSync(process.execPath, script(body), { encoding: 'utf8' });
  assert.deepEqual(said("await run('false', [], { otherwise: 'It failed; do this.' });").stderr, 'It failed; do this.\n');
  assert.deepEqual(said("await output('no-such-program', []);").stderr, 'no-such-program is not installed, and is needed here.\n');
  assert.equal(said("await run('false', []);").status, 1);
});

test('programs are looked for in the folders of PATH', () => {
  assert.equal(onPath('sh', '/nowhere:/bin'), true);
  assert.equal(onPath('sh', '/nowhere'), false);
});
