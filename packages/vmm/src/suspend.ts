/** A guest asks to sleep, sleeps and wakes: what the VMM does at each step (suspend contract 1.4–1.9), for the three interfaces of the thread. */
import { hex } from '@hypnos/base';
import type { Vcpu } from '@hypnos/hypervisor';
import { intidOf, MAP } from './board/map.ts';
import { causes, hold, psciCode, refusal, releaseHeld, SUSPEND } from './lifecycle.ts';
import { ENDS, ORDER } from './mailbox.ts';
import { psciErrorName, type PsciError, type SuspendDecision } from './policy.ts';
import { denyCall, resumeAtEntry, suspendArguments } from './resume.ts';
import type { RunningMachine } from './running-machine.ts';
import type { Phase } from './run-vcpu.ts';
import { mayWake } from './wake-sources.ts';

/** The SUSPEND exit: nothing has changed in the guest, and we must act (C9–C11). */
export function asked(vcpu: Vcpu, machine: RunningMachine): Phase {
  const merged = machine.abi === 'merged';
  machine.life.asked = 0;
  const { entry, context } = merged ? suspendArguments(vcpu) : resumed2021(vcpu);
  machine.report({ event: 'suspend-asked', entry: hex(entry), context: hex(context) });
  const queues = machine.inFlight();
  if (queues.length > 0) machine.report({ event: 'in-flight', queues });
  const refused = merged ? refusal(machine.vm, vcpu, entry) : undefined;
  if (refused !== undefined && machine.policy.do !== 'ignore') return denied(vcpu, machine, refused.code, 'check', refused.reason);
  // It asked before it was stored, and goes on where there is no sleep.
  if (machine.policy.do === 'off') return merged ? denied(vcpu, machine, 'NOT_SUPPORTED', 'policy', 'this machine offers no sleep') : resumed(vcpu, machine);
  const decision = machine.policy.do === 'ask' ? askOwner(vcpu, machine, entry, context) : machine.policy;
  if (decision === undefined) return endedByOwner(machine, machine.mailbox.takeOrders(ENDS));
  return decide(vcpu, machine, decision);
}

/** A request that waited when the image was made: answered by whoever took the image, or put to the owner anew. */
export function askedBefore(vcpu: Vcpu, machine: RunningMachine): Phase {
  if (!machine.answered) return asked(vcpu, machine);
  machine.life.asked = 0;
  return decide(vcpu, machine, machine.answered);
}

function decide(vcpu: Vcpu, machine: RunningMachine, decision: SuspendDecision): Phase {
  switch (decision.do) {
    case 'sleep': return fallAsleep(vcpu, machine);
    case 'resume': return resumed(vcpu, machine);
    case 'deny':
      // The interfaces of 2021 have accepted the call by now: the guest cannot be told otherwise.
      return machine.abi === 'merged' ? denied(vcpu, machine, decision.code, 'policy', 'the policy says so') : resumed(vcpu, machine);
    case 'ignore':
      machine.report({ event: 'ignored' });
      return 'running';
    case 'park': return endedByOwner(machine, ORDER.parked);
  }
}

/** The owner decides while the vCPU waits out of RUN; undefined if the machine is stopped or reset instead. */
function askOwner(vcpu: Vcpu, machine: RunningMachine, entry: bigint, context: bigint): SuspendDecision | undefined {
  const { mailbox, life } = machine;
  mailbox.takeOrders(ORDER.decided);
  life.asked = 1;
  machine.post({ kind: 'ask', entry, context, wake: machine.outlook(vcpu) });
  for (;;) {
    mailbox.waitForOrders(ORDER.decided | ENDS | ORDER.save);
    if (!mailbox.takeOrders(ORDER.save)) break;
    machine.freeze();
    machine.save(vcpu);
  }
  machine.thaw();
  life.asked = 0;
  if (!mailbox.takeOrders(ORDER.decided)) return undefined;
  const { decision, denyCode } = mailbox.decision();
  return decision === 'deny' ? { do: 'deny', code: psciErrorName(denyCode) ?? 'DENIED' } : { do: decision };
}

/** Parked, stopped or reset, whatever state the guest is in, asleep too (C55). */
export function endedByOwner(machine: RunningMachine, orders: number): Phase {
  if (orders & ORDER.parked) {
    machine.report({ event: 'parked' });
    return { ended: 'parked' };
  }
  if (orders & ORDER.stop) return { ended: 'stopped' };
  machine.report({ event: 'reset', by: 'owner' });
  return { ended: 'reset' };
}

function denied(vcpu: Vcpu, machine: RunningMachine, code: PsciError, by: 'policy' | 'check', reason: string): Phase {
  denyCall(vcpu, psciCode(code));
  machine.report({ event: 'denied', code, by, reason });
  return 'running';
}

function fallAsleep(vcpu: Vcpu, machine: RunningMachine): Phase {
  machine.life.suspended = SUSPEND.system;
  machine.life.sleeps++;
  if (machine.abi === 'merged') vcpu.setMpState('suspended');            // C21
  machine.fellAsleep(machine.outlook(vcpu));
  return 'running';
}

/** The WAKEUP exit: still suspended, nothing acknowledged (C36). */
export function woke(vcpu: Vcpu, machine: RunningMachine): Phase {
  const all = causes(machine.vm, vcpu.index);
  const allowed = all.filter(({ intid }) => mayWake(machine.wakeOn, intid));
  if (all.length > 0 && allowed.length === 0 && all.every(({ intid }) => hold(machine.life, machine.vm, vcpu.index, intid))) {
    machine.report({ event: 'filtered', cause: all });
    return 'running';                                                    // asleep again: RUN blocks once more (C37)
  }
  machine.wokeUp({ event: 'woke', why: 'interrupt', cause: allowed.length > 0 ? allowed : all });
  return resumed(vcpu, machine);
}

/** C50: the owner wakes the guest, or a key does that the guest's own drivers do not listen to. */
export function ownerWakes(vcpu: Vcpu, machine: RunningMachine, ordered: boolean): void {
  if (machine.life.suspended !== SUSPEND.system) return;
  if (!ordered && (causes(machine.vm, vcpu.index).length > 0 || !mayWake(machine.wakeOn, intidOf(MAP.pl061.spi)))) return;
  machine.wokeUp({ event: 'woke', why: 'owner' });
  resumed(vcpu, machine);
}

/** The interfaces of 2021 have queued the resume before the exit: PC and x0 already say where it goes on, and with what. */
const resumed2021 = (vcpu: Vcpu): { readonly entry: bigint; readonly context: bigint } => ({ entry: vcpu.pc, context: vcpu.getX(0) });

function resumed(vcpu: Vcpu, machine: RunningMachine): Phase {
  releaseHeld(machine.life, machine.vm, vcpu.index);
  machine.life.suspended = SUSPEND.none;
  const { entry, context } = machine.abi === 'merged' ? resumeAtEntry(vcpu) : resumed2021(vcpu);
  machine.report({ event: 'resumed', entry: hex(entry), context: hex(context) });
  return 'running';
}

/**
 * Sleep under v1, where the hypervisor knows no suspended state: the vCPU stays out of RUN until something that the VMM
 * itself sees happens. The guest's own timers do not wake it, which is what the review held against v1 (C34).
 */
export function wokenOutside(vcpu: Vcpu, machine: RunningMachine): boolean {
  const cause = machine.raisedLines().filter(({ intid }) => mayWake(machine.wakeOn, intid));
  if (cause.length === 0) return false;
  machine.wokeUp({ event: 'woke', why: 'interrupt', cause });
  resumed(vcpu, machine);
  return true;
}
