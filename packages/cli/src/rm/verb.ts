/** `hypnos rm`: removes guests that nobody runs. */
import { remove, type Removed } from '@hypnos/parking';
import { sizeText } from '@hypnos/vmm';
import { Command } from 'commander';
import { atHome, type Home } from '../home.ts';
import { print, printJson } from '../text.ts';

export const rmVerb = (): Command => new Command('rm')
  .description('Remove guests for good: name, inbox and all generations. One that a process has is refused.')
  .argument('<names...>', 'the guests')
  .option('--even-unfinished', 'also one that was being moved, where it is not known whether it arrived: it may then be lost', false)
  .option('--json', 'an array of what was removed as JSON', false)
  .addHelpText('after', HELP)
  .action((names: readonly string[], { evenUnfinished, json }: RmOptions) => atHome(async home => {
    const removed: Removed[] = [];
    try {
      for (const name of new Set(names)) removed.push(await remove(home, name, evenUnfinished));
    } finally {
      if (json) printJson(removed.map(({ guest: { name, id, state }, freeable, left }) => ({ name, id, state, freeableBytes: freeable, left })));
      else print(removed.map(one => text(one, home)));
    }
  }));

interface RmOptions { readonly evenUnfinished: boolean; readonly json: boolean }

const HELP = `
Its bytes stay in the store until hypnos gc deletes them; chunks that other guests have too stay longer.
Forks of it are guests of their own, and stay.

Examples:
  hypnos rm old
  hypnos rm old older && hypnos gc`;

function text({ guest: { name }, freeable, left }: Removed, { defaultStore }: Home): string {
  // Nobody is in that store any more, so hypnos gc would not look there by itself.
  const others = left.filter(store => store !== defaultStore).map(store => `hypnos gc --store ${store}`), verb = others.join(' and ') || 'hypnos gc';
  return `${name} is removed; ${freeable === null ? `how much ${verb} will free is not known, for a manifest cannot be read` : `${verb} will free ${sizeText(freeable)}`}.`;
}
