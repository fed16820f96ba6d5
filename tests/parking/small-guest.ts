/** Small guests of our own on machines that are stored and woken: what they say, what happens to them, and their images. */
import { nodeContent, nodeHost } from '@hypnos/host-node';
import { assemble } from '@hypnos/isa';
import {
  type Bucket, decodeManifest, encodeManifest, type Ended, hexOf, imageRoot, knownChunks, Machine, type MachineConfig, type MachineEvent, type Manifest, openImage, type RunConfig,
  type StoredImage, storeImage,
} from '@hypnos/vmm';
import { after } from 'node:test';
import { MemoryBucket } from '../hostile/snapshots/store.ts';

const START = 0x4020_0000n;
const alive = new Set<Machine>();
after(() => { for (const machine of alive) machine.stop(); });

/** What every guest begins with: the UART's address in x28, and a way to say a letter and to switch off. */
export const BOARD = `
  .equ UART, 0x09000000
  .equ RTC, 0x09010000
  .equ GICD, 0x08000000
  .equ GICR_SGI, 0x080b0000
  .equ VIRTIO_RNG, 0x0a000000
  .equ VIRTIO_CONSOLE, 0x0a000200
    ldr x28, =UART`;
export const say = (letter: string): string => `
    mov w3, #${letter.charCodeAt(0)}
    str w3, [x28]`;
export const OFF = `
    ldr x0, =0x84000008
    hvc #0
    b .`;
/** Opens distributor and CPU interface to UART (33), RTC (34) and the virtual timer (27); UART interrupts as the mask says. */
export const open = (uartMask = 0x50): string => `
    ldr x1, =GICD
    mov w2, #0x12
    str w2, [x1]
    mov w2, #6
    str w2, [x1, #0x104]
    movn w2, #0
    str w2, [x1, #0x84]
    ldr x1, =GICR_SGI
    ldr w2, =0x08000000
    str w2, [x1, #0x100]
    movn w2, #0
    str w2, [x1, #0x80]
    mov x2, #0xf0
    msr ICC_PMR_EL1, x2
    mov x2, #1
    msr ICC_IGRPEN1_EL1, x2
    mov w2, #${uartMask}
    str w2, [x28, #0x38]
    ldr w2, =0x301
    str w2, [x28, #0x30]`;
export const sleep = (entry = 'resume'): string => `
    ldr x0, =0xc400000e
    ldr x1, =${entry}
    ldr x2, =0x1234
    hvc #0
    b .`;
/** Says a letter if `code` leaves the flags so, a question mark otherwise. */
export const check = (letter: string, code: string, condition = 'eq'): string => `${code}
    mov w4, #${letter.charCodeAt(0)}
    mov w5, #63
    csel w3, w4, w5, ${condition}
    str w3, [x28]`;

export interface Life {
  readonly machine: Machine;
  readonly events: readonly MachineEvent[];
  names(): readonly string[];
  said(): string;
  /** Settles with the `nth` event of this name. */
  sees(name: MachineEvent['event'], nth?: number): Promise<MachineEvent>;
  /** Starts it; settles with its end. */
  run(): Promise<Ended>;
}

function follow(machine: Machine): Life {
  const events: MachineEvent[] = [], waiting = new Set<() => void>();
  let said = '', ended: Promise<Ended> | undefined, over = false;
  machine.on('event', event => {
    events.push(event);
    for (const look of [...waiting]) look();
  });
  for (const line of ['output', 'virtio-output'] as const) machine.on(line, bytes => { said += Buffer.from(bytes).toString('latin1'); });
  return {
    machine, events, names: () => events.map(e => e.event), said: () => said,
    sees: (name, nth = 1) => new Promise((resolve, reject) => {
      const look = (): void => {
        const found = events.filter(e => e.event === name)[nth - 1];
        if (!found && !over) return;
        waiting.delete(look);
        if (found) resolve(found);
        else reject(new Error(`it ended without event ${nth} named ${name}: ${events.map(e => e.event).join(', ')}`));
      };
      waiting.add(look);
      look();
    }),
    run() {
      alive.add(machine);
      return (ended ??= machine.run().then(end => {
        over = true;
        alive.delete(machine);
        for (const look of [...waiting]) look();
        return end;
      }));
    },
  };
}

/** A machine whose firmware is this guest. */
export function life(source: string, config: MachineConfig = {}): Life {
  const { words } = assemble(source, { origin: START });
  const firmware = { name: 'the guest', address: START, bytes: new Uint8Array(words.buffer) };
  return follow(Machine.create({ memory: '16M', engine: 'reference', reboot: false, firmware, ...config }, nodeHost()));
}

export interface Parked { readonly manifest: Manifest; readonly stored: StoredImage; readonly bucket: Bucket }

/** Where these guests are stored: one that was woken is stored beside what it came from. */
const STORE = new MemoryBucket();

/** Holds the machine and stores it, behind the images that there are. */
export async function park({ machine }: Life, bucket: Bucket = STORE, before: readonly Manifest[] = []): Promise<Parked> {
  const stored = await storeImage(await machine.snapshot(), bucket, nodeContent, { known: knownChunks(...before) }), { image, packs, places } = stored;
  const written = encodeManifest({ guest: new Uint8Array(16), generation: 1n, epoch: 1n, parkedAtNs: 0n, parent: new Uint8Array(32), image, packs, places }, nodeContent);
  return { manifest: decodeManifest(written.bytes, nodeContent, 'what was written'), stored, bucket };
}
/** Stores it and ends the machine it was on. */
export async function leave(of: Life, bucket?: Bucket, before?: readonly Manifest[]): Promise<Parked> {
  const parked = await park(of, bucket, before), ended = of.run();
  of.machine.stop();
  await ended;
  return parked;
}
export const wake = async ({ manifest, bucket }: Pick<Parked, 'manifest' | 'bucket'>, config: RunConfig = {}): Promise<Life> =>
  follow(Machine.restore(await openImage(manifest, bucket, nodeContent), { engine: 'reference', ...config }, nodeHost()));
export const rootOf = ({ manifest }: Pick<Parked, 'manifest'>): string => hexOf(imageRoot(manifest.image, nodeContent));

/** Runs a guest until it asks to sleep, and stores it at that point. */
export async function parkedAsking(source: string, config: MachineConfig = {}): Promise<Parked & { readonly before: Life }> {
  const before = life(source, config);
  const parked = await new Promise<Parked>((resolve, reject) => {
    before.machine.on('suspend', async request => {
      await park(before).then(resolve, reject);
      before.machine.stop();
      return request.sleep();
    });
    void before.run();
  });
  await before.run();
  return { ...parked, before };
}
/** Runs a guest until it sleeps, and stores it. */
export async function parkedAsleep(source: string, config: MachineConfig = {}): Promise<Parked & { readonly before: Life }> {
  const before = life(source, config);
  void before.run();
  await before.sees('asleep');
  return { ...(await leave(before)), before };
}
export const typed = (text: string): Uint8Array => new TextEncoder().encode(text);
