/**
 * Makes a suite's guest, where it is not there, and from it the archive that a machine boots: unpacked, because the guest takes its time over
 * gzip, with the suite's own files laid over it. Standard input says what: { name, packages, archive, files: [{ path, text }] }.
 */
import { once } from 'node:events';
import { createReadStream, createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { buildGuest, defaultChoice } from '../../tools/guest/build.mjs';
import { newc, S_IFDIR, S_IFREG } from '../../tools/guest/cpio.mjs';
import { locked } from '../../tools/setup/lock.mjs';
import { progress } from '../../tools/setup/progress.mjs';
import { tool } from '../../tools/setup/trouble.mjs';

await tool(async () => {
  const { name, packages, archive, files } = JSON.parse(await text(process.stdin));
  const guest = await locked(() => buildGuest(progress(1), { ...defaultChoice, name: `suite-${name}`, with: packages }));
  mkdirSync(dirname(archive), { recursive: true });
  await pipeline(createReadStream(guest.archive.file), createGunzip(), createWriteStream(archive));
  const over = createWriteStream(archive, { flags: 'a' });
  for (const piece of newc(entriesOf(files))) over.write(piece);
  over.end();
  await once(over, 'close');
});

function entriesOf(files) {
  const folders = new Set();
  for (const { path } of files) for (let at = dirname(path); at !== '.'; at = dirname(at)) folders.add(at);
  return [
    ...[...folders].map((path) => ({ path, mode: S_IFDIR | 0o755 })),
    ...files.map(({ path, text: data }) => ({ path, mode: (data === null ? S_IFDIR : S_IFREG) | 0o755, ...(data === null ? {} : { data: Buffer.from(data) }) })),
  ];
}
