/** What the system side of a CPU works on: declared state, guest memory, and the ports the hypervisor and engine fill. */
import type { CpuModel, ServiceName } from '@hypnos/isa';
import type { GuestMemory } from '../guest-memory.ts';
import { CPU_AREA, FETCH_ENTRIES, FETCH_ENTRY_BYTES, type MemoryMap, TLB_ENTRIES, TLB_ENTRY_BYTES } from '../memory-map.ts';
import { type CpuState, cpuShape, type SystemCells, systemCells } from '../state.ts';
import { absentPstate } from './pstate.ts';

/** System registers that live elsewhere, by the manual's name. */
export interface RegisterPort { read(name: string): bigint; write(name: string, value: bigint): void }

/** The world of the performance monitors. */
export interface PerformancePort {
  /** The overflow interrupt's line. */
  line(level: boolean): void;
  /** Cycles so far; without it, each instruction is one. */
  cycles?(): bigint;
}

export interface CpuPorts {
  /** CNT* (but the counters themselves) and ICC_*. */
  readonly timer: RegisterPort;
  readonly gic: RegisterPort;
  /** The system counter as this guest sees it. */
  counter(): bigint;
  /** Fresh entropy for RNDR, or null when there is none now. */
  entropy64(): bigint | null;
  /** The engine's decoded instructions are stale: all of them, or those of the page at a linear address (the line that CTR_EL0 tells). */
  forgetCode(linear: number | 'all'): void;
  /** Asks the other CPUs for the same maintenance (TLBI and IC of the inner shareable domain). */
  maintainOthers(name: ServiceName, argument: bigint): void;
  readonly performance?: PerformancePort;
}

/** The translation caches of one CPU as arrays: an entry's tag is word 0 of each pair. */
export interface TlbArrays {
  readonly read: BigUint64Array;
  readonly write: BigUint64Array;
  readonly fetch: BigUint64Array;
  /** Generation of each ASID. */
  readonly asids: Uint32Array;
}

export interface CpuContext {
  readonly index: number;
  readonly cpu: CpuState;
  readonly cells: SystemCells;
  readonly memory: GuestMemory;
  readonly tlb: TlbArrays;
  readonly model: CpuModel;
  readonly ports: CpuPorts;
  /** SPSR bits that this CPU lacks. */
  readonly absentPstate: bigint;
}

export interface CpuParts {
  readonly buffer: ArrayBufferLike;
  readonly map: MemoryMap;
  readonly index: number;
  readonly memory: GuestMemory;
  readonly model: CpuModel;
  readonly ports: CpuPorts;
}

/** CPU `index` of a memory map. Nothing is written: a new CPU also needs `resetCpu`. */
export function cpuContext({ buffer, map, index, memory, model, ports }: CpuParts): CpuContext {
  const base = map.cpu(index), shared = buffer as ArrayBuffer;
  const cpu = cpuShape.at(buffer, base + CPU_AREA.state);
  const tlb = {
    read: new BigUint64Array(shared, base + CPU_AREA.readTlb, (TLB_ENTRIES * TLB_ENTRY_BYTES) / 8),
    write: new BigUint64Array(shared, base + CPU_AREA.writeTlb, (TLB_ENTRIES * TLB_ENTRY_BYTES) / 8),
    fetch: new BigUint64Array(shared, base + CPU_AREA.fetch, (FETCH_ENTRIES * FETCH_ENTRY_BYTES) / 8),
    asids: new Uint32Array(shared, base + CPU_AREA.asids, 65536),
  };
  return { index, cpu, cells: systemCells(cpu), memory, tlb, model, ports, absentPstate: absentPstate(model.features) };
}
