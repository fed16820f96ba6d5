/** An owner's name tells whether it is dead, and is never taken for another's. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { ownerIsDead, ownerName } from './owner.ts';

const here = new URL('./owner.ts', import.meta.url).href;
const ASLEEP = `const { ownerName } = await import(process.argv[1]); console.log(ownerName()); setInterval(() => {}, 1000);`;

test('a process that runs is not dead, one that was killed is', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', ASLEEP, here], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await once(child.stdout, 'data') as [Buffer], owner = String(said).trim();
  assert.match(owner, new RegExp(`^${hostname()}:[0-9a-f]{8}:${child.pid}:[0-9]+$`));
  assert.equal(ownerIsDead(owner), false);
  child.kill('SIGKILL');
  await once(child, 'close');
  assert.equal(ownerIsDead(owner), true);
});

test('a killed process that nobody waited for is dead', async () => {
  // The shell stops itself before it could wait for its child.
  const script = `'${process.execPath}' --input-type=module -e "$ASLEEP" '${here}' & exec >&-; kill -STOP $$`;
  const shell = spawn('sh', ['-c', script], { env: { ...process.env, ASLEEP }, stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await once(shell.stdout, 'data') as [Buffer], owner = String(said).trim(), pid = Number(owner.split(':')[2]);
  process.kill(pid, 'SIGKILL');
  await once(shell.stdout, 'end');                                  // the last one to have it open is gone
  const deadline = performance.now() + 60_000;
  while (!ownerIsDead(owner) && performance.now() < deadline) await new Promise(resolve => setTimeout(resolve, 5));
  assert.equal(ownerIsDead(owner), true);
  process.kill(pid, 0);                                             // it is a zombie still: the pid is there
  shell.kill('SIGKILL');
});

test('another start time or an earlier boot is dead; another host, or no name of ours, is not known to be', () => {
  const [host, boot, pid, start] = ownerName().split(':') as [string, string, string, string];
  assert.equal(ownerIsDead(ownerName()), false);
  assert.equal(ownerIsDead([host, boot, pid, `${start}1`].join(':')), true);
  assert.equal(ownerIsDead([host, boot === '00000000' ? '11111111' : '00000000', pid, start].join(':')), true);
  assert.equal(ownerIsDead([`${host}x`, boot, pid, `${start}1`].join(':')), false);
  for (const odd of ['', 'a', 'a:b:c:d', `${host}:${boot}:../self:${start}`, `${host}:${boot}`]) assert.equal(ownerIsDead(odd), false, odd);
});
