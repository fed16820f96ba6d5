/** `hypnos gc`: deletes from stores what no guest of this home needs. */
import { HypnosError } from '@hypnos/base';
import { collect, type Collected } from '@hypnos/parking';
import { sizeText } from '@hypnos/vmm';
import { Command } from 'commander';
import { resolve } from 'node:path';
import { atHome, type Home } from '../home.ts';
import { progressLine } from '../progress.ts';
import { STATUS } from '../status.ts';
import { counted, print, printJson } from '../text.ts';

export const gcVerb = (): Command => new Command('gc')
  .description('Delete from stores what no guest of this home needs: what removed guests, forgotten generations and parks that were cut off have left.')
  .allowExcessArguments(false)
  .option('--store <folder>', 'this store only (default: every store that guests of this home are in)')
  .option('--json', 'an array of what became of each store as JSON', false)
  .addHelpText('after', HELP)
  .action((options: GcOptions) => atHome(home => gc(home, options)));

interface GcOptions { readonly store?: string; readonly json: boolean }

const HELP = `
Guests may be parked, woken and forked meanwhile. A store that guests of another home are in too is left as it is: only that home knows what they need.
A pack goes when no image needs any chunk of it. What writers left half done goes when it is a day old.

Exit status: 0 done, 1 some store was left as it is, and why is said.

Examples:
  hypnos gc
  hypnos rm old && hypnos gc --json`;

async function gc(home: Home, { store, json }: GcOptions): Promise<void> {
  const stores = store === undefined ? new Set([home.defaultStore, ...(await home.ledger.generations()).map(row => row.store)]) : [resolve(store)];
  const done: (Readonly<Record<string, unknown>>)[] = [];
  for (const one of stores) {
    try {
      const line = progressLine(`collecting ${one}`, json);
      const collected = await collect(home, one, ({ done, total }) => line.report({ done, total, fresh: done, written: 0 }));
      line.end();
      done.push({ store: one, ...collected });
      if (!json) print([text(one, collected)]);
    } catch (error) {
      if (!(error instanceof HypnosError)) throw error;
      done.push({ store: one, refused: error.message });
      process.stderr.write(`hypnos: ${error.message}\n`);
      process.exitCode = STATUS.fault;
    }
  }
  if (json) printJson(done);
}

function text(store: string, { manifests, packs, bytes, unfinished, kept }: Collected): string {
  if (bytes === 0) return `${store}: nothing to delete; ${sizeText(kept)} are needed.`;
  const cut = unfinished > 0 ? `, ${sizeText(unfinished)} of it what writers left half done` : '';
  return `${store}: ${counted(manifests, 'manifest')} and ${counted(packs, 'pack')} deleted, ${sizeText(bytes)} freed${cut}; ${sizeText(kept)} are needed.`;
}
