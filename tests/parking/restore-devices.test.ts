/** Restore bugs of other machines, devices: what was on its way when the guest was stored arrives, once. */
import { flash, fwCfg, pl011, pl031, pl061, virtioConsole, virtioInput, virtioRng, attach, type Device } from '@hypnos/devices';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../hostile/random.ts';
import { BOARD, check, leave, life, OFF, open, parkedAsking, parkedAsleep, say, sleep, typed, wake } from './small-guest.ts';

test('Firecracker: a UART transmit interrupt in flight is not lost, and wakes the guest', async () => {
  const guest = `${BOARD}${open(0x20)}${say('A')}${sleep()}
resume:
    ldr x28, =UART${check('R', `
    mrs x9, ICC_HPPIR1_EL1
    cmp x9, #33`)}${OFF}`;
  const parked = await parkedAsking(guest), woken = await wake(parked);
  assert.equal((await woken.run()).ending, 'off');
  assert.deepEqual(woken.names(), ['restored', 'suspend-asked', 'asleep', 'woke', 'resumed', 'off']);
  assert.deepEqual([parked.before.said(), woken.said()], ['A', 'R']);
});

/** Sleeps at once; says what it received when it is back, and switches off after `count` letters. */
const echoes = (count: number): string => `${BOARD}${open()}${sleep()}
resume:
    ldr x28, =UART
    mov x7, #${count}
next:
    ldr w8, [x28, #0x18]
    tbnz w8, #4, next
    ldr w3, [x28]
    str w3, [x28]
    sub x7, x7, #1
    cbnz x7, next${OFF}`;

test('Firecracker: bytes that the UART had received and the guest had not read are read after waking, and what held them back is given back', async () => {
  const before = life(echoes(2), { wakeOn: [] });
  void before.run();
  await before.sees('asleep');
  await before.machine.type(typed('xy'));
  await before.sees('filtered');
  const woken = await wake(await leave(before));
  woken.machine.wake();
  assert.equal((await woken.run()).ending, 'off');
  assert.equal(woken.said(), 'xy');
});

test('crosvm: host bytes that come after the machine was held, and ones typed while it was stored, come in order, and wake it', async () => {
  const before = life(echoes(6));
  void before.run();
  await before.sees('asleep');
  before.machine.pause();
  await before.sees('paused');
  await before.machine.type(typed('abc'));
  const woken = await wake(await leave(before));
  await woken.machine.type(typed('def'));
  assert.equal((await woken.run()).ending, 'off');
  assert.equal(woken.said(), 'abcdef');
  assert.ok(woken.events.some(e => e.event === 'woke' && e.why === 'interrupt'));
});

/** Registers of virtio over MMIO in the order a driver writes them: one queue of eight at 0x40300000. */
const queueUp = (device: string, queue: number): string => [
  [0x70, 0], [0x70, 1], [0x70, 3], [0x24, 1], [0x20, 1], [0x70, 11], [0x30, queue], [0x38, 8],
  [0x80, 0x4030_0000], [0x84, 0], [0x90, 0x4030_1000], [0x94, 0], [0xa0, 0x4030_2000], [0xa4, 0], [0x44, 1], [0x70, 15],
].map(([offset, value]) => `
    ldr w2, =${value}
    str w2, [x1, #${offset}]`).reduce((code, line) => code + line, `
    ldr x1, =${device}`);
/** One descriptor of eight bytes at 0x40303000, offered in the ring and not yet told. */
const offer = (flags: number): string => `
    ldr x6, =0x40300000
    ldr x7, =0x40303000
    str x7, [x6]
    ldr x7, =${(BigInt(flags) << 32n) | 8n}
    str x7, [x6, #8]
    ldr x6, =0x40301000
    ldr w7, =0x10000
    str w7, [x6]`;
const USED = `
    ldr x6, =0x40302000
    ldrh w9, [x6, #2]
    cmp w9, #1`;

// There is no block device yet: its request in flight is what these two are for a console and an entropy device.
test('a virtio console transmission that the guest had offered when it was stored goes out once, when it tells of it', async () => {
  const guest = `${BOARD}${open()}
    ldr x6, =0x40303000
    ldr x7, =0x4847464544434241
    str x7, [x6]${queueUp('VIRTIO_CONSOLE', 1)}${offer(0)}${sleep()}
resume:
    ldr x28, =UART
    ldr x1, =VIRTIO_CONSOLE
    mov w2, #1
    str w2, [x1, #0x50]${check('U', USED)}${OFF}`;
  const parked = await parkedAsleep(guest), woken = await wake(parked);
  woken.machine.wake();
  assert.equal((await woken.run()).ending, 'off');
  assert.deepEqual([parked.before.said(), [...woken.said()].sort().join('')], ['', 'ABCDEFGHU']);
  assert.ok(parked.before.events.some(e => e.event === 'in-flight'));
});

test('an entropy request that the guest had offered when it was stored is served once, when it tells of it', async () => {
  const guest = `${BOARD}${open()}${queueUp('VIRTIO_RNG', 0)}${offer(2)}${sleep()}
resume:
    ldr x28, =UART
    ldr x1, =VIRTIO_RNG
    str wzr, [x1, #0x50]${check('U', USED)}${check('B', `
    ldr x6, =0x40303000
    ldr x9, [x6]
    cmp x9, #0`, 'ne')}${OFF}`;
  const woken = await wake(await parkedAsleep(guest));
  woken.machine.wake();
  assert.equal((await woken.run()).ending, 'off');
  assert.equal(woken.said(), 'UB');
});

test('Firecracker: input that comes to a virtio console after waking goes into the buffer that the guest gave before it was stored', async () => {
  const guest = `${BOARD}${open()}${queueUp('VIRTIO_CONSOLE', 0)}${offer(2)}
    str wzr, [x1, #0x50]${sleep()}
resume:
    ldr x28, =UART
    ldr x6, =0x40302000
wait:
    ldrh w9, [x6, #2]
    cbz w9, wait
    ldr x6, =0x40303000
    ldrb w3, [x6]
    str w3, [x28]${OFF}`;
  const woken = await wake(await parkedAsleep(guest));
  void woken.run();
  woken.machine.wake();
  await woken.machine.type(typed('v'), 'virtio');
  assert.equal((await woken.run()).ending, 'off');
  assert.equal(woken.said(), 'v');
});

const DEVICES: readonly Device[] = [pl011, pl031, pl061, fwCfg, virtioRng, virtioConsole, virtioInput, flash] as unknown as readonly Device[];
test('a state field forgotten: every device that is saved, loaded and saved is the same, and so are its line and what a guest reads', () => {
  for (const device of DEVICES) {
    for (let seed = 0; seed < (device.size > 0x1000 ? 3 : 40); seed++) {
      const r = new Random(seed, device.size), now = { ns: 1_000_000n }, lines: boolean[] = [];
      const cells = new Uint8Array(device.size > 0x1000 ? device.size : 0), ram = new Uint8Array(0x1_0000);
      const at = (ipa: bigint, bytes: number): number | null => (ipa >= 0n && ipa + BigInt(bytes) <= BigInt(ram.length) && ipa % BigInt(bytes) === 0n ? Number(ipa) : null);
      const view = new DataView(ram.buffer);
      const load = <T>(ipa: bigint, bytes: number, get: (place: number) => T): T | undefined => { const place = at(ipa, bytes); return place === null ? undefined : get(place); };
      const make = (which: number) => attach(device, {
        at: { address: 0n },
        ports: {
          irq: (level: boolean) => { lines[which] = level; }, alarm: () => {}, clock: { nowNs: () => now.ns, wallNs: () => 1_767_225_600_000_000_000n + now.ns }, console: { send: () => {} },
          entropy: () => {}, firmware: { items: new Map([[5, Uint8Array.of(1, 2, 3)]]), files: new Map() }, flash: { bytes: cells, writable: true, wrote: () => {}, arrayReadable: () => {} },
          guestMemory: {
            read: (ipa: bigint, into: Uint8Array) => { const place = at(ipa, 1); if (place === null || place + into.length > ram.length) return false; into.set(ram.subarray(place, place + into.length)); return true; },
            write: (ipa: bigint, bytes: Uint8Array) => { const place = at(ipa, 1); if (place === null || place + bytes.length > ram.length) return false; ram.set(bytes, place); return true; },
            loadU16: (ipa: bigint) => load(ipa, 2, place => view.getUint16(place, true)), loadU32: (ipa: bigint) => load(ipa, 4, place => view.getUint32(place, true)), loadU64: (ipa: bigint) => load(ipa, 8, place => view.getBigUint64(place, true)),
            storeU16: (ipa: bigint, value: number) => load(ipa, 2, place => view.setUint16(place, value, true)) !== null, storeU32: (ipa: bigint, value: number) => load(ipa, 4, place => view.setUint32(place, value, true)) !== null,
            storeU64: (ipa: bigint, value: bigint) => load(ipa, 8, place => view.setBigUint64(place, value, true)) !== null,
          },
        } as never,
      });
      const first = make(0), offsets = [...Object.keys(device.registers).map(Number), 0x100, 0x108];
      for (let i = 0; i < 200; i++) {
        now.ns += BigInt(r.below(30_000_000));
        const offset = r.pick(offsets) + (r.chance(4) ? 4 * r.below(16) : 0), bytes = r.pick([1, 2, 4, 4, 4, 8]);
        if (r.chance(2)) first.read(offset, bytes);
        else first.write(offset, bytes, r.value());
      }
      first.settle();
      const saved = first.save(), second = make(1);
      second.load(saved);
      assert.deepEqual(second.save(), saved, `${device.name}, seed ${seed}`);
      assert.deepEqual([second.line(), lines[1]], [first.line(), first.line()], `${device.name}, seed ${seed}`);
      for (const offset of offsets) assert.equal(second.read(offset, 4), first.read(offset, 4), `${device.name} +${offset.toString(16)}, seed ${seed}`);
    }
  }
});
