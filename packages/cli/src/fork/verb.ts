/** `hypnos fork`: a new guest from a parked one. */
import { HypnosError } from '@hypnos/base';
import { fork } from '@hypnos/parking';
import { type Content, forkedSections, type ImageSection } from '@hypnos/vmm';
import { Command } from 'commander';
import { guestJson } from '../guest-text.ts';
import { atHome } from '../home.ts';
import { reading } from '../run/options.ts';
import { print, printJson } from '../text.ts';

function parseGeneration(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new HypnosError('EINVAL', 'Give the number of a generation; hypnos inspect lists them.');
  return Number(text);
}

export const forkVerb = (): Command => new Command('fork')
  .description('Make a new guest from a parked one, any number of times: it goes on from the same moment, as another machine. All chunks are shared.')
  .argument('<guest>', 'the guest to fork; it stays as it is')
  .argument('<name>', 'what the new one is called')
  .allowExcessArguments(false)
  .option('--generation <number>', 'fork an older generation', reading(parseGeneration))
  .option('--json', 'the new guest as JSON', false)
  .addHelpText('after', HELP)
  .action((from: string, name: string, { generation, json }: ForkOptions) => atHome(async home => {
    const guest = await fork(home, from, name, { renewed: renewed(home.content), ...(generation !== undefined && { generation }) });
    if (json) printJson(guestJson(guest, Date.now()));
    else print([`${name} is parked, a fork of ${guest.origin}. hypnos wake ${name} goes on with it.`]);
  }));

interface ForkOptions { readonly generation?: number; readonly json: boolean }

/** Serial number, generation ID and seeds that no other guest has. */
const renewed = ({ random }: Content) => (sections: readonly ImageSection[]): readonly ImageSection[] => forkedSections(sections, into => into.set(random(into.length)));

const HELP = `
A guest that runs or sleeps in a process is parked first: hypnos park dev. One that is off is forked from when it was last stored.
hypnos wake continues the same guest; a fork is another one, with its own generations and its own end.

Examples:
  hypnos fork dev twin
  hypnos fork dev before-the-upgrade --generation 3`;
