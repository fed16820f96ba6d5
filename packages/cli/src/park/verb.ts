/** `hypnos park`: has the process of a guest store it. */
import { FOLLOWS, type ParkReport } from '@hypnos/parking';
import { type Progress, sizeText } from '@hypnos/vmm';
import { Command } from 'commander';
import { say } from '../attend.ts';
import { callGuest, guestNow } from '../live/call.ts';
import { type ProgressLine, progressLine } from '../progress.ts';
import { STATUS } from '../status.ts';

interface ParkOptions { readonly now: boolean; readonly json: boolean }

export const parkVerb = (): Command => new Command('park')
  .description('Store a guest and end its machine: one that sleeps as it is, one that runs once its sleep key has put it to sleep.')
  .argument('<name>', 'the guest')
  .option('--now', 'do not wait for it to sleep: store it as it runs', false)
  .option('--json', 'progress and outcome as lines of JSON', false)
  .addHelpText('after', `
A guest that was told to sleep is better to store than one that runs: it has brought its devices to rest, and sets its clock when it wakes.

Exit status: 0 it is parked, 1 something woke it meanwhile and it goes on.

Examples:
  hypnos park dev
  hypnos park dev --now`)
  .action(async (name: string, options: ParkOptions) => { process.exitCode = await park(name, options); });

async function park(name: string, { now, json }: ParkOptions): Promise<number> {
  const out = (line: Readonly<Record<string, unknown>>): void => { process.stdout.write(`${JSON.stringify(line)}\n`); };
  const guest = await guestNow(name);
  if (guest.state === 'parked') {
    if (json) out({ outcome: 'parked', generation: guest.generation });
    else say(`${name} is parked already, generation ${guest.generation}.`);
    return STATUS.off;
  }
  const slow = setTimeout(() => say(`${name} does not follow its sleep key so far; hypnos park --now ${name} stores it as it is.`), FOLLOWS);
  let line: ProgressLine | undefined;
  try {
    const { outcome, report } = await callGuest(name, { do: 'park', now }, news => {
      slow.refresh();
      if (json) out(news);
      else (line ??= progressLine(`parking ${name}`, false)).report(news['progress'] as Progress);      // from when it sleeps
    });
    line?.end();
    if (json) out({ outcome, ...(report as object) });
    else say(outcome === 'parked' ? parkedText(name, report as unknown as ParkReport) : `${name} was woken meanwhile, and goes on.`);
    return outcome === 'parked' ? STATUS.off : STATUS.fault;
  } finally {
    line?.end();
    clearTimeout(slow);
  }
}

const parkedText = (name: string, { generation, progress }: ParkReport): string =>
  `${name} is parked: generation ${generation}, ${sizeText(progress.written)} new in the store. hypnos wake ${name} continues it.`;
