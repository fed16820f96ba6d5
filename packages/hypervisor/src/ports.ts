/** What the wall needs from outside: an engine to run guest code, a clock, a way to wait, entropy. */
import type { CpuContext, MemoryMap } from '@hypnos/cpu';

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

/** A register file of the hypervisor's that guests reach by MRS and MSR, by the manual's name. */
export interface RegisterPort {
  read(name: string): bigint;
  write(name: string, value: bigint): void;
}

/** Runs guest code of one CPU over the state in memory. */
export interface Engine {
  /**
   * Runs at most `budget` instructions (exactly that many in deterministic mode, if nothing else ends the run) and answers
   * why it stopped (EXIT of @hypnos/cpu). Takes interrupts by itself as `state.lines` and PSTATE say, leaves soon after
   * `state.attention` becomes non-zero, and keeps `state.retired` exact whenever it calls a port or comes back.
   * After HVC, SMC, WFI and WFE the PC is behind the instruction.
   */
  run(budget: bigint): number;
  /** CPU state was written from outside (reset, ONE_REG, restore): whatever the engine derives from it is worked out again. */
  stateChanged(): void;
  /** Memory slots or page flags changed, or the host wrote RAM: translations and decoded code are dropped. */
  memoryChanged(): void;
  /** Decoded code: all of it, or that of the 64-byte line at a linear address. */
  forgetCode(linear: number | 'all'): void;
}

export interface EngineFactory {
  /** An engine for one CPU, whose state the wall resets before it first runs. `exact`: budgets are kept to the instruction. */
  create(context: CpuContext, how: { readonly index: number; readonly map: MemoryMap; readonly exact: boolean }): Engine;
}
