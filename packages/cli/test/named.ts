/** Named guests for tests: a home of their own, and the command in it. */
import { SqliteLedger } from '@hypnos/host-node';
import type { GuestView } from '@hypnos/vmm';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { guest, scratch, start, type Outcome, type Running } from './hypnos.ts';

export interface TestHome {
  readonly folder: string;
  /** Starts `hypnos ARGS` in this home. */
  hypnos(...args: readonly string[]): Running;
  /** Runs it to its end. */
  ran(...args: readonly string[]): Promise<Outcome>;
  /** Begins a guest of this program, its firmware. */
  run(name: string, source: string, ...more: readonly string[]): Running;
  view(name: string): Promise<GuestView>;
  /** Settles when the ledger has the guest in this state. */
  until(name: string, state: string): Promise<GuestView>;
}

let homes = 0;
/** Long enough for a slow machine that does other things too: what is waited for this long does not come. */
const PATIENCE = 120_000;

export function testHome(env: Readonly<Record<string, string>> = {}): TestHome {
  const folder = scratch(`home-${++homes}`);
  mkdirSync(folder, { recursive: true });
  const hypnos = (...args: readonly string[]): Running => start({ HYPNOS_HOME: folder, ...env }, ...args);
  const view = async (name: string): Promise<GuestView> => {
    const ledger = new SqliteLedger(join(folder, 'ledger.sqlite'));
    try {
      return await ledger.view(name);
    } finally {
      await ledger.close();
    }
  };
  return {
    folder, hypnos, view, ran: (...args) => hypnos(...args).ended,
    run: (name, source, ...more) => hypnos('run', '--name', name, '--memory', '64M', '--firmware', guest(`${name}-${homes}`, source), ...more),
    async until(name, state) {
      for (const patience = Date.now() + PATIENCE; ; ) {
        const seen = await view(name);
        if (seen.guest?.state === state) return seen;
        if (Date.now() > patience) throw new Error(`${name} is ${seen.guest?.state ?? 'not there'}, and never became ${state}`);
        await new Promise(resolve => setTimeout(resolve, 50));
      }
    },
  };
}
