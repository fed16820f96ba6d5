/** What goes to a vCPU's thread when it starts, and what it says: plain values that can be cloned between threads. */
import type { CpuModelName, SuspendAbi } from '@hypnos/hypervisor';
import type { Fittings } from './board/devices.ts';
import type { Segment } from './boot/plan.ts';
import type { MachineEvent } from './events.ts';
import type { SuspendPolicy } from './policy.ts';
import type { ImageSection } from './snapshot/image.ts';
import type { WakeSources } from './wake-sources.ts';

export type EngineName = 'interpreter' | 'reference';

export interface ThreadSetup {
  /** The one memory: `handle` for engines, `buffer` for everybody. */
  readonly memory: { readonly handle: unknown; readonly buffer: SharedArrayBuffer };
  readonly mailbox: SharedArrayBuffer;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly engine: EngineName;
  readonly cpuModel: CpuModelName;
  readonly deterministic: boolean;
  readonly suspendAbi: SuspendAbi;
  readonly onSuspend: SuspendPolicy;
  readonly wakeOn: WakeSources;
  /** Whether a guest that resets starts anew; otherwise a reset ends the machine. */
  readonly reboot: boolean;
  readonly entry: bigint;
  readonly segments: readonly Segment[];
  readonly flash: { readonly code?: Uint8Array; readonly vars?: Uint8Array };
  readonly fittings: Fittings;
  readonly firmwareItems: ReadonlyMap<number, Uint8Array>;
  /** Sections of an image to go on from; memory holds its bytes already. */
  readonly restore?: readonly ImageSection[];
}

/** How a machine ended. */
export type Ending = 'off' | 'reset' | 'crash' | 'stopped' | 'fault';

/** Figures of a run, for `--stats`. */
export interface RunStatistics {
  readonly retired: bigint;
  readonly exits: Readonly<Record<string, number>>;
  readonly sleeps: number;
  readonly asleepNs: bigint;
  readonly runningNs: bigint;
  /** Accesses that no device answers to. */
  readonly oddities: Readonly<Record<string, number>>;
}

export type ThreadMessage =
  | { readonly kind: 'event'; readonly event: MachineEvent }
  /** The policy is `ask`: answer with `Mailbox.decide`. */
  | { readonly kind: 'ask'; readonly entry: bigint; readonly context: bigint }
  /** Kick the vCPU at this host time (monotonic ns); null takes the last wish back. */
  | { readonly kind: 'alarm'; readonly atNs: bigint | null }
  /** The answer to ORDER.save: the machine's sections; it stays held. */
  | { readonly kind: 'saved'; readonly sections: readonly ImageSection[] }
  | { readonly kind: 'flash-vars'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'ended'; readonly ending: Ending; readonly detail?: string; readonly statistics: RunStatistics };
