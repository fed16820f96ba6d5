/**
 * The generic timers of one CPU (DDI 0487 D12): their lines are functions of state and of the counter, put into the GIC
 * whenever either may have changed; nothing is scheduled anywhere.
 */
import { bits } from '@hypnos/base';
import type { Gic } from './gic/gic.ts';
import { PPI } from './gic/state.ts';
import type { TimerState } from './layout.ts';
import type { RegisterPort } from './ports.ts';

const ENABLE = 1, IMASK = 2, ISTATUS = 4;
const NEVER = (1n << 64n) - 1n;

/** One of the two timers: its control and compare value live in the record. */
type Which = 'virtual' | 'physical';
const which: readonly Which[] = ['virtual', 'physical'];

/** Whether the condition of a timer is met, whatever its mask says. */
const met = (t: TimerState, w: Which, now: bigint): boolean => (t[`${w}Ctl`] & ENABLE) !== 0 && now >= t[`${w}Cval`];

/** A timer's output (DDI 0487 D12.2.4). */
export const timerLine = (t: TimerState, w: Which, now: bigint): boolean => met(t, w, now) && !(t[`${w}Ctl`] & IMASK);

/** CNTx_CTL_EL0 as it reads. */
export const timerControl = (t: TimerState, w: Which, now: bigint): bigint => BigInt(t[`${w}Ctl`] | (met(t, w, now) ? ISTATUS : 0));

/** The counter value at which a line will next rise, or null when none will. */
export function nextDeadline(t: TimerState, now: bigint): bigint | null {
  let next = NEVER;
  for (const w of which) {
    const armed = (t[`${w}Ctl`] & (ENABLE | IMASK)) === ENABLE;
    if (armed && t[`${w}Cval`] > now && t[`${w}Cval`] < next) next = t[`${w}Cval`];
  }
  return next === NEVER ? null : next;
}

/** Brings the timers' PPIs up to date. Cheap when nothing changed. */
export function pollTimers(t: TimerState, gic: Gic, cpuIndex: number, now: bigint): void {
  gic.setLine(cpuIndex, PPI.virtualTimer, timerLine(t, 'virtual', now));
  gic.setLine(cpuIndex, PPI.physicalTimer, timerLine(t, 'physical', now));
}

/** Timers off and compare values at zero: what KVM's VCPU_INIT leaves (contract C45). */
export function resetTimers(t: TimerState): void {
  t.virtualCtl = t.physicalCtl = 0;
  t.virtualCval = t.physicalCval = 0n;
}

const REGISTER = /^CNT(V|P)_(CTL|CVAL|TVAL)_EL0$/;

/** The CNT* registers of a CPU. `counter` is what both of the guest's counters read. */
export function timerPort(t: TimerState, gic: Gic, cpuIndex: number, counter: () => bigint): RegisterPort {
  const parse = (name: string): readonly [Which, string] | null => {
    const m = REGISTER.exec(name);
    return m === null ? null : [m[1] === 'V' ? 'virtual' : 'physical', m[2]!];
  };
  return {
    read(name) {
      const timer = parse(name);
      if (timer === null) return name.startsWith('CNTVCT') || name.startsWith('CNTPCT') ? counter() : 0n;
      const [w, register] = timer;
      if (register === 'CVAL') return t[`${w}Cval`];
      if (register === 'TVAL') return bits(t[`${w}Cval`] - counter(), 0, 32);
      return timerControl(t, w, counter());
    },
    write(name, value) {
      const timer = parse(name);
      if (timer === null) return;
      const [w, register] = timer;
      if (register === 'CVAL') t[`${w}Cval`] = BigInt.asUintN(64, value);
      else if (register === 'TVAL') t[`${w}Cval`] = BigInt.asUintN(64, counter() + BigInt.asIntN(32, value));
      else t[`${w}Ctl`] = Number(value & 3n);
      pollTimers(t, gic, cpuIndex, counter());
    },
  };
}
