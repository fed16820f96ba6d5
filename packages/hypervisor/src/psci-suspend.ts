/**
 * PSCI SYSTEM_SUSPEND (DEN 0022 §5.19) in the three shapes the interface has had: Linux 5.19's, where the exit changes
 * nothing and the VMM decides; and the two of 2021, where the hypervisor checks and queues the resume itself.
 */
import { answer, argument, type Call, NOT_SUPPORTED, type Outcome } from './call.ts';
import { MP_STATE } from './capabilities.ts';
import { SYSTEM_EVENT } from './exit.ts';
import { REQUEST } from './layout.ts';
import { oweReset } from './reset.ts';

const DENIED = -3n;
/** The number the event had before WAKEUP took it. */
const V1_SUSPEND_EVENT = 4;

export function systemSuspend(call: Call): Outcome {
  if (!call.vm.records.vm.systemSuspend) return answer(NOT_SUPPORTED);
  return call.vm.suspendAbi === 'merged' ? intent() : checkedSuspend(call);
}

/** Contract C9, C10: no check, no register written, MP state untouched. */
const intent = (): Outcome => ({ exit: { reason: 'system-event', event: 'suspend', type: SYSTEM_EVENT.suspend, ndata: 0, flags: 0n } });

/** 2021: DENIED while another CPU is not off; otherwise a reset to the entry point is owed, so that running on resumes. */
function checkedSuspend(call: Call): Outcome {
  const { vm, cpuIndex } = call;
  for (let i = 0; i < vm.map.cpus; i++) {
    if (i !== cpuIndex && vm.cpu(i) && vm.mpState(i) !== MP_STATE.stopped) return answer(DENIED);
  }
  oweReset(vm, cpuIndex, { pc: argument(call, 1), x0: argument(call, 2), bigEndian: vm.vcpuBigEndian(cpuIndex) });
  vm.request(cpuIndex, REQUEST.reset);
  const type = vm.suspendAbi === 'v1' ? V1_SUSPEND_EVENT : SYSTEM_EVENT.suspend;
  return { exit: { reason: 'system-event', event: 'suspend', type, ndata: 0, flags: 0n } };
}
