/** Programs the resume of a system that slept: what a VMM does where firmware would (suspend contract C40–C46, DEN0022 5.20). */
import { TARGET_GENERIC_V8, VCPU_FEATURE, type Vcpu } from '@hypnos/hypervisor';
import { SCTLR_EE, SCTLR_EL1, TIMERS } from './one-reg.ts';

/** What every vCPU of this VMM is initialised with; secondaries add POWER_OFF. */
export const VCPU_FEATURES = VCPU_FEATURE.psci02;

/** The arguments of the SYSTEM_SUSPEND call that the vCPU stopped at: nothing has touched them since (C10). */
export const suspendArguments = (vcpu: Vcpu): { readonly entry: bigint; readonly context: bigint } =>
  ({ entry: vcpu.getX(1), context: vcpu.getX(2) });

/** Starts the vCPU at the entry point that the guest named, as if it had just been switched on. */
export function resumeAtEntry(vcpu: Vcpu): { readonly entry: bigint; readonly context: bigint } {
  const asked = suspendArguments(vcpu);                                  // C40: INIT clears x0..x30
  const bigEndian = vcpu.getOneReg(SCTLR_EL1) & SCTLR_EE;
  const timers = TIMERS.map(id => vcpu.getOneReg(id));
  vcpu.init({ target: TARGET_GENERIC_V8, features: VCPU_FEATURES });     // C41: without POWER_OFF the MP state becomes RUNNABLE
  if (bigEndian) vcpu.setOneReg(SCTLR_EL1, vcpu.getOneReg(SCTLR_EL1) | SCTLR_EE);   // C43
  TIMERS.forEach((id, i) => vcpu.setOneReg(id, timers[i]!));             // C45
  vcpu.pc = asked.entry;
  vcpu.setX(0, asked.context);
  return asked;
}

/** Ends the call with an error instead: x0 holds it, x1..x3 are zero, the guest goes on behind its call (C13). */
export function denyCall(vcpu: Vcpu, code: number): void {
  vcpu.setX(0, BigInt.asUintN(64, BigInt(code)));
  for (const n of [1, 2, 3]) vcpu.setX(n, 0n);
}
