/** `hypnos ps`: the guests of this home, one line each. */
import { type GuestGeneration, type GuestRow, sizeText } from '@hypnos/vmm';
import { Command } from 'commander';
import { guestJson, stateText } from '../guest-text.ts';
import { atHome, type Home } from '../home.ts';
import { distanceText, print, printJson, table } from '../text.ts';

export const psVerb = (): Command => new Command('ps')
  .description('List the guests of this home: what they do, what they take, what will wake them and when.')
  .allowExcessArguments(false)
  .option('--quiet', 'names only', false)
  .option('--json', 'an array of guests as JSON', false)
  .addHelpText('after', HELP)
  .action((options: PsOptions) => atHome(home => ps(home, options)));

interface PsOptions { readonly quiet: boolean; readonly json: boolean }

const HELP = `
States: running, asleep (in a process), parking, parked (in a store, in no process), waking, off; moving, moved and
arriving on the way to another home. One that is in a process shows how long that
process may be silent before the guest is free: it is free at once when the process is dead on this host.
STORED is what its newest image takes in its store, shared chunks included; hypnos inspect tells what it shares.
Another home than ~/.hypnos: set HYPNOS_HOME.

Examples:
  hypnos ps
  hypnos ps --json | jq -r '.[] | select(.state == "parked") | .name'`;

interface Stored { readonly guest: GuestRow; readonly storedBytes: number | null }

async function ps({ ledger }: Home, { quiet, json }: PsOptions): Promise<void> {
  const guests = await ledger.guests(), newest = new Map((await ledger.generations()).map(row => [row.guest, row] as const)), now = Date.now();
  const all = guests.map(guest => ({ guest, storedBytes: storedOf(newest.get(guest.name)) }));
  if (json) printJson(all.map(({ guest, storedBytes }) => ({ ...guestJson(guest, now), storedBytes })));
  else if (quiet) print(guests.map(({ name }) => name));
  else print(table([HEADINGS, ...all.map(one => cells(one, now))]));
}

const storedOf = (row: GuestGeneration | undefined): number | null => row?.storedBytes ?? null;

const HEADINGS = ['NAME', 'STATE', 'MEMORY', 'STORED', 'SINCE', 'WOKEN BY', 'WHEN'];
const NONE = '-';

function cells({ guest, storedBytes }: Stored, now: number): readonly string[] {
  const { name, state, memoryBytes, since, wakeAt, wakeSources } = guest, sleeps = state === 'asleep' || state === 'parked';
  return [
    name, stateText(guest, now), sizeText(memoryBytes), storedBytes === null ? NONE : sizeText(storedBytes), distanceText(since, now),
    sleeps ? wakeSources.join(', ') || 'you only' : NONE, wakeAt === null ? NONE : distanceText(wakeAt, now),
  ];
}
