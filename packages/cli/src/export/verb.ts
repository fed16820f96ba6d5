/** `hypnos export`: a stored guest as one file, which needs no store. */
import { HypnosError } from '@hypnos/base';
import { exportStream, type GenerationRow, getManifest, type GuestRow, hashOf, noteOf, type Progress, sizeText } from '@hypnos/vmm';
import { Command } from 'commander';
import { say } from '../attend.ts';
import { type Home, openHome } from '../home.ts';
import { progressLine } from '../progress.ts';
import { writeStream } from './stream-file.ts';

interface ExportOptions { readonly generation?: number; readonly json: boolean }

export const exportVerb = (): Command => new Command('export')
  .description('Write a stored guest as one file that needs no store: a backup, or a way to another machine.')
  .argument('<name>', 'the guest')
  .argument('<file>', 'the file to make; - is standard output')
  .option('--generation <number>', 'an older generation than the newest', generationOf)
  .option('--json', 'progress and outcome as lines of JSON', false)
  .addHelpText('after', `
What is written is the guest as it was when it was last stored; one that runs may go on meanwhile. Every chunk is verified on its way out.
docs/snapshot-format.md describes the file. hypnos import makes a guest of it; hypnos move hands one over without a file.

Examples:
  hypnos export dev dev.hypnos
  hypnos export dev - | ssh fox hypnos import - --name dev`)
  .action(async (name: string, file: string, options: ExportOptions) => { await exportGuest(name, file, options); });

function generationOf(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new HypnosError('EINVAL', `'${text}' is no generation: hypnos inspect lists those there are.`);
  return Number(text);
}

async function exportGuest(name: string, file: string, { generation, json }: ExportOptions): Promise<void> {
  const home = openHome(), { guest, row } = await chosen(home, name, generation), line = progressLine(`exporting ${name}`, json);
  const bucket = home.bucket(row.store), manifest = await getManifest(bucket, hashOf(row.manifest)!, home.content);
  let last: Progress | undefined;
  const stream = exportStream(manifest, bucket, home.content, {
    note: { ...noteOf(guest), generation: row.generation, wakeAt: row.wakeAt, wakeSources: row.wakeSources },
    progress: progress => {
      last = progress;
      line.report(progress);
    },
  });
  await writeStream(stream, file).finally(() => line.end());
  const outcome = { name, generation: row.generation, root: row.root, bytes: last?.written ?? 0 };
  if (json) (file === '-' ? process.stderr : process.stdout).write(`${JSON.stringify(outcome)}\n`);
  else say(`${name}, generation ${row.generation}, is exported: ${sizeText(outcome.bytes)}.`);
}

/** The guest and the generation of it that is wanted. */
async function chosen({ ledger }: Home, name: string, wanted?: number): Promise<{ readonly guest: GuestRow; readonly row: GenerationRow }> {
  const { guest, generations } = await ledger.view(name);
  if (!guest) throw new HypnosError('ENOENT', `there is no guest ${name}: hypnos ps lists those there are.`);
  const row = wanted === undefined ? generations.at(-1) : generations.find(g => g.generation === wanted);
  if (row) return { guest, row };
  if (guest.state === 'moved') throw new HypnosError('ENOENT', `${name} was moved to ${guest.peer}, and is exported there.`);
  throw new HypnosError('ENOENT', generations.length === 0 ? `${name} is ${guest.state} and was never stored: hypnos park ${name} stores it.`
    : `${name} has no generation ${wanted}: it has ${generations.map(g => g.generation).join(', ')}.`);
}
