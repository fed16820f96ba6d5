/**
 * The lifecycle of sleep (design §5):
 *
 *   running ── guest asks ──▶ asked ── sleep ──▶ asleep ── wake event ──▶ waking ──▶ running
 *                               ├── resume ──▶ running     └── not a wake source: asleep again
 *                               └── deny ──▶ running
 *
 * What is not in the vCPU or the GIC stands in one declared record: MP state alone does not say whether a CPU idles in
 * CPU_SUSPEND or the system sleeps (suspend contract C29), and interrupts that the wake filter holds must be given back.
 */
import { state, type View } from '@hypnos/base';
import type { Vcpu, Vm, WakeLine } from '@hypnos/hypervisor';
import { interruptName, MAP } from './board/map.ts';
import type { WakeCause, WakeOutlook } from './events.ts';
import { PSCI, type PsciError } from './policy.ts';
import { mayWake, type WakeSources } from './wake-sources.ts';

/** Values of `suspended`. */
export const SUSPEND = { none: 0, cpu: 1, system: 2 } as const;

/** INTIDs that the GIC can mask one by one: SGIs, PPIs and SPIs. */
const MASKABLE = 1020;

const fields = {
  suspended: state.u32(),
  /** One bit an INTID that the wake filter has masked and will unmask. */
  held: state.array('u32', 32),
  sleeps: state.u32(),
  /** 1 while a request to sleep waits for its answer: a machine restored then is asked anew. */
  asked: state.u32(),
};
export const lifecycleShape = state.shape(fields);
export type Lifecycle = View<typeof fields>;

export interface Refusal { readonly code: PsciError; readonly reason: string }

/**
 * The VMM's own checks of a SYSTEM_SUSPEND (C14–C16): DENIED before INVALID_ADDRESS, as Trusted Firmware has it. With every
 * other vCPU's thread out of RUN, as C19 demands; with one vCPU there is none.
 */
export function refusal(vm: Vm, caller: Vcpu, entry: bigint): Refusal | undefined {
  if (vm.vcpus.some(other => other !== caller && other.getMpState() !== 'stopped')) {
    return { code: 'DENIED', reason: 'another CPU is not off' };
  }
  if (entry % 4n !== 0n) return { code: 'INVALID_ADDRESS', reason: 'the entry point is not at a multiple of 4' };
  const inRam = vm.memoryRegions.some(r => r.guestPhysAddr >= MAP.ram.address && entry >= r.guestPhysAddr && entry < r.guestPhysAddr + r.memorySize);
  return inRam ? undefined : { code: 'INVALID_ADDRESS', reason: 'the entry point is not in RAM' };
}

export const psciCode = (name: PsciError): number => PSCI[name];

/** Masks an interrupt that woke the CPU and may not (C37). False for an LPI, which is not masked one by one. */
export function hold(life: Lifecycle, vm: Vm, cpuIndex: number, intid: number): boolean {
  if (intid >= MASKABLE) return false;
  vm.gic.setEnabled(intid, false, cpuIndex);
  life.held[intid >> 5]! |= 1 << (intid & 31);
  return true;
}

/** Gives back what was held, before the CPU runs again (C37). */
export function releaseHeld(life: Lifecycle, vm: Vm, cpuIndex: number): void {
  for (let intid = 0; intid < MASKABLE; intid++) {
    if (life.held[intid >> 5]! & (1 << (intid & 31))) vm.gic.setEnabled(intid, true, cpuIndex);
  }
  life.held.fill(0);
}

const causeOf = (line: WakeLine, priorityMask: number): WakeCause =>
  ({ intid: line.intid, source: interruptName(line.intid), priority: line.priority, priorityMask, target: line.target });

/** The interrupts that wake this CPU now. */
export function causes(vm: Vm, cpuIndex: number): readonly WakeCause[] {
  const report = vm.gic.explainWake(cpuIndex);
  return report.lines.filter(line => line.verdict === 'wakes').map(line => causeOf(line, report.priorityMask));
}

/** What would wake this CPU, and what only the filter keeps from it. */
export function outlook(vm: Vm, cpuIndex: number, sources: WakeSources, alarm: bigint | null): WakeOutlook {
  const able = vm.gic.explainWake(cpuIndex).lines.filter(line => line.wouldWake && line.intid >= 16)
    .map(({ intid }) => ({ intid, source: interruptName(intid) }));
  return {
    sources: able.filter(({ intid }) => mayWake(sources, intid)), filtered: able.filter(({ intid }) => !mayWake(sources, intid)),
    ...(alarm === null ? {} : { alarm: Number(alarm) }),
  };
}
