/** Split virtqueues (virtio 1.2 §2.7), device side: takes descriptor chains from rings that may be hostile, and returns them. */
import { state, type View } from '@hypnos/base';
import type { GuestMemory } from '../kit/ports.ts';

const fields = {
  size: state.u32(),
  ready: state.bool(),
  /** Addresses of descriptor table, driver area (available ring) and device area (used ring). */
  desc: state.u64(),
  driver: state.u64(),
  device: state.u64(),
  /** Positions in the two rings; they run through all 16 bits. */
  nextAvail: state.u16(),
  nextUsed: state.u16(),
};
export const queueShape = state.shape(fields);
export type Queue = View<typeof fields>;

/** How the driver and the device agreed to speak. */
export interface Dialect {
  readonly memory: GuestMemory;
  /** VIRTIO_F_EVENT_IDX */
  readonly eventIndex: boolean;
  /** VIRTIO_F_INDIRECT_DESC */
  readonly indirect: boolean;
  /** Bytes in the largest chain taken; as much as one may copy unless told. */
  readonly chainBytes?: number;
}

export interface Segment {
  readonly address: bigint;
  readonly length: number;
}

/** One request: what the device may read, then what it may write. */
export interface Chain {
  readonly head: number;
  readonly readable: readonly Segment[];
  readonly writable: readonly Segment[];
}

/** The rings are not what §2.7 allows: only a reset helps. */
export const BROKEN = 'broken';
type Broken = typeof BROKEN;

const VIRTQ_DESC_F_NEXT = 1, VIRTQ_DESC_F_WRITE = 2, VIRTQ_DESC_F_INDIRECT = 4;
const VIRTQ_AVAIL_F_NO_INTERRUPT = 1;
const DESCRIPTOR = 16, USED_ELEMENT = 8, RING_HEADER = 4;
/**
 * Longest indirect table and largest chain taken: beyond what the drivers of these devices use, and small enough to bound the work of one
 * notification, which is a queue of them: until it is done the machine can neither be paused nor stopped.
 */
const INDIRECT_MAX = 1024, CHAIN_BYTES_MAX = 0x40_0000;
/** Largest piece copied at once. */
const PIECE = 0x1_0000;

/** §2.7: a power of two, and no more than the device offers. */
export const validSize = (size: number, most: number): boolean => size > 0 && size <= most && (size & (size - 1)) === 0;

const distance = (from: number, to: number): number => (to - from) & 0xffff;
const index = (ring: bigint): bigint => ring + 2n;
const entry = (ring: bigint, position: number, size: number, bytes: number): bigint =>
  ring + BigInt(RING_HEADER + bytes * (position % size));

/** How many chains lie ready. */
export function waiting(q: Queue, { memory }: Dialect): number | Broken {
  const available = memory.loadU16(index(q.driver));
  if (available === undefined) return BROKEN;
  const count = distance(q.nextAvail, available);
  return count > q.size ? BROKEN : count;
}

/** The next chain, or null. Before it says null it asks to be notified of the next one (§2.7.10), and looks again. */
export function take(q: Queue, dialect: Dialect): Chain | null | Broken {
  let count = waiting(q, dialect);
  if (count === 0 && dialect.eventIndex) {
    const availEvent = q.device + BigInt(RING_HEADER + USED_ELEMENT * q.size);
    if (!dialect.memory.storeU16(availEvent, q.nextAvail)) return BROKEN;
    count = waiting(q, dialect);
  }
  if (count === BROKEN) return BROKEN;
  if (count === 0) return null;
  const head = dialect.memory.loadU16(entry(q.driver, q.nextAvail, q.size, 2));
  if (head === undefined) return BROKEN;
  const chain = walk(q, dialect, head);
  if (chain !== BROKEN) q.nextAvail = (q.nextAvail + 1) & 0xffff;
  return chain;
}

/** Follows a chain (§2.7.5): loops, wild indices, empty or enormous buffers and nested tables break the queue. */
function walk(q: Queue, { memory, indirect, chainBytes = CHAIN_BYTES_MAX }: Dialect, head: number): Chain | Broken {
  const readable: Segment[] = [], writable: Segment[] = [], bytes = new Uint8Array(DESCRIPTOR), view = new DataView(bytes.buffer);
  let table = q.desc, entries = q.size, at = head, inTable = false, total = 0;
  for (let steps = 0; steps < entries && at < entries; steps++) {
    if (!memory.read(table + BigInt(DESCRIPTOR * at), bytes)) return BROKEN;
    const address = view.getBigUint64(0, true), length = view.getUint32(8, true), flags = view.getUint16(12, true);
    if (flags & VIRTQ_DESC_F_INDIRECT) {
      const tableEntries = length / DESCRIPTOR;
      if (!indirect || inTable || flags & VIRTQ_DESC_F_NEXT) return BROKEN;
      if (!Number.isInteger(tableEntries) || tableEntries < 1 || tableEntries > INDIRECT_MAX) return BROKEN;
      [table, entries, at, inTable, steps] = [address, tableEntries, 0, true, -1];
      continue;
    }
    total += length;
    if (length === 0 || total > chainBytes) return BROKEN;
    if (flags & VIRTQ_DESC_F_WRITE) writable.push({ address, length });
    else if (writable.length > 0) return BROKEN;
    else readable.push({ address, length });
    if (!(flags & VIRTQ_DESC_F_NEXT)) return { head, readable, writable };
    at = view.getUint16(14, true);
  }
  return BROKEN;
}

/** Gives a chain back with the number of bytes written to it. The element is in place before the index moves (§2.7.8.2). */
export function giveBack(q: Queue, { memory }: Dialect, chain: Chain, written: number): boolean {
  const element = new Uint8Array(USED_ELEMENT), view = new DataView(element.buffer);
  view.setUint32(0, chain.head, true);
  view.setUint32(4, written, true);
  if (!memory.write(entry(q.device, q.nextUsed, q.size, USED_ELEMENT), element)) return false;
  q.nextUsed = (q.nextUsed + 1) & 0xffff;
  return memory.storeU16(index(q.device), q.nextUsed);
}

/** Whether the driver wants an interrupt for what was returned since `nextUsed` was `before` (§2.7.7). */
export function wantsInterrupt(q: Queue, { memory, eventIndex }: Dialect, before: number): boolean | Broken {
  if (!eventIndex) {
    const flags = memory.loadU16(q.driver);
    return flags === undefined ? BROKEN : (flags & VIRTQ_AVAIL_F_NO_INTERRUPT) === 0;
  }
  const usedEvent = memory.loadU16(q.driver + BigInt(RING_HEADER + 2 * q.size));
  return usedEvent === undefined ? BROKEN : distance(usedEvent + 1, q.nextUsed) < distance(before, q.nextUsed);
}

export const lengthOf = (segments: readonly Segment[]): number => segments.reduce((sum, { length }) => sum + length, 0);

/** Hands the readable bytes of a chain over, piece by piece. False where one is not in RAM. */
export function readPieces(memory: GuestMemory, segments: readonly Segment[], use: (piece: Uint8Array) => void): boolean {
  for (const { address, length } of segments) {
    for (let done = 0; done < length; done += PIECE) {
      const piece = new Uint8Array(Math.min(PIECE, length - done));
      if (!memory.read(address + BigInt(done), piece)) return false;
      use(piece);
    }
  }
  return true;
}

/** Writes bytes into the segments, in order; what does not fit is left out. False where one is not in RAM. */
export function fill(memory: GuestMemory, segments: readonly Segment[], bytes: Uint8Array): boolean {
  let done = 0;
  for (const { address, length } of segments) {
    const part = bytes.subarray(done, done + length);
    if (part.length === 0) break;
    if (!memory.write(address, part)) return false;
    done += part.length;
  }
  return true;
}
