/** `hypnos rm`: removes guests that nobody runs. */
import { remove, type Removed } from '@hypnos/parking';
import { sizeText } from '@hypnos/vmm';
import { Command } from 'commander';
import { atHome } from '../home.ts';
import { print, printJson } from '../text.ts';

export const rmVerb = (): Command => new Command('rm')
  .description('Remove guests for good: name, inbox and all generations. One that a process has is refused.')
  .argument('<names...>', 'the guests')
  .option('--json', 'an array of what was removed as JSON', false)
  .addHelpText('after', HELP)
  .action((names: readonly string[], { json }: { readonly json: boolean }) => atHome(async home => {
    const removed: Removed[] = [];
    try {
      for (const name of new Set(names)) removed.push(await remove(home, name));
    } finally {
      if (json) printJson(removed.map(({ guest, freeable }) => ({ name: guest.name, id: guest.id, state: guest.state, freeableBytes: freeable })));
      else print(removed.map(text));
    }
  }));

const HELP = `
Its bytes stay in the store until hypnos gc deletes them; chunks that other guests have too stay longer.
Forks of it are guests of their own, and stay.

Examples:
  hypnos rm old
  hypnos rm old older && hypnos gc`;

const text = ({ guest: { name }, freeable }: Removed): string =>
  `${name} is removed; ${freeable === null ? 'how much hypnos gc will free is not known, for a manifest cannot be read' : `hypnos gc will free ${sizeText(freeable)}`}.`;
