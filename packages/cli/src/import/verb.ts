/** `hypnos import`: a guest from a file that `hypnos export` made. */
import { HypnosError } from '@hypnos/base';
import { importedGeneration, register, storeChunks, transitions } from '@hypnos/parking';
import { forkedSections, type GuestRow, hexOf, type ImportedImage, importStream, isGuestName, sizeText } from '@hypnos/vmm';
import { Command } from 'commander';
import { randomBytes, randomFillSync } from 'node:crypto';
import { resolve } from 'node:path';
import { say } from '../attend.ts';
import { readStream } from '../export/stream-file.ts';
import { openHome } from '../home.ts';
import { progressLine, savedText } from '../progress.ts';

interface ImportOptions { readonly name: string; readonly store?: string; readonly json: boolean }

export const importVerb = (): Command => new Command('import')
  .description('Make a parked guest of a file that hypnos export wrote. It is a guest of its own: the one that was exported may live on.')
  .argument('<file>', 'the file; - is standard input')
  .requiredOption('--name <name>', 'what the new guest is called')
  .option('--store <folder>', 'where it is stored (default: the store of HYPNOS_HOME)')
  .option('--json', 'progress and outcome as lines of JSON', false)
  .addHelpText('after', `
The file may be anybody's: every byte is verified before there is a guest. Chunks that guests in the store share are stored once.

Examples:
  hypnos import dev.hypnos --name dev2
  ssh fox hypnos export dev - | hypnos import - --name dev`)
  .action(async (file: string, options: ImportOptions) => { await importGuest(file, options); });

async function importGuest(file: string, { name, store: where, json }: ImportOptions): Promise<void> {
  const home = openHome(), { ledger, content } = home, store = where === undefined ? home.defaultStore : resolve(where), bucket = home.bucket(store);
  const { guest, collections } = await ledger.view(name), id = new Uint8Array(randomBytes(16)), line = progressLine(`importing ${name}`, json);
  if (guest) throw new HypnosError('EEXIST', `there is a guest ${name} already, ${guest.state}: give another name.`);
  if (!isGuestName(name)) throw new HypnosError('EINVAL', `'${name}' is no name for a guest: use letters, digits, dots and dashes, 63 at most.`);
  const stream = readStream(file), known = await storeChunks({ ledger, bucket, store, content });
  await register(ledger, bucket);
  const image = await importStream(stream, bucket, content, {
    known, as: { guest: id, generation: 1n, epoch: 1n }, renewed: sections => forkedSections(sections, into => { randomFillSync(into); }), progress: progress => line.report(progress),
  }).finally(() => line.end());
  if (image.note === null) throw new HypnosError('EINVAL', `${file} holds an image, and does not say whose: hypnos export writes that.`);
  const generation = await importedGeneration(image, bucket, store, image.note);
  const made = await ledger.change(name, transitions.adopt(name, { id: hexOf(id), note: image.note, generation, collections }));
  if (made === 'collected') throw new HypnosError('EBUSY', `a garbage collection began in the store while ${name} was imported, and may have taken some of it: import it again.`);
  told(made, image, json);
}

function told({ name, origin }: GuestRow, { root, progress }: ImportedImage, json: boolean): void {
  if (json) process.stdout.write(`${JSON.stringify({ name, origin, root: hexOf(root), ...progress })}\n`);
  else say(`${name} is parked, made of ${origin}: ${sizeText(progress.written)} new in the store${savedText(progress.done - progress.fresh)}. hypnos wake ${name} goes on with it.`);
}
