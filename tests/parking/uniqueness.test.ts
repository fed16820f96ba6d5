/** Two guests made from one image are two: by their generation ID, their clock's page, and every random byte after they woke. A guest that is woken stays the one it is. */
import { FolderBucket, nodeContent, nodeHost } from '@hypnos/host-node';
import {
  drawIdentity, forkedSections, Machine, type MachineConfig, type MachineEvent, type Manifest, nodeAt, openImage, type Random, readFdt, storeImage, stringsOf,
} from '@hypnos/vmm';
import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { guestFolder, there } from '../boot/guest.ts';
import { clockReader, readings } from './clock-reader.ts';

const scratch = mkdtempSync(join(tmpdir(), 'hypnos-unique-')), host = nodeHost(), bucket = new FolderBucket(join(scratch, 'store'));
after(() => rmSync(scratch, { recursive: true }));

/** The world's, and numbers that are the same each time. */
const random: Random = into => { randomFillSync(into); };
const counted = (from: number): Random => into => into.forEach((_, i) => { into[i] = from + i; });

/** A machine whose console and events are kept, and waited for. */
function follow(machine: Machine) {
  const said: number[] = [], events: MachineEvent[] = [], waiting = new Set<() => void>();
  const look = (): void => { for (const wake of [...waiting]) wake(); };
  machine.on('output', bytes => { said.push(...bytes); look(); });
  machine.on('event', event => { events.push(event); look(); });
  let over = false;
  const console = (): string => Buffer.from(said).toString('latin1');
  const ended = machine.run().then(end => { over = true; look(); return end; });
  return {
    machine, ended, console, said: () => Uint8Array.from(said),
    until: (holds: () => boolean): Promise<void> => new Promise((resolve, reject) => {
      const wake = (): void => {
        if (!holds() && !over) return;
        waiting.delete(wake);
        if (holds()) resolve();
        else reject(new Error(`the machine ended before: ${console().slice(-1000)}`));
      };
      waiting.add(wake);
      wake();
    }),
    times: (name: MachineEvent['event']): number => events.filter(({ event }) => event === name).length,
    type: (text: string) => machine.type(new TextEncoder().encode(text)),
    async stop(): Promise<void> {
      machine.stop();
      assert.equal((await ended).ending, 'stopped');
    },
  };
}

/** The image of a machine, as a manifest in the store; the machine is held. */
async function imageOf(machine: Machine): Promise<Manifest> {
  const { image, packs, places } = await storeImage(await machine.snapshot(), bucket, nodeContent);
  return { guest: new Uint8Array(16), generation: 1n, epoch: 1n, parkedAtNs: 0n, parent: new Uint8Array(32), image, packs, places };
}
const forkOf = (manifest: Manifest, numbers: Random): Manifest =>
  ({ ...manifest, image: { ...manifest.image, sections: forkedSections(manifest.image.sections, numbers) } });
const restored = async (manifest: Manifest): Promise<Machine> => Machine.restore(await openImage(manifest, bucket, nodeContent), {}, host);

for (const engine of ['interpreter', 'reference'] as const) {
  test(`${engine}: a guest of ours finds in VMClock and VMGenID what became of it: asleep, woken, forked`, async () => {
    const first = follow(Machine.create({ firmware: clockReader(), memory: '64M', engine }, host));
    await first.until(() => first.times('asleep') === 1 && readings(first.said()).length === 1);
    const [born] = readings(first.said()), image = await imageOf(first.machine);
    await first.stop();
    const wakes = async (manifest: Manifest) => {
      const before = BigInt(Date.now()) * 1_000_000n, guest = follow(await restored(manifest));
      guest.machine.wake();
      await guest.until(() => guest.times('asleep') === 1 && readings(guest.said()).length === 1);
      const [reading, ...more] = readings(guest.said()), next = await imageOf(guest.machine), now = BigInt(Date.now()) * 1_000_000n;
      await guest.stop();
      assert.equal(more.length, 0);
      assert.ok(reading!.wallNs >= before - 2_000_000n && reading!.wallNs <= now + 2_000_000n, 'its clock is right again, however long it was stored');
      return { reading: reading!, next };
    };
    const woken = await wakes(image), again = await wakes(woken.next), fork = await wakes(forkOf(image, random)), other = await wakes(forkOf(image, random));
    const forkAgain = await wakes(fork.next), grandchild = await wakes(forkOf(fork.next, random));
    assert.deepEqual([born!.generation, born!.marker, born!.vmgenid], [0n, 0n, false]);
    assert.deepEqual([woken, again].map(({ reading: { id, generation, marker, vmgenid, vmclock } }) => ({ id, generation, marker, vmgenid, vmclock })), [
      { id: born!.id, generation: 0n, marker: 1n, vmgenid: false, vmclock: true },
      { id: born!.id, generation: 0n, marker: 2n, vmgenid: false, vmclock: true },
    ], 'a wake is a disruption of the clock and nothing else');
    assert.deepEqual([fork, other, grandchild].map(({ reading: { generation, vmgenid, vmclock } }) => [generation, vmgenid, vmclock]), [[1n, true, true], [1n, true, true], [2n, true, true]]);
    assert.deepEqual([forkAgain.reading.id, forkAgain.reading.vmgenid, forkAgain.reading.generation], [fork.reading.id, false, 1n], 'a fork that is woken is no new one');
    assert.equal(new Set([born!, fork.reading, other.reading, grandchild.reading].map(({ id }) => id)).size, 4);
  });
}

test('a fork that is stored without having run has the same root again, and is told when it runs', async () => {
  const first = follow(Machine.create({ firmware: clockReader(), memory: '64M' }, host));
  await first.until(() => first.times('asleep') === 1);
  const fork = forkOf(await imageOf(first.machine), random);
  await first.stop();
  const second = follow(await restored(fork));
  second.machine.pause();
  await second.until(() => second.times('paused') === 1);
  const parkedAgain = await imageOf(second.machine);
  await second.stop();
  assert.deepEqual(parkedAgain.image, fork.image);
});

test('a fork that resets is told its own serial number', async () => {
  const first = follow(Machine.create({ firmware: clockReader(), memory: '64M' }, host));
  await first.until(() => first.times('asleep') === 1);
  const image = await imageOf(first.machine), serialIn = (machine: Machine) => stringsOf(readFdt(machine.dtb).properties.get('serial-number'));
  await first.stop();
  const fork = follow(await restored(forkOf(image, counted(0x40))));
  await fork.until(() => fork.times('restored') === 1);
  fork.machine.reset();
  await fork.until(() => fork.times('asleep') === 1 && readings(fork.said()).length === 1);
  const { memory } = await fork.machine.snapshot(), tree = readFdt(memory);
  assert.deepEqual(stringsOf(tree.properties.get('serial-number')), [Buffer.from(Array.from({ length: 16 }, (_, i) => 0x40 + i)).toString('hex')]);
  assert.notDeepEqual(nodeAt(tree, '/chosen')!.properties.get('rng-seed'), nodeAt(readFdt(first.machine.dtb), '/chosen')!.properties.get('rng-seed'));
  assert.notDeepEqual(serialIn(first.machine), stringsOf(tree.properties.get('serial-number')));
  const [again] = readings(fork.said());
  assert.deepEqual([again!.generation, again!.marker, again!.vmgenid], [1n, 0n, false], 'a boot of its own, and no disruption in it');
  await fork.stop();
});

test('machines are born different, deterministic ones the same', () => {
  const serial = (config: MachineConfig) => stringsOf(readFdt(Machine.create({ firmware: clockReader(), memory: '64M', ...config }, host).dtb).properties.get('serial-number'))[0]!;
  assert.match(serial({}), /^[0-9a-f]{32}$/);
  assert.notEqual(serial({}), serial({}));
  assert.equal(serial({ deterministic: true }), serial({ deterministic: true }));
  assert.equal(drawIdentity(random).generation, 0n);
});

const debian = (folder: string, more: MachineConfig = {}): MachineConfig => {
  const file = (name: string) => ({ name, bytes: readFileSync(join(folder, name)) });
  return { kernel: file('Image'), initrd: file('initrd.cpio.gz'), append: 'console=ttyAMA0 quiet', memory: '256M', reboot: false, ...more };
};
const RANDOM = 'head -c 16 /dev/urandom | od -A n -v -t x1 | tr -d " "';
/** The bytes that the command above said. */
const bytesIn = (console: string): string => {
  const found = /^([0-9a-f]{32})\r?$/m.exec(console.slice(console.lastIndexOf('od -A n') + 1));
  assert.ok(found, `random bytes in ${console.slice(-500)}`);
  return found[1]!;
};

test('Debian 6.1, forked while it sleeps: the bytes of /dev/urandom differ at once', there, async () => {
  const first = follow(Machine.create(debian(guestFolder), host));
  void first.type(`stty -echo; rtcwake -m mem -s 1000000 > /dev/null; ${RANDOM}; cat /proc/device-tree/serial-number; echo; poweroff -f\n`);
  const [serial] = stringsOf(readFdt(first.machine.dtb).properties.get('serial-number'));
  await first.until(() => first.times('asleep') === 1);
  const image = await imageOf(first.machine);
  await first.stop();
  const told = [];
  for (const manifest of [image, forkOf(image, random), forkOf(image, random)]) {
    const guest = follow(await restored(manifest));
    guest.machine.wake();
    assert.equal((await guest.ended).ending, 'off');
    assert.ok(guest.console().includes(serial!), 'its serial number is that of its boot');
    told.push(bytesIn(guest.console()));
  }
  assert.equal(new Set(told).size, 3, told.join(' '));
});

test('Debian 6.1, deterministic: forks differ from each other and from the guest that is woken; each is the same when it is replayed', there, async () => {
  const commands = `stty -echo; rtcwake -m mem -s 5 > /dev/null; ${RANDOM}; poweroff -f\n`, shots: Manifest[] = [];
  const machine = Machine.create(debian(guestFolder, { deterministic: true }), host).on('suspend', async request => {
    shots.push(await imageOf(machine));
    machine.resume();
    return request.sleep();
  });
  const straight = follow(machine);
  void straight.type(commands);
  assert.equal((await straight.ended).ending, 'off');
  const bytes = async (manifest: Manifest): Promise<string> => {
    const guest = follow((await restored(manifest)).on('suspend', request => request.sleep()));
    assert.equal((await guest.ended).ending, 'off');
    return bytesIn(guest.console());
  };
  const image = shots[0]!, one = await bytes(forkOf(image, counted(1))), two = await bytes(forkOf(image, counted(2)));
  assert.equal(await bytes(image), bytesIn(straight.console()));
  assert.equal(new Set([one, two, bytesIn(straight.console())]).size, 3);
  assert.equal(await bytes(forkOf(image, counted(1))), one);
});

const newer = join(guestFolder, 'linux-image-6.12-cloud-arm64');
test('Debian 6.12, forked while it runs: VMGenID\'s driver reseeds the kernel at once; woken, it does not', {
  skip: existsSync(join(newer, 'Image')) ? false : "make it with 'npm run guest -- --kernel-package linux-image-6.12-cloud-arm64'",
}, async () => {
  const first = follow(Machine.create(debian(newer), host));
  await first.type('stty -echo; grep vmgenid /proc/interrupts; echo re""ady\n');
  await first.until(() => /ready\r?\n[^\n]*# (\x1b\[6n)?$/.test(first.console()));      // its prompt, too, is said before the image is taken
  assert.match(first.console(), /^ *\d+: +0 .*GICv3 +42 Edge .*vmgenid/m);
  const image = await imageOf(first.machine), told = [];
  await first.stop();
  for (const manifest of [image, forkOf(image, random), forkOf(image, random)]) {
    const guest = follow(await restored(manifest));
    void guest.type(`${RANDOM}; dmesg | grep crng; grep vmgenid /proc/interrupts; poweroff -f\n`);
    assert.equal((await guest.ended).ending, 'off');
    const console = guest.console();
    told.push({ bytes: bytesIn(console), reseeded: /crng reseeded due to virtual machine fork/.test(console), interrupts: Number(/^ *\d+: +(\d+) .*vmgenid/m.exec(console)?.[1]) });
  }
  assert.deepEqual(told.map(({ reseeded, interrupts }) => [reseeded, interrupts]), [[false, 0], [true, 1], [true, 1]]);
  assert.notEqual(told[1]!.bytes, told[2]!.bytes);
});
