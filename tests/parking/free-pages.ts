/**
 * Measures how much of a sleeping guest is stored, with and without the ways in which a guest can say which of its pages are free: prints the table of
 * docs/decisions/0005-free-pages.md. `node tests/parking/free-pages.ts [way …]`, the default guest at 256 MiB. No test: what it prints are figures.
 */
import { FolderBucket, nodeContent, nodeHost } from '@hypnos/host-node';
import { knownChunks, Machine, type Manifest, type StoredImage, storeImage } from '@hypnos/vmm';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guestFolder } from '../boot/guest.ts';

/** What is added to the kernel's command line, and typed before anything else. */
const WAYS: Readonly<Record<string, { readonly append: string; readonly typed: string }>> = {
  'neither': { append: '', typed: 'rmmod virtio_balloon' },
  'reporting': { append: '', typed: ':' },
  'reporting in 64 KiB': { append: 'page_reporting.page_reporting_order=4', typed: ':' },
  'reporting in 4 KiB': { append: 'page_reporting.page_reporting_order=0', typed: ':' },
  'init_on_free=1': { append: 'init_on_free=1', typed: 'rmmod virtio_balloon' },
  'both': { append: 'init_on_free=1', typed: ':' },
};
/** What the guest does, and how long it waits before it sleeps. */
const USES: readonly (readonly [what: string, command: string, wait: number])[] = [
  ['at its prompt', ':', 10],
  ['16 MiB of random bytes written and removed, at once', 'head -c 16777216 /dev/urandom > /tmp/x; rm /tmp/x', 0],
  ['the same, after 3 s', 'head -c 16777216 /dev/urandom > /tmp/x; rm /tmp/x', 3],
  ['64 MiB of zeroes written and removed, after 3 s', 'dd if=/dev/zero of=/tmp/x bs=1M count=64 2>/dev/null; rm /tmp/x', 3],
  ['1000 files of random bytes, every other one removed, after 3 s', 'mkdir /tmp/d; for i in $(seq 1000); do head -c 9000 /dev/urandom > /tmp/d/$i; done; rm /tmp/d/*[02468]', 3],
];

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1).padStart(6);
const scratch = mkdtempSync(join(tmpdir(), 'hypnos-free-pages-'));

/** A guest that is driven by its console and its sleep. */
function started(append: string) {
  const file = (name: string) => ({ name, bytes: readFileSync(join(guestFolder, name)) });
  const machine = Machine.create({ kernel: file('Image'), initrd: file('initrd.cpio.gz'), append: `console=ttyAMA0 quiet ${append}`, memory: '256M' }, nodeHost());
  let console = '', asleep = 0, retired = 0n, look = (): void => {};
  machine.on('output', bytes => { console += Buffer.from(bytes).toString('latin1'); look(); });
  machine.on('event', ({ event, at }) => {
    if (event === 'asleep') asleep++;
    retired = at.retired;
    look();
  });
  const ended = machine.run(), until = (holds: () => boolean): Promise<void> => new Promise(resolve => {
    look = () => { if (holds()) resolve(); };
    look();
  });
  return {
    machine, ended, retired: () => retired,
    async prompt() { await until(() => /# (\u001b\[6n)?$/.test(console)); },
    async sh(command: string) {
      console = '';
      await machine.type(new TextEncoder().encode(`${command}; echo do""ne\n`));
      await until(() => /done\r\n[^]*# (\u001b\[6n)?$/.test(console));
    },
    async sleep(command: string) {
      const before = asleep;
      console = '';
      await machine.type(new TextEncoder().encode(`${command}\n`));
      await until(() => asleep > before);
    },
  };
}

async function stored(machine: Machine, before: readonly Manifest[] = []): Promise<StoredImage> {
  const folder = mkdtempSync(join(scratch, 'store-'));
  try {
    return await storeImage(await machine.snapshot(), new FolderBucket(folder), nodeContent, { known: knownChunks(...before) });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
const manifestOf = ({ image, packs, places }: StoredImage): Manifest =>
  ({ guest: new Uint8Array(16), generation: 1n, epoch: 1n, parkedAtNs: 0n, parent: new Uint8Array(32), image, packs, places });

async function measure(way: string): Promise<void> {
  const { append, typed } = WAYS[way]!, guest = started(append), { machine } = guest;
  await guest.prompt();
  await guest.sh(typed);
  let template: Manifest | undefined;
  for (const [what, command, wait] of USES) {
    const from = guest.retired();
    await guest.sh(command);
    await guest.sleep(`sleep ${wait}; rtcwake -m mem -s 1000000 > /dev/null`);
    const whole = await stored(machine), over = template && await stored(machine, [template]);
    template ??= manifestOf(whole);
    const nonZero = whole.places.filter(place => place !== null).length * 64 / 1024;
    console.log(`| ${way} | ${what} | ${mebibytes(whole.progress.written)} | ${over ? mebibytes(over.progress.written) : ''} | ${nonZero.toFixed(1).padStart(6)} | ${(Number(guest.retired() - from) / 1e6).toFixed(0).padStart(5)} |`);
    machine.resume();
    machine.wake();
    await guest.prompt();
  }
  machine.stop();
  await guest.ended;
}

const asked = process.argv.slice(2);
console.log('| way | what the guest did | stored, MiB | over the first, MiB | chunks not of zeroes, MiB | instructions, millions |\n|---|---|---|---|---|---|');
try {
  for (const way of asked.length > 0 ? asked : Object.keys(WAYS)) await measure(way);
} finally {
  rmSync(scratch, { recursive: true });
}
