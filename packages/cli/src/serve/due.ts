/** Guests whose time has come, each woken in a process of its own that outlives this one; its console and its words go to files of the home. */
import { ownerIsDead } from '@hypnos/host-node';
import { freeAbandoned } from '@hypnos/parking';
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from '../home.ts';
import { root } from '../places.ts';

/**
 * Answers the names of the guests that were given a process. Their appointment wakes them there, or what lies in their inbox. Guests that are not `ready` have none; `ended` hears
 * of the processes of the others, while this one lives.
 */
export async function wakeDue({ folder, ledger }: Home, ready: (name: string) => boolean = () => true, ended: (name: string, ok: boolean) => void = () => {}): Promise<readonly string[]> {
  await freeAbandoned(ledger, ownerIsDead);
  const names = [...new Set([...await ledger.due(Date.now()), ...await ledger.called()].map(guest => guest.name))].filter(ready);
  for (const name of names) begin(folder, name, ok => ended(name, ok));
  return names;
}

function begin(folder: string, name: string, ended: (ok: boolean) => void): void {
  const logs = join(folder, 'console');
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const log = openSync(join(logs, `${name}.log`), 'a', 0o600);
  // Its console goes to standard output, so that what an earlier process wrote there stays.
  spawn(join(root, 'bin', 'hypnos'), ['wake', name, '--asleep'], { detached: true, stdio: ['ignore', log, log], env: { ...process.env, HYPNOS_HOME: folder } })
    .on('error', () => ended(false)).on('exit', status => ended(status === 0)).unref();
  closeSync(log);
}
