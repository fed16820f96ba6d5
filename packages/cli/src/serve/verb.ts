/** `hypnos serve`: waits, and gives each parked guest a process when its appointment comes or somebody calls it. */
import { Command } from 'commander';
import { setTimeout as after } from 'node:timers/promises';
import { say } from '../attend.ts';
import { openHome } from '../home.ts';
import { wakeDue } from './due.ts';

/** How often it looks for guests that were parked, or called, since: milliseconds. */
const LOOK = 1000;

export const serveVerb = (): Command => new Command('serve')
  .description('Wait, and wake each parked guest when its appointment comes. What it says goes to HYPNOS_HOME/console/NAME.log.')
  .option('--json', 'a line of JSON for each guest that is woken', false)
  .addHelpText('after', '\nA woken guest is parked again when it asks to sleep. SIGTERM ends serving, and none of the guests.\n\nExample:\n  hypnos serve &')
  .action(async ({ json }: { readonly json: boolean }) => {
    const home = openHome(), over = new AbortController();
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => over.abort());
    while (!over.signal.aborted) {
      for (const name of await wakeDue(home)) {
        if (json) process.stdout.write(`${JSON.stringify({ woken: name })}\n`);
        else say(`${name} is due, and is woken`);
      }
      await after(LOOK, undefined, { signal: over.signal }).catch(() => {});
    }
  });
