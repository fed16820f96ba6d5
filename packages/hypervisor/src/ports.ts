/** What the wall needs from outside: an engine to run guest code, a clock, a way to wait, entropy. */
import type { CpuState, MemoryMap } from '@hypnos/cpu';

/** Frequency of the generic timer's counter, pinned by machine type hypnos-1 (QEMU virt's 62.5 MHz). */
export const COUNTER_FREQUENCY = 62_500_000;
export const NANOSECONDS_PER_TICK = 16;

export interface Clock {
  /** The host's counter in ticks of COUNTER_FREQUENCY. It never goes back; its zero does not matter. */
  counter(): bigint;
  /** Wall-clock time in nanoseconds since 1970, for the PTP call. Without it the call answers NOT_SUPPORTED. */
  realtime?(): bigint;
}

export interface Idle {
  /**
   * Waits until the attention word of the CPU is not zero, or for `nanoseconds` (null: without limit). May come back early.
   * In deterministic mode 'timeout' makes machine time jump by the whole wait; a driver with an earlier alarm of its
   * own calls `vm.advance` instead and answers 'notified'.
   */
  wait(cpuIndex: number, nanoseconds: number | null): 'notified' | 'timeout';
}

/** Registers a CPU reaches through the hypervisor, by the manual's name. */
export interface RegisterPort {
  read(name: string): bigint;
  write(name: string, value: bigint): void;
}

/** What guest code of one CPU asks of the hypervisor while it runs. */
export interface CpuPorts {
  /** CNT* registers except CNTFRQ. */
  readonly timer: RegisterPort;
  /** ICC_* registers. */
  readonly gic: RegisterPort;
  /** CNTVCT_EL0: the virtual counter now. */
  counter(): bigint;
  /** RNDR, RNDRRS. */
  entropy64(): bigint;
}

/** One CPU's place in the machine, as an engine gets it. */
export interface EngineSeat {
  readonly index: number;
  readonly memory: ArrayBufferLike;
  readonly map: MemoryMap;
  readonly cpu: CpuState;
  readonly ports: CpuPorts;
}

/** Runs guest code over the state in memory. */
export interface Engine {
  /** Runs at most `budget` instructions (exactly, in deterministic mode) and answers why it stopped (EXIT of @hypnos/cpu). */
  run(budget: bigint): number;
  /** CPU state was written from outside (reset, ONE_REG, restore): whatever the engine derives from it is recomputed. */
  stateChanged(): void;
  /** Memory slots or page flags changed: translations and decoded code are dropped. */
  memoryChanged(): void;
}

export interface EngineFactory {
  create(seat: EngineSeat): Engine;
}
