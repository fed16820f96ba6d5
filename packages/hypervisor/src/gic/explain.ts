/** What the wake explainer answers: one line for each interrupt that is pending or could become so, with its reason. */
import type { Gic } from './gic.ts';


/** Why an interrupt does not wake a CPU; 'wakes' when it does. A hindrance named is the first of several. */
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

/** Every interrupt that is pending, enabled or active, with why it wakes the CPU or does not. */
export function explainWake(gic: Gic, cpuIndex: number): WakeReport {
  const pmr = gic.seats[cpuIndex]!.cpuInterface.pmr;
  gic.lock();
  const lines: WakeLine[] = [];
  for (let intid = 0; intid < gic.distributor.nrIntids; intid++) {
    const line = explainLine(gic, cpuIndex, intid, pmr);
    if (line.pending || line.enabled || line.active) lines.push(line);
  }
  gic.unlock();
  return { cpuIndex, wakes: lines.some(l => l.verdict === 'wakes'), priorityMask: pmr, lines };
}

function explainLine(gic: Gic, cpuIndex: number, intid: number, pmr: number): WakeLine {
  const bank = gic.bank(cpuIndex, intid), word = intid >>> 5;
  const is = (bits: number): boolean => ((bits >>> (intid & 31)) & 1) === 1;
  const pending = is(gic.pending(cpuIndex, word)), enabled = is(bank.enabled[word]!), active = is(bank.active[word]!);
  const group = is(bank.group[word]!) ? 1 : 0, priority = bank.priority[intid]!, target = gic.target(intid, cpuIndex);
  const groupOn = ((gic.distributor.groups >>> group) & 1) === 1;
  const hindrance: WakeVerdict | null =
    target !== cpuIndex ? 'routed to another CPU'
    : !enabled ? 'disabled'
    : active ? 'active'
    : !groupOn ? 'group off in GICD_CTLR'
    : priority >= pmr ? 'priority not above PMR'
    : null;
  return {
    intid, pending, enabled, active, level: is(bank.line[word]!), group, priority, target,
    verdict: pending ? hindrance ?? 'wakes' : 'not pending', wouldWake: hindrance === null,
  };
}
