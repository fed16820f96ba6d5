/** Where things stand in the one linear memory that engines, devices and guest RAM share. */
import { alignUp } from '@hypnos/base';
import { cpuShape } from './state.ts';

const KIB = 1024, MIB = 1024 * KIB;

export const TLB_ENTRIES = 4096;
/** A TLB entry: tag u64, addend u32 (linear address = low 32 bits of the virtual one + addend), 4 bytes spare. */
export const TLB_ENTRY_BYTES = 16;
export const FETCH_ENTRIES = 1024;
/** A fetch entry: tag u64, first record u32, spare u32. */
export const FETCH_ENTRY_BYTES = 16;
/** A decoded instruction. A page of them ends in one more, which leads to the next page. */
export const RECORD_BYTES = 16;
export const PAGE_RECORDS_BYTES = 1025 * RECORD_BYTES;

export const MAX_CPUS = 8;
export const MAX_SLOTS = 32;
/** A memory slot as engines see it: guest frame u32 first, frames u32, linear address u32, flags u32 (bit 0 read-only). */
export const SLOT_BYTES = 16;
/** RAM is at most 3 GiB in this machine type: everything stands in one 32-bit linear memory. */
export const MAX_RAM = 3 * 1024 * MIB;

/** Flags of a RAM page: not there yet, not dirty (a write must be logged), watched by the host. */
export const PAGE = { absent: 1, clean: 2, watched: 4 } as const;

const stateBytes = alignUp(cpuShape.size, 4096);
const tlbBytes = TLB_ENTRIES * TLB_ENTRY_BYTES;
const fetchBytes = FETCH_ENTRIES * FETCH_ENTRY_BYTES;

/** Offsets from a CPU's base. */
export const CPU_AREA = {
  state: 0,
  readTlb: stateBytes,
  writeTlb: stateBytes + tlbBytes,
  fetch: stateBytes + 2 * tlbBytes,
  /** Generation of each ASID (u32 × 65536). */
  asids: stateBytes + 2 * tlbBytes + fetchBytes,
  size: stateBytes + 2 * tlbBytes + fetchBytes + 65536 * 4,
} as const;

/** Where the memory slots stand, and one byte of PAGE flags for each page of linear memory: the same in every machine. */
export const SLOTS: number = 32 * KIB;
export const PAGE_FLAGS: number = 64 * KIB;
const CPUS = PAGE_FLAGS + MIB;

export interface MemoryMap {
  readonly cpus: number;
  cpu(index: number): number;
  readonly slots: number;
  readonly pageFlags: number;
  /** GIC, timers, devices: shared records, handed out in order. */
  readonly shared: number;
  readonly sharedBytes: number;
  /** Decoded records of each CPU. */
  records(index: number): number;
  readonly recordsBytes: number;
  /** First byte of the RAM area, and of what lies behind it. */
  readonly ram: number;
  readonly end: number;
}

/** Lays out a memory for `cpus` CPUs and `ramBytes` of RAM area (all slots together). */
export function memoryMap(cpus: number, ramBytes: number): MemoryMap {
  const shared = alignUp(CPUS + cpus * CPU_AREA.size, 4096);
  const sharedBytes = 8 * MIB, recordsBytes = 96 * MIB;
  const records = shared + sharedBytes;
  const ram = alignUp(records + cpus * recordsBytes, MIB);
  return {
    cpus, slots: SLOTS, pageFlags: PAGE_FLAGS, shared, sharedBytes, recordsBytes, ram, end: ram + alignUp(ramBytes, 64 * KIB),
    cpu: index => CPUS + index * CPU_AREA.size,
    records: index => records + index * recordsBytes,
  };
}
