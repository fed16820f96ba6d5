/** SMCCC 1.1 (Arm DEN 0028) as KVM offers it: filter first, then the service that owns the function id; PSCI has the rest. */
import { HYPERCALL_FLAG } from './exit.ts';
import { answer, argument, type Call, NOT_SUPPORTED, type Outcome, setResult } from './call.ts';
import { SMCCC_FILTER_ACTION } from './capabilities.ts';
import { SERVICE } from './firmware-registers.ts';
import { isPsci, psciCall } from './psci.ts';
import { PV_TIME, pvTimeCall } from './pv-time.ts';
import { filterAction } from './smccc-filter.ts';
import { isTrng, trngCall } from './trng.ts';

export const SMCCC = {
  version: 0x8000_0000, archFeatures: 0x8000_0001, workaround1: 0x8000_8000, workaround2: 0x8000_7fff, workaround3: 0x8000_3fff,
  vendorUid: 0x8600_ff01, vendorFeatures: 0x8600_0000, ptp: 0x8600_0001,
} as const;

const VERSION_1_1 = 0x10001n;
/** KVM's UID, 28b46fb6-2ec5-11e9-a9ca-4b564d003a74: guests look for it before they use KVM's own calls. */
const KVM_UID = [0xb66f_b428n, 0xe911_c52en, 0x564b_caa9n, 0x743a_004dn];
/** The CPU is not affected: WORKAROUND_1 and 3 say so with 1, WORKAROUND_2 with -2. */
const UNAFFECTED = 1n, NOT_REQUIRED = -2n;

/** One call, answered. */
export function smcccCall(call: Call): Outcome {
  const action = filterAction(call.vm.records.vm, call.functionId);
  if (action === SMCCC_FILTER_ACTION.deny) return answer(NOT_SUPPORTED);
  if (action === SMCCC_FILTER_ACTION.forward) {
    return { exit: { reason: 'hypercall', nr: call.functionId, flags: call.conduit === 'smc' ? HYPERCALL_FLAG.smc : 0n } };
  }
  return dispatch(call);
}

function dispatch(call: Call): Outcome {
  const { vm } = call.vm.records, id = call.functionId;
  if (isTrng(id)) return vm.stdBitmap & SERVICE.trng ? trngCall(call) : answer(NOT_SUPPORTED);
  if (isPsci(id)) return psciCall(call);
  switch (id) {
    case SMCCC.version: return answer(VERSION_1_1);
    case SMCCC.archFeatures: return archFeatures(call);
    case SMCCC.workaround1: case SMCCC.workaround2: case SMCCC.workaround3: return answer(0n);
    case PV_TIME.features: case PV_TIME.st: return vm.stdHypBitmap & SERVICE.pvTime ? pvTimeCall(call) : answer(NOT_SUPPORTED);
    case SMCCC.vendorUid: return vm.vendorHypBitmap & SERVICE.vendorFeatures ? answer(...KVM_UID) : answer(NOT_SUPPORTED);
    case SMCCC.vendorFeatures: return vm.vendorHypBitmap & SERVICE.vendorFeatures ? answer(vm.vendorHypBitmap) : answer(NOT_SUPPORTED);
    case SMCCC.ptp: return vm.vendorHypBitmap & SERVICE.vendorPtp ? ptp(call) : answer(NOT_SUPPORTED);
    default: return answer(NOT_SUPPORTED);
  }
}

function archFeatures(call: Call): Outcome {
  switch (Number(BigInt.asUintN(32, argument(call, 1)))) {
    case SMCCC.version: case SMCCC.archFeatures: return answer(0n);
    case SMCCC.workaround1: case SMCCC.workaround3: return answer(UNAFFECTED);
    case SMCCC.workaround2: return answer(NOT_REQUIRED);
    case PV_TIME.features: return answer(call.vm.records.vm.stdHypBitmap & SERVICE.pvTime ? 0n : NOT_SUPPORTED);
    default: return answer(NOT_SUPPORTED);
  }
}

/** Wall-clock time and the counter at one moment, each as two 32-bit words, high first. x1 picks the counter; both read alike. */
function ptp(call: Call): Outcome {
  const realtime = call.vm.config.clock.realtime?.();
  const which = Number(BigInt.asUintN(32, argument(call, 1)));
  if (realtime === undefined || which > 1) return answer(NOT_SUPPORTED);
  const counter = call.vm.counter();
  return answer(realtime >> 32n, BigInt.asUintN(32, realtime), counter >> 32n, BigInt.asUintN(32, counter));
}

/** HVC or SMC at EL1. An SMC with an immediate is refused with all ones in x0 and nothing else changed (contract C7). */
export function firmwareCall(call: Call, immediate: number): Outcome {
  if (call.conduit === 'smc' && immediate !== 0) {
    call.cpu.state.x[0] = BigInt.asUintN(64, -1n);
    return { values: [] };
  }
  const outcome = smcccCall(call);
  if (outcome.values !== undefined) setResult(call.cpu, outcome.values);
  return outcome;
}
