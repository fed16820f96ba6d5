/** `hypnos inspect`: everything about one guest. */
import { inspect, type Inspection } from '@hypnos/parking';
import { Command } from 'commander';
import { generationJson, guestJson } from '../guest-text.ts';
import { atHome } from '../home.ts';
import { isoTime, print, printJson } from '../text.ts';
import { inspectionLines } from './lines.ts';

export const inspectVerb = (): Command => new Command('inspect')
  .description('Show everything about a guest: its owner, inbox and generations, and what its newest image holds.')
  .argument('<name>', 'the guest')
  .allowExcessArguments(false)
  .option('--json', 'the same as JSON', false)
  .addHelpText('after', HELP)
  .action((name: string, { json }: { readonly json: boolean }) => atHome(async home => {
    const found = await inspect(home, name);
    if (json) printJson(inspectionJson(found));
    else print(inspectionLines(found));
  }));

const HELP = `
It reads the image's manifest, and no chunk of its memory: hypnos verify does that.

Examples:
  hypnos inspect dev
  hypnos inspect dev --json | jq .image.memory`;

const inspectionJson = ({ guest, now, inbox, generations, ...rest }: Inspection): unknown => ({
  ...guestJson(guest, now), inbox: inbox.map(event => ({ ...event, at: isoTime(event.at) })), generations: generations.map(generationJson), ...rest,
});
