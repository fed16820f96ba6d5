/** What goes to a vCPU's thread when it starts, and what it says: plain values that can be cloned between threads. */
import type { MachineEvent, WakeOutlook } from './events.ts';
import type { MachinePlan } from './machine-plan.ts';
import type { CounterPolicy, SuspendDecision, SuspendPolicy } from './policy.ts';
import type { ImageSection } from './snapshot/image.ts';
import type { WakeSources } from './wake-sources.ts';

export type EngineName = 'interpreter' | 'reference';

/** What the machine is built from, and what belongs to this run of it. */
export interface ThreadSetup extends MachinePlan {
  /** The one memory: `handle` for engines, `buffer` for everybody. */
  readonly memory: { readonly handle: unknown; readonly buffer: SharedArrayBuffer };
  readonly mailbox: SharedArrayBuffer;
  readonly cpus: number;
  readonly engine: EngineName;
  readonly onSuspend: SuspendPolicy;
  readonly wakeOn: WakeSources;
  /** Sections of an image to go on from. */
  readonly restore?: readonly ImageSection[];
  readonly answered?: SuspendDecision;
  readonly away?: { readonly ns: bigint; readonly counter: CounterPolicy };
}

/** How a machine ended. */
export type Ending = 'off' | 'reset' | 'crash' | 'stopped' | 'fault' | 'parked';

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
  /** The policy is `ask`: answer with `Mailbox.decide`. `wake` is what would wake it if it fell asleep now. */
  | { readonly kind: 'ask'; readonly entry: bigint; readonly context: bigint; readonly wake: WakeOutlook }
  /** Kick the vCPU at this host time (monotonic ns); null takes the last wish back. */
  | { readonly kind: 'alarm'; readonly atNs: bigint | null }
  /** The answer to ORDER.save: the machine's sections, which pages of RAM were written since the last one, and ticks that the guest has missed in a store and not been given yet. */
  | { readonly kind: 'saved'; readonly sections: readonly ImageSection[]; readonly written: Uint8Array; readonly missed: bigint }
  | { readonly kind: 'flash-vars'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'ended'; readonly ending: Ending; readonly detail?: string; readonly statistics: RunStatistics };
