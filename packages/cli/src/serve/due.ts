/** Guests whose time has come, each woken in a process of its own that outlives this one; its console and its words go to files of the home. */
import { ownerIsDead } from '@hypnos/host-node';
import { freeAbandoned } from '@hypnos/parking';
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from '../home.ts';
import { root } from '../places.ts';

/** Answers the names of the guests that were given a process. Their appointment wakes them there, or what lies in their inbox. */
export async function wakeDue({ folder, ledger }: Home): Promise<readonly string[]> {
  await freeAbandoned(ledger, ownerIsDead);
  const names = new Set([...await ledger.due(Date.now()), ...await ledger.called()].map(guest => guest.name));
  for (const name of names) begin(folder, name);
  return [...names];
}

function begin(folder: string, name: string): void {
  const logs = join(folder, 'console');
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const log = openSync(join(logs, `${name}.log`), 'a', 0o600);
  // Its console goes to standard output, so that what an earlier process wrote there stays.
  spawn(join(root, 'bin', 'hypnos'), ['wake', name, '--asleep'], { detached: true, stdio: ['ignore', log, log], env: { ...process.env, HYPNOS_HOME: folder } }).unref();
  closeSync(log);
}
