/** `hypnos serve`: waits, and gives each parked guest a process when its appointment comes or somebody calls it. */
import { Command } from 'commander';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { say } from '../attend.ts';
import { openHome } from '../home.ts';
import { wakeDue } from './due.ts';
import { Patience } from './patience.ts';

/** How often it looks for guests that were parked, or called, since: milliseconds. */
const LOOK = 1000;

export const serveVerb = (): Command => new Command('serve')
  .description('Wait, and wake each parked guest when its appointment comes. What it says goes to HYPNOS_HOME/console/NAME.log.')
  .option('--json', 'a line of JSON for each guest that is woken', false)
  .addHelpText('after', '\nA woken guest is parked again when it asks to sleep. One that cannot be woken is tried again, each time after twice as long. SIGTERM ends serving, and none of the guests.\n\nExample:\n  hypnos serve &')
  .action(async ({ json }: { readonly json: boolean }) => {
    const home = openHome(), over = new AbortController(), patience = new Patience(() => performance.now());
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => over.abort());
    const ready = (name: string): boolean => patience.ready(name), ended = (name: string, ok: boolean): void => {
      const again = patience.ended(name, ok);
      if (again !== null) say(`${name} could not be woken, or failed: ${join(home.folder, 'console', `${name}.log`)} says why. If it is due, it is tried again in ${again / 1000} s`);
    };
    while (!over.signal.aborted) {
      for (const name of await wakeDue(home, ready, ended)) {
        if (json) process.stdout.write(`${JSON.stringify({ woken: name })}\n`);
        else say(`${name} is due, and is woken`);
      }
      await after(LOOK, undefined, { signal: over.signal }).catch(() => {});
    }
  });
