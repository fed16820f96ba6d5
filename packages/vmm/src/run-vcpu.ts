/**
 * Runs one vCPU to its end. The loop holds no machine state of its own: whether a CPU is off or suspended lives in the
 * vCPU and the lifecycle record, the arguments of a suspend call stay in the guest's registers; so a snapshot taken at
 * any pause is whole.
 */
import { unreachable } from '@hypnos/base';
import type { MmioExit, SystemEventExit, SystemEvent, Vcpu } from '@hypnos/hypervisor';
import { EVENT_FLAG } from '@hypnos/hypervisor';
import type { RunningMachine } from './running-machine.ts';
import { asked, askedBefore, endedByOwner, ownerWakes, woke, wokenOutside } from './suspend.ts';
import type { Ending } from './thread-setup.ts';
import { ENDS, ORDER } from './mailbox.ts';

export type Phase = 'running' | 'paused' | { readonly ended: Ending; readonly detail?: string };

export function runVcpu(vcpu: Vcpu, machine: RunningMachine): Exclude<Phase, string> {
  // What was ordered before there was a vCPU to kick. A machine that is to be held is held before anything becomes of it: it may be stored again.
  const hold = machine.mailbox.peekOrders() & ORDER.pause;
  let phase: Phase = machine.life.asked ? askedBefore(vcpu, machine) : hold ? 'paused' : 'running';
  if (phase === 'running') phase = served(vcpu, machine);
  for (;;) {
    if (phase === 'running') phase = running(vcpu, machine);
    else if (phase === 'paused') phase = paused(vcpu, machine);
    else return phase;
  }
}

// running ── pause ──▶ paused, running ── off, reset, crash, stop, fault ──▶ ended
function running(vcpu: Vcpu, machine: RunningMachine): Phase {
  const { exits } = machine;
  machine.thaw();
  for (;;) {
    if (machine.sleepsOutside) {
      if (!wokenOutside(vcpu, machine)) machine.waitOutside();
      const phase = served(vcpu, machine);
      if (phase !== 'running') return phase;
      continue;
    }
    const exit = vcpu.run(machine.runMode());
    exits[exit.reason] = (exits[exit.reason] ?? 0) + 1;
    switch (exit.reason) {
      case 'mmio':
        access(vcpu, machine, exit);
        break;                                  // the hot path: straight back in
      case 'system-event': {
        const phase = onSystemEvent[exit.event](vcpu, machine, exit);
        if (phase !== 'running') return phase;
        break;
      }
      case 'interrupted': {
        const phase = served(vcpu, machine);
        if (phase !== 'running') return phase;
        break;
      }
      case 'hypercall':
        return { ended: 'fault', detail: `the hypervisor forwarded SMCCC call ${exit.nr}, and no filter of ours asks for that` };
      case 'page-absent':
        return { ended: 'fault', detail: `page frame ${exit.frame} is absent, and nothing here brings pages in` };
      case 'internal-error':
        return { ended: 'fault', detail: exit.detail };
      default:
        return unreachable(exit);
    }
  }
}

/** Orthogonal to sleep: a suspended vCPU stays so, and what would wake it is looked at afterwards (suspend contract C56). */
function paused(vcpu: Vcpu, machine: RunningMachine): Phase {
  const { mailbox } = machine, ends = ENDS | ORDER.resume;
  settleAccess(vcpu, machine);
  machine.freeze();
  machine.report({ event: 'paused' });
  for (;;) {
    mailbox.waitForOrders(ends | ORDER.save);
    if (mailbox.takeOrders(ORDER.save)) machine.save(vcpu);
    const orders = mailbox.takeOrders(ends), ending = orders & ENDS;
    if (ending) return endedByOwner(machine, ending);
    if ((mailbox.peekOrders() & ORDER.pause) === 0) break;
  }
  machine.thaw();
  machine.report({ event: 'running' });
  return 'running';
}

/** An instruction that waits for the answer to an access is finished, with what other accesses it makes, and nothing further run (contract C47). */
function settleAccess(vcpu: Vcpu, machine: RunningMachine): void {
  vcpu.immediateExit = true;
  for (let exit = vcpu.run(); exit.reason === 'mmio'; exit = vcpu.run()) access(vcpu, machine, exit);
  vcpu.immediateExit = false;
}

function access(vcpu: Vcpu, machine: RunningMachine, exit: MmioExit): void {
  if (exit.write !== undefined) machine.bus.write(exit.address, exit.bytes, exit.write);
  else vcpu.answerMmio(machine.bus.read(exit.address, exit.bytes));
  machine.afterAccess();
}

/** Does what the machine's owner ordered since, and what has come due. */
function served(vcpu: Vcpu, machine: RunningMachine): Phase {
  const { mailbox } = machine;
  const orders = mailbox.takeOrders(ENDS | ORDER.resume | ORDER.wake | ORDER.powerKey | ORDER.sleepKey | ORDER.input | ORDER.alarm | ORDER.renewed);
  if (orders & ENDS) return endedByOwner(machine, orders);
  machine.fireAlarms();
  machine.offerInput();
  if (orders & ORDER.powerKey) machine.press('power');
  if (orders & ORDER.sleepKey) machine.press('sleep');
  if (orders & (ORDER.wake | ORDER.powerKey | ORDER.sleepKey)) ownerWakes(vcpu, machine, (orders & ORDER.wake) !== 0);
  if (!machine.mayRun()) return unowned(vcpu, machine);
  return mailbox.peekOrders() & ORDER.pause ? 'paused' : 'running';
}

/** The owner's word that this machine may run has run out: nothing runs until it is renewed. Somebody else may have the guest by then. */
function unowned(vcpu: Vcpu, machine: RunningMachine): Phase {
  const { mailbox } = machine;
  settleAccess(vcpu, machine);
  machine.freeze();
  machine.report({ event: 'held' });
  while (!machine.mayRun()) {
    mailbox.waitForOrders(ENDS | ORDER.renewed);
    mailbox.takeOrders(ORDER.renewed);
    const ending = mailbox.takeOrders(ENDS);
    if (ending) return endedByOwner(machine, ending);
  }
  machine.thaw();
  machine.report({ event: 'running' });
  return mailbox.peekOrders() & ORDER.pause ? 'paused' : 'running';
}

const onSystemEvent: Record<SystemEvent, (vcpu: Vcpu, machine: RunningMachine, exit: SystemEventExit) => Phase> = {
  shutdown(_vcpu, machine, exit) {
    machine.report({ event: 'off', hibernate: (exit.flags & EVENT_FLAG.off2) !== 0n });
    return { ended: 'off' };
  },
  reset(_vcpu, machine) {
    machine.report({ event: 'reset', by: 'guest' });
    return { ended: 'reset' };
  },
  crash(_vcpu, machine) {
    machine.report({ event: 'crash' });
    return { ended: 'crash' };
  },
  suspend: asked,
  wakeup: woke,
};
