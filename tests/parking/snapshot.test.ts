/** Machines go on from images as if nothing had happened: in the same guest's time, from another memory, another process or another store. */
import { FolderBucket, nodeContent, nodeHost } from '@hypnos/host-node';
import {
  getManifest, hexOf, type Image, imageRoot, knownChunks, Machine, type MachineConfig, type Manifest, openImage, putManifest, type StoredImage, storeImage,
  type Ended, type MachineEvent, type RunConfig,
} from '@hypnos/vmm';
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { guestFolder, there } from '../boot/guest.ts';

const kernel = join(guestFolder, 'Image'), initrd = join(guestFolder, 'initrd.cpio.gz');
const scratch = mkdtempSync(join(tmpdir(), 'hypnos-image-'));
after(() => rmSync(scratch, { recursive: true }));
const host = nodeHost(), bucket = new FolderBucket(join(scratch, 'store'));

const debian = (more: MachineConfig = {}): MachineConfig => ({
  kernel: { name: kernel, bytes: readFileSync(kernel) }, initrd: { name: initrd, bytes: readFileSync(initrd) },
  append: 'console=ttyAMA0 quiet', memory: '256M', reboot: false, ...more,
});

interface Run { readonly machine: Machine; readonly console: () => string; readonly events: MachineEvent[]; readonly ended: Promise<Ended> }

function start(machine: Machine, typed = ''): Run {
  const events: MachineEvent[] = [];
  let heard = '';
  machine.on('output', bytes => { heard += Buffer.from(bytes).toString('latin1'); });
  machine.on('event', event => { events.push(event); });
  const ended = machine.run();
  void machine.type(new TextEncoder().encode(typed));
  return { machine, events, ended, console: () => heard };
}

/** The ending with what went wrong, which a failed test should show. */
const endOf = ({ ending, detail }: Ended): readonly unknown[] => [ending, detail];

const manifestOf = ({ image, packs, places }: StoredImage, more: Partial<Manifest> = {}): Manifest => ({
  guest: new Uint8Array(16), generation: 1n, epoch: 1n, parkedAtNs: 0n, parent: new Uint8Array(32), image, packs, places, ...more,
});
const rootOf = (image: Image): string => hexOf(imageRoot(image, nodeContent));

/** Stores a machine that is at rest, as parking does. */
async function stored(machine: Machine, before: readonly Manifest[] = []): Promise<{ readonly hash: Uint8Array; readonly image: StoredImage }> {
  const image = await storeImage(await machine.snapshot(), bucket, nodeContent, { known: knownChunks(...before) });
  return { image, hash: await putManifest(bucket, manifestOf(image), nodeContent) };
}
async function woken(hash: Uint8Array, config: RunConfig = {}): Promise<Machine> {
  const manifest = await getManifest(bucket, hash, nodeContent);
  return Machine.restore(await openImage(manifest, bucket, nodeContent), config, host);
}

/** What a run tells from its first sleep on, but for host time. */
const tail = (events: readonly MachineEvent[]): readonly unknown[] =>
  events.slice(events.findIndex(e => e.event === 'asleep')).map(({ at: { counter, retired }, ...event }) => ({ ...event, counter, retired }));

test('deterministic: run, park, wake, run is the same as run', there, async () => {
  const commands = 'rtcwake -m mem -s 5; date; cat /proc/interrupts; head -c 9 /dev/urandom | od -x; poweroff -f\n', shots: { hash?: Uint8Array; root?: string; before?: string } = {};
  const machine = Machine.create(debian({ deterministic: true }), host);
  machine.on('suspend', async request => {
    const { hash, image } = await stored(machine);
    Object.assign(shots, { hash, root: rootOf(image.image) });
    shots.before = straight.console();
    machine.resume();
    return request.sleep();
  });
  const straight = start(machine, commands);
  assert.deepEqual(endOf(await straight.ended), ['off', undefined]);
  const again = await woken(shots.hash!);
  again.on('suspend', request => request.sleep());
  const second = start(again);
  assert.deepEqual(endOf(await second.ended), ['off', undefined]);
  assert.deepEqual(tail(second.events), tail(straight.events));
  assert.ok(straight.console().startsWith(shots.before!));
  assert.equal(second.console(), straight.console().slice(shots.before!.length));
  assert.match(second.console(), /arch_timer[^]*poweroff|[0-9a-f]{4} [0-9a-f]{4}/);
});

test('park, wake, park without running gives the same root, whether the guest was asked or asleep', there, async () => {
  const machine = Machine.create(debian(), host), asleep = new Promise<void>(resolve => {
    machine.on('event', ({ event }) => { if (event === 'asleep') resolve(); });
  });
  const asked: { hash?: Uint8Array; image?: StoredImage } = {};
  machine.on('suspend', async request => {
    Object.assign(asked, await stored(machine));
    machine.resume();
    return request.sleep();
  });
  const first = start(machine, 'rtcwake -m mem -s 100000; echo wo""ken; poweroff -f\n');
  await asleep;
  const sleeping = await stored(machine);
  machine.stop();
  assert.equal((await first.ended).ending, 'stopped');

  const again = await woken(asked.hash!), roots: string[] = [], third = start(again.on('suspend', async request => {
    roots.push(rootOf((await storeImage(await again.snapshot(), bucket, nodeContent)).image));
    again.stop();
    return request.sleep();
  }));
  assert.equal((await third.ended).ending, 'stopped');
  assert.deepEqual(roots, [rootOf(asked.image!.image)]);

  const later = await woken(sleeping.hash);
  later.pause();
  const fourth = start(later), manifest = await getManifest(bucket, sleeping.hash, nodeContent), parkedAgain = await stored(later, [manifest]);
  assert.equal(rootOf(parkedAgain.image.image), rootOf(sleeping.image.image));
  assert.equal(parkedAgain.image.progress.written, 0, 'the store has every chunk');
  later.resume();
  later.wake();
  assert.deepEqual(endOf(await fourth.ended), ['off', undefined]);
  assert.match(fourth.console(), /woken/);
  assert.deepEqual(fourth.events.slice(0, 2).map(({ event }) => event), ['restored', 'paused']);
});
