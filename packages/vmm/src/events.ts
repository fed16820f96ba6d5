/** What a machine tells about its life, one plain object an event: made on the vCPU's thread, read by listeners and `--events`. */
import type { PsciError } from './policy.ts';

/** Why a sleeping guest came back: an interrupt that the GIC delivers, or the machine's owner. */
export interface WakeCause {
  readonly intid: number;
  readonly source: string;
  readonly priority: number;
  readonly priorityMask: number;
  readonly target: number | null;
}

/** What would wake a guest that falls asleep now. */
export interface WakeOutlook {
  /** Interrupts enabled for the sleeping CPU that may wake it. */
  readonly sources: readonly { readonly intid: number; readonly source: string }[];
  /** Enabled, but held back by the wake filter. */
  readonly filtered: readonly { readonly intid: number; readonly source: string }[];
  /** The guest's appointment with the real-time clock, in seconds since 1970. */
  readonly alarm?: number;
}

export interface QueueInFlight { readonly device: string; readonly queue: number; readonly buffers: number }

export type Happening =
  | { readonly event: 'booted'; readonly entry: string }
  /** Goes on from an image, asleep or awake. */
  | { readonly event: 'restored'; readonly asleep: boolean; readonly asked?: boolean; readonly wake?: WakeOutlook }
  | { readonly event: 'suspend-asked'; readonly entry: string; readonly context: string }
  /** The guest asks while buffers of its lie in queues of devices: it has not brought them to rest (suspend contract C65). */
  | { readonly event: 'in-flight'; readonly queues: readonly QueueInFlight[] }
  | { readonly event: 'asleep'; readonly wake: WakeOutlook }
  | { readonly event: 'filtered'; readonly cause: readonly WakeCause[] }
  | { readonly event: 'woke'; readonly why: 'interrupt'; readonly cause: readonly WakeCause[] }
  | { readonly event: 'woke'; readonly why: 'owner' }
  | { readonly event: 'resumed'; readonly entry: string; readonly context: string }
  | { readonly event: 'denied'; readonly code: PsciError; readonly by: 'policy' | 'check'; readonly reason: string }
  | { readonly event: 'ignored' }
  /** The machine ends, and the guest lives on in a store. */
  | { readonly event: 'parked' }
  /** The owner's word that the machine may run has run out: it is held until it is renewed. */
  | { readonly event: 'held' }
  | { readonly event: 'paused' }
  | { readonly event: 'running' }
  | { readonly event: 'off'; readonly hibernate: boolean }
  | { readonly event: 'reset'; readonly by: 'guest' | 'owner' }
  | { readonly event: 'crash' }
  | { readonly event: 'fault'; readonly detail: string };

/** When it happened: by the host's clock, the guest's counter, and instructions retired. */
export interface Moment {
  readonly wallNs: bigint;
  readonly counter: bigint;
  readonly retired: bigint;
}

export type MachineEvent = Happening & { readonly at: Moment };

/** One line of JSON, as `--events` writes it. Counts are numbers: they pass 2^53 after years. */
export function eventLine({ at, ...happening }: MachineEvent): string {
  const { event, ...rest } = happening;
  return JSON.stringify({ event, timeMs: Number(at.wallNs / 1000n) / 1000, counter: Number(at.counter), retired: Number(at.retired), ...rest });
}
