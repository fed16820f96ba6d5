/** Virtio over MMIO (virtio 1.2 §4.2, version 2): registers, status, features and queues, once for every virtio device. */
import { state, type Fields, type View } from '@hypnos/base';
import { device, type Access, type Declaration, type Device } from '../kit/device.ts';
import { placedNode, type Place } from '../kit/fdt.ts';
import type { Given, GuestMemory, Need } from '../kit/ports.ts';
import {
  BROKEN, fill, giveBack, queueShape, readPieces, take, validSize, waiting, wantsInterrupt, type Chain, type Dialect, type Queue,
} from './queue.ts';

const MAGIC = 0x7472_6976, VERSION = 2, VENDOR = 0x4850_4e53;
/** Device status (§2.1). */
const FEATURES_OK = 8, DRIVER_OK = 4, DEVICE_NEEDS_RESET = 64;
/** Reserved feature bits (§6). */
const F_INDIRECT_DESC = 1n << 28n, F_EVENT_IDX = 1n << 29n, F_VERSION_1 = 1n << 32n;
/** InterruptStatus (§4.2.2). */
const USED_BUFFER = 1, CONFIGURATION_CHANGE = 2;
const CONFIG_SPACE = 0x100, SIZE = 0x200;
const COMPATIBLE = ['virtio,mmio'];

const transport = {
  status: state.u32(),
  interrupt: state.u32(),
  deviceFeaturesSel: state.u32(),
  driverFeaturesSel: state.u32(),
  driverFeatures: state.u64(),
  queueSel: state.u32(),
  generation: state.u32(),
};
const withQueues = (count: number) => ({ ...transport, queues: state.records(queueShape, count) });
type Transport = View<ReturnType<typeof withQueues>>;

/** What a device does with its queues. Nothing throws: rings without sense end in DEVICE_NEEDS_RESET, and then every queue is empty. */
export interface Queues {
  /** Whether the driver took this feature. */
  agreed(feature: bigint): boolean;
  /** The next request of a queue, or null. Each must be finished before the device's function returns. */
  take(queue: number): Chain | null;
  /** Whether `take` would answer a request. */
  has(queue: number): boolean;
  finish(queue: number, chain: Chain, written: number): void;
  /** What the driver wrote, piece by piece. False (and the device is broken) where it is not in RAM. */
  read(chain: Chain, use: (piece: Uint8Array) => void): boolean;
  write(chain: Chain, bytes: Uint8Array): boolean;
  /** The driver broke the device's protocol. */
  fail(): void;
  /** The configuration space has changed. */
  configurationChanged(): void;
}

/** What the host may do to a virtio device. */
type Actions<F extends Fields, N extends readonly Need[]> =
  Readonly<Record<string, (own: View<F>, queues: Queues, p: Given<N>, ...args: never[]) => unknown>>;

export interface VirtioDeclaration<F extends Fields, N extends readonly Need[], A> {
  readonly name: string;
  readonly doc: string;
  /** Device type (§5). */
  readonly deviceId: number;
  readonly version: number;
  /** Features of the device type; the transport adds its own. */
  readonly features: bigint;
  /** Largest size of each queue. */
  readonly queues: readonly number[];
  /** Bytes in its largest request, for a device that does not copy them; 4 MiB unless told. */
  readonly chainBytes?: number;
  /** The device's own state. It outlives a reset by the driver, as the other side stays connected while the guest sleeps. */
  readonly state: F;
  readonly sane?: (own: View<F>) => boolean;
  readonly needs: N;
  /** The configuration space as it reads now. */
  readonly config: (own: View<F>) => Uint8Array;
  readonly configWritten?: (own: View<F>, value: number, offset: number, p: Given<N>) => void;
  /** Does what can be done now. Runs after a notification, when the driver is ready, and after each action. */
  readonly serve: (queues: Queues, own: View<F>, p: Given<N>) => void;
  readonly wantsInput?: (queues: Queues) => boolean;
  readonly actions?: A & Actions<F, N>;
}

type Lifted<A> = {
  readonly [K in keyof A]:
    A[K] extends (own: never, queues: never, p: never, ...args: infer R) => infer T ? (s: never, p: never, ...args: R) => T : never
};
type OwnFields<F extends Fields> = ReturnType<typeof withQueues> & { own: ReturnType<typeof state.records<F>> };

/** Opens the queues for one access: nothing of this outlives it. */
function open(s: Transport, memory: GuestMemory, chainBytes?: number): Queues {
  const agreed = (feature: bigint): boolean => (s.driverFeatures & feature) !== 0n;
  const dialect: Dialect = { memory, eventIndex: agreed(F_EVENT_IDX), indirect: agreed(F_INDIRECT_DESC), ...(chainBytes !== undefined && { chainBytes }) };
  const configurationChanged = (): void => {
    s.generation = (s.generation + 1) >>> 0;
    if (s.status & DRIVER_OK) s.interrupt |= CONFIGURATION_CHANGE;
  };
  const fail = (): void => {                   // §2.1.2: tells a driver that is there by a configuration change
    s.status |= DEVICE_NEEDS_RESET;
    configurationChanged();
  };
  const checked = (ok: boolean): boolean => { if (!ok) fail(); return ok; };
  const usable = (n: number): Queue | undefined =>
    (s.status & (DRIVER_OK | DEVICE_NEEDS_RESET)) === DRIVER_OK && s.queues[n]?.ready ? s.queues[n] : undefined;
  return {
    agreed,
    take(n) {
      const q = usable(n), chain = q ? take(q, dialect) : null;
      if (chain !== BROKEN) return chain;
      fail();
      return null;
    },
    has(n) {
      const q = usable(n), count = q ? waiting(q, dialect) : 0;
      return count !== BROKEN && count > 0;
    },
    finish(n, chain, written) {
      const q = usable(n);
      if (!q) return;
      const before = q.nextUsed, interrupt = checked(giveBack(q, dialect, chain, written)) && wantsInterrupt(q, dialect, before);
      if (interrupt === BROKEN) fail();
      else if (interrupt) s.interrupt |= USED_BUFFER;
    },
    read: (chain, use) => checked(readPieces(memory, chain.readable, use)),
    write: (chain, bytes) => checked(fill(memory, chain.writable, bytes)),
    fail, configurationChanged,
  };
}

/** Buffers made available and not given back, queue by queue. Devices give back what they take at once, so what is left was never taken. */
function inFlight(s: Transport, memory: GuestMemory): readonly number[] {
  const dialect: Dialect = { memory, eventIndex: false, indirect: false };
  return [...s.queues].map(q => {
    const count = q.ready && s.status & DRIVER_OK ? waiting(q, dialect) : 0;
    return count === BROKEN ? 0 : count;
  });
}

/** §4.2.3.1: back to the beginning; interrupts, features and queues are gone. */
function resetTransport(s: Transport): void {
  s.status = 0;
  s.interrupt = 0;
  s.driverFeatures = 0n;
  s.deviceFeaturesSel = 0;
  s.driverFeaturesSel = 0;
  s.queueSel = 0;
  for (const q of s.queues) queueShape.reset(q);
}

/** What a status write leaves (§3.1.1): FEATURES_OK only if the features were offered, DRIVER_OK only after it; no bit is cleared. */
function nextStatus(s: Transport, value: number, offered: bigint): number {
  let next = s.status | (value & 0xff & ~DEVICE_NEEDS_RESET);
  const agreed = (s.driverFeatures & ~offered) === 0n && (s.driverFeatures & F_VERSION_1) !== 0n;
  if (!(s.status & FEATURES_OK) && !agreed) next &= ~FEATURES_OK;
  if (!(next & FEATURES_OK)) next &= ~DRIVER_OK;
  return next;
}

const word = (value: bigint, high: boolean): number => Number(BigInt.asUintN(32, high ? value >> 32n : value));
const withWord = (value: bigint, high: boolean, to: number): bigint =>
  (high ? BigInt.asUintN(32, value) | (BigInt(to) << 32n) : ((value >> 32n) << 32n) | BigInt(to));

function configRead(config: Uint8Array, offset: number, bytes: number): number {
  let value = 0;
  for (let i = 0; i < bytes; i++) value |= (config[offset + i] ?? 0) << (8 * i);
  return value;
}

/** The two registers of a 64-bit queue address, written while the queue is not ready. */
function queueAddress(name: string, from: number, field: 'desc' | 'driver' | 'device') {
  const row = (high: boolean) => ({
    name: `${name}${high ? 'High' : 'Low'}`,
    write(s: Transport, value: number) {
      const q = s.queues[s.queueSel];
      if (q && !q.ready) q[field] = withWord(q[field], high, value);
    },
  });
  return { [from]: row(false), [from + 4]: row(true) };
}

type Serve = (s: Transport, p: { readonly guestMemory: GuestMemory }) => void;

function identityRows(deviceId: number, offered: bigint) {
  return {
    0x000: { name: 'MagicValue', read: () => MAGIC },
    0x004: { name: 'Version', read: () => VERSION },
    0x008: { name: 'DeviceID', read: () => deviceId },
    0x00c: { name: 'VendorID', read: () => VENDOR },
    0x010: { name: 'DeviceFeatures', read: (s: Transport) => (s.deviceFeaturesSel <= 1 ? word(offered, s.deviceFeaturesSel === 1) : 0) },
    0x014: { name: 'DeviceFeaturesSel', write(s: Transport, value: number) { s.deviceFeaturesSel = value; } },
    0x020: {
      name: 'DriverFeatures',
      write(s: Transport, value: number) {
        if (s.driverFeaturesSel > 1 || s.status & FEATURES_OK) return;
        s.driverFeatures = withWord(s.driverFeatures, s.driverFeaturesSel === 1, value);
      },
    },
    0x024: { name: 'DriverFeaturesSel', write(s: Transport, value: number) { s.driverFeaturesSel = value; } },
  };
}

function queueRows(sizes: readonly number[], serve: Serve) {
  return {
    0x030: { name: 'QueueSel', write(s: Transport, value: number) { s.queueSel = value; } },
    0x034: { name: 'QueueNumMax', read: (s: Transport) => sizes[s.queueSel] ?? 0 },
    0x038: { name: 'QueueNum', write(s: Transport, value: number) { const q = s.queues[s.queueSel]; if (q && !q.ready) q.size = value; } },
    0x044: {
      name: 'QueueReady', read: (s: Transport) => (s.queues[s.queueSel]?.ready ? 1 : 0),
      write(s: Transport, value: number) {
        const q = s.queues[s.queueSel];
        if (q && (value & 1) === 0) queueShape.reset(q);
        else if (q) q.ready = validSize(q.size, sizes[s.queueSel]!);
      },
    },
    0x050: { name: 'QueueNotify', write: (s: Transport, _value: number, p: { readonly guestMemory: GuestMemory }) => serve(s, p) },
    ...queueAddress('QueueDesc', 0x080, 'desc'),
    ...queueAddress('QueueDriver', 0x090, 'driver'),
    ...queueAddress('QueueDevice', 0x0a0, 'device'),
    0x0c0: { name: 'QueueReset', doc: 'VIRTIO_F_RING_RESET is not offered', read: () => 0, write() {} },
  };
}

function statusRows(offered: bigint, serve: Serve) {
  const shm = (name: string) => ({ name, doc: 'There is no shared memory region: all ones (§4.2.2)', read: () => 0xffff_ffff });
  return {
    0x060: { name: 'InterruptStatus', read: (s: Transport) => s.interrupt },
    0x064: { name: 'InterruptACK', write(s: Transport, value: number) { s.interrupt &= ~value; } },
    0x070: {
      name: 'Status', read: (s: Transport) => s.status,
      write(s: Transport, value: number, p: { readonly guestMemory: GuestMemory }) {
        if (value === 0) return resetTransport(s);
        const before = s.status;
        s.status = nextStatus(s, value, offered);
        if (s.status & ~before & DRIVER_OK) serve(s, p);
      },
    },
    0x0ac: { name: 'SHMSel', write() {} },
    0x0b0: shm('SHMLenLow'), 0x0b4: shm('SHMLenHigh'), 0x0b8: shm('SHMBaseLow'), 0x0bc: shm('SHMBaseHigh'),
    0x0fc: { name: 'ConfigGeneration', read: (s: Transport) => s.generation },
  };
}

/** Makes a device of a virtio device: the transport's registers and state around its own. */
export function virtio<F extends Fields, const N extends readonly Need[], A extends Actions<F, N> = {}>(
  d: VirtioDeclaration<F, N, A>,
): Device<OwnFields<F>, readonly ['guestMemory', ...N], Lifted<A>> {
  type S = Transport & { readonly own: readonly View<F>[] };
  type P = Given<N> & { readonly guestMemory: GuestMemory };
  const offered = d.features | F_VERSION_1 | F_EVENT_IDX | F_INDIRECT_DESC;
  const opened = (s: S, p: P): Queues => open(s, p.guestMemory, d.chainBytes);
  const serve = (s: S, p: P): void => { if (s.status & DRIVER_OK) d.serve(opened(s, p), s.own[0]!, p); };
  const config = {
    name: 'Config', doc: 'Configuration space of the device type', span: CONFIG_SPACE, widths: [1, 2, 4],
    read: (s: S, _p: P, at: Access) => configRead(d.config(s.own[0]!), at.offset, at.bytes),
    write(s: S, value: number, p: P, at: Access) { d.configWritten?.(s.own[0]!, value, at.offset, p); },
  };
  const act = (d.actions ?? {}) as Record<string, (own: View<F>, queues: Queues, p: Given<N>, ...args: unknown[]) => unknown>;
  const actions = Object.fromEntries(Object.entries(act).map(([name, run]) => [name, (s: S, p: P, ...args: unknown[]) => {
    const answer = run(s.own[0]!, opened(s, p), p, ...args);
    serve(s, p);
    return answer;
  }]));
  const declaration = {
    name: d.name, doc: d.doc, compatible: COMPATIBLE, size: SIZE, version: d.version,
    state: { ...withQueues(d.queues.length), own: state.records(state.shape(d.state), 1) },
    sane: (s: S) => s.queues.every((q, i) => !q.ready || validSize(q.size, d.queues[i]!)) && (d.sane?.(s.own[0]!) ?? true),
    needs: ['guestMemory', ...d.needs],
    registers: {
      ...identityRows(d.deviceId, offered), ...queueRows(d.queues, serve as Serve), ...statusRows(offered, serve as Serve), 0x100: config,
    },
    irq: (s: S) => s.interrupt !== 0,
    ...(d.wantsInput ? { wantsInput: (s: S, p: P) => d.wantsInput!(opened(s, p)) } : {}),
    inFlight: (s: S, p: P) => inFlight(s, p.guestMemory),
    actions,
    node: (place: Place) => [placedNode('virtio_mmio', place, SIZE, COMPATIBLE, { 'dma-coherent': true })],
  };
  // The types of a record made of a generic one are beyond inference; what this builds is what the signature says.
  return device(declaration as unknown as Declaration<OwnFields<F>, readonly ['guestMemory', ...N], never>) as unknown as
    Device<OwnFields<F>, readonly ['guestMemory', ...N], Lifted<A>>;
}
