/**
 * Memory slots (KVM_SET_USER_MEMORY_REGION): which guest physical addresses are RAM or ROM, as the table that engines
 * read in shared memory, and the dirty log, kept in the page flags.
 */
import { HypnosError, hex } from '@hypnos/base';
import { MAX_SLOTS, type MemoryMap, PAGE, SLOT_BYTES } from '@hypnos/cpu';
import { MEM } from './capabilities.ts';
import type { MemoryRegion } from './wall.ts';

const PAGE_BYTES = 4096n;
/** Intermediate physical addresses have 40 bits, KVM's default. */
export const IPA_BITS = 40;

export class MemorySlots {
  readonly #table: Uint32Array<ArrayBufferLike>;
  readonly #flags: Uint8Array<ArrayBufferLike>;
  readonly #map: MemoryMap;

  constructor(memory: ArrayBufferLike, map: MemoryMap) {
    this.#table = new Uint32Array(memory, map.slots, (MAX_SLOTS * SLOT_BYTES) / 4);
    this.#flags = new Uint8Array(memory, map.pageFlags, Math.ceil(map.end / 4096));
    this.#map = map;
  }

  clear(): void { this.#table.fill(0); }

  /** The slots in use. What KVM's log flag says is bit 1 of the table's flags, next to the engines' read-only bit 0. */
  get regions(): readonly MemoryRegion[] {
    const all = Array.from({ length: MAX_SLOTS }, (_, slot) => this.region(slot));
    return all.filter(region => region !== null);
  }

  region(slot: number): MemoryRegion | null {
    const [frame, frames, linear, flags] = this.#table.subarray(slot * 4, slot * 4 + 4) as unknown as [number, number, number, number];
    if (!frames) return null;
    return {
      slot, guestPhysAddr: BigInt(frame) * PAGE_BYTES, memorySize: BigInt(frames) * PAGE_BYTES, userspaceAddr: linear,
      flags: (flags & 1 ? MEM.readonly : 0) | (flags & 2 ? MEM.logDirtyPages : 0),
    };
  }

  set(region: MemoryRegion): void {
    this.#check(region);
    const { slot, flags, guestPhysAddr, memorySize, userspaceAddr } = region;
    const frames = Number(memorySize / PAGE_BYTES);
    // The size goes last in and first out: an engine of another CPU sees a whole slot or none.
    Atomics.store(this.#table, slot * 4 + 1, 0);
    if (frames === 0) return;
    this.#table[slot * 4] = Number(guestPhysAddr / PAGE_BYTES);
    this.#table[slot * 4 + 2] = userspaceAddr;
    this.#table[slot * 4 + 3] = (flags & MEM.readonly ? 1 : 0) | (flags & MEM.logDirtyPages ? 2 : 0);
    Atomics.store(this.#table, slot * 4 + 1, frames);
    this.#mark(userspaceAddr, frames, (flags & MEM.logDirtyPages) !== 0);
  }

  #check({ slot, flags, guestPhysAddr, memorySize, userspaceAddr }: MemoryRegion): void {
    const bad = (why: string): never => { throw new HypnosError('EINVAL', `memory slot ${slot}: ${why}`); };
    if (!Number.isInteger(slot) || slot < 0 || slot >= MAX_SLOTS) bad(`slots are numbered 0 to ${MAX_SLOTS - 1}`);
    if (flags & ~(MEM.logDirtyPages | MEM.readonly)) bad(`unknown flags ${hex(flags)}`);
    if (memorySize === 0n) return;
    if (guestPhysAddr % PAGE_BYTES !== 0n || memorySize % PAGE_BYTES !== 0n || userspaceAddr % 4096 !== 0) bad('address and size must be multiples of 4 KiB');
    if (guestPhysAddr < 0n || memorySize < 0n || guestPhysAddr + memorySize > 1n << BigInt(IPA_BITS)) bad(`guest addresses have ${IPA_BITS} bits`);
    if (userspaceAddr < this.#map.ram || BigInt(userspaceAddr) + memorySize > BigInt(this.#map.end)) {
      bad(`it must lie inside the RAM area, ${hex(this.#map.ram)} to ${hex(this.#map.end)}`);
    }
    for (const other of this.regions) {
      if (other.slot === slot || guestPhysAddr >= other.guestPhysAddr + other.memorySize || other.guestPhysAddr >= guestPhysAddr + memorySize) continue;
      throw new HypnosError('EEXIST', `memory slot ${slot} overlaps slot ${other.slot} at ${hex(other.guestPhysAddr)}: remove that one first`);
    }
  }

  #mark(linear: number, frames: number, clean: boolean): void {
    const first = linear / 4096;
    for (let page = first; page < first + frames; page++) {
      if (clean) Atomics.or(this.#flags, page, PAGE.clean);
      else Atomics.and(this.#flags, page, ~PAGE.clean & 0xff);
    }
  }

  /** Pages written since the log was last taken, one bit each; all of them are clean again afterwards. */
  takeDirtyLog(slot: number): Uint8Array {
    const region = this.region(slot);
    if (region === null || !(region.flags & MEM.logDirtyPages)) {
      throw new HypnosError('ENOENT', `memory slot ${slot} keeps no dirty log: set it with MEM.logDirtyPages`);
    }
    const first = region.userspaceAddr / 4096, frames = Number(region.memorySize / PAGE_BYTES);
    const log = new Uint8Array(Math.ceil(frames / 8));
    for (let page = 0; page < frames; page++) {
      const was = Atomics.or(this.#flags, first + page, PAGE.clean);
      if (!(was & PAGE.clean)) log[page >> 3]! |= 1 << (page & 7);
    }
    return log;
  }

  /** Whether a guest address lies in RAM that can be written. */
  isRam(address: bigint): boolean {
    return this.regions.some(r => !(r.flags & MEM.readonly) && address >= r.guestPhysAddr && address < r.guestPhysAddr + r.memorySize);
  }

  /** The linear address of a guest physical one inside RAM, or null. */
  linear(address: bigint): number | null {
    const r = this.regions.find(s => address >= s.guestPhysAddr && address < s.guestPhysAddr + s.memorySize);
    return r === undefined ? null : r.userspaceAddr + Number(address - r.guestPhysAddr);
  }
}
