/** Paravirtualized time (Arm DEN 0057): stolen time in a record of 64 bytes that the VMM places in guest memory. */
import { HypnosError } from '@hypnos/base';
import { answer, argument, type Call, NOT_SUPPORTED, type Outcome } from './call.ts';
import type { VcpuState } from './layout.ts';

export const PV_TIME = { features: 0xc500_0020, st: 0xc500_0021 } as const;
const RECORD_BYTES = 64n;
const UNSET = 0xffff_ffff_ffff_ffffn;

/** KVM_ARM_VCPU_PVTIME_IPA: can be set once, at a multiple of 64. */
export function setPvTime(vcpu: VcpuState, address: bigint): void {
  if (address % RECORD_BYTES !== 0n) throw new HypnosError('EINVAL', 'the stolen-time record stands at a multiple of 64 bytes');
  if (vcpu.pvTime !== UNSET) throw new HypnosError('EEXIST', 'this vCPU already has its stolen-time record');
  vcpu.pvTime = address;
}

export function pvTimeCall(call: Call): Outcome {
  const { pvTime } = call.cpu.vcpu;
  if (pvTime === UNSET) return answer(NOT_SUPPORTED);
  if (call.functionId === PV_TIME.features) {
    const asked = Number(BigInt.asUintN(32, argument(call, 1)));
    return answer(asked === PV_TIME.features || asked === PV_TIME.st ? 0n : NOT_SUPPORTED);
  }
  // Revision 0, attributes 0, and no time stolen: nobody takes a CPU's time that its own clock would not show.
  const written = call.vm.guestMemory.writeBytes(pvTime, new Uint8Array(Number(RECORD_BYTES)));
  return answer(written ? pvTime : NOT_SUPPORTED);
}
