/** What the wake explainer answers: one line for each interrupt that is pending or could become so, with its reason. */

/** Why an interrupt does not wake a CPU; 'wakes' when it does. The order is the order of asking. */
export type WakeVerdict =
  | 'wakes' | 'not pending' | 'disabled' | 'active' | 'priority not above PMR' | 'group off in GICD_CTLR' | 'routed to another CPU';

export interface WakeLine {
  readonly intid: number;
  readonly pending: boolean;
  readonly enabled: boolean;
  readonly active: boolean;
  readonly level: boolean;
  readonly group: 0 | 1;
  readonly priority: number;
  /** The CPU that gets it; null when its route names none. */
  readonly target: number | null;
  readonly verdict: WakeVerdict;
  /** If it became pending now, would it wake this CPU? */
  readonly wouldWake: boolean;
}

export interface WakeReport {
  readonly cpuIndex: number;
  /** Whether the wake predicate holds (C30): some line's verdict is 'wakes'. */
  readonly wakes: boolean;
  readonly priorityMask: number;
  /** Interrupts that are pending, enabled or active. */
  readonly lines: readonly WakeLine[];
}
