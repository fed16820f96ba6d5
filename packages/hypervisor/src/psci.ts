/** PSCI 0.1 to 1.3 (Arm DEN 0022) as a table of functions: KVM's answers, with the specification's checks in the strict profile. */
import { bit } from '@hypnos/base';
import { answer, argument, type Call, is64, NOT_SUPPORTED, narrow, type Outcome } from './call.ts';
import { MP_STATE } from './capabilities.ts';
import { EVENT_FLAG, SYSTEM_EVENT, type SystemEvent } from './exit.ts';
import { affinityOf } from './gic/gic.ts';
import { REQUEST } from './layout.ts';
import { systemSuspend } from './psci-suspend.ts';
import { oweReset } from './reset.ts';

export const PSCI = {
  version: 0x8400_0000, cpuSuspend: 0x8400_0001, cpuOff: 0x8400_0002, cpuOn: 0x8400_0003, affinityInfo: 0x8400_0004, migrate: 0x8400_0005,
  migrateInfoType: 0x8400_0006, migrateInfoUpCpu: 0x8400_0007, systemOff: 0x8400_0008, systemReset: 0x8400_0009, features: 0x8400_000a,
  nodeHwState: 0x8400_000d, systemSuspend: 0x8400_000e, systemReset2: 0x8400_0012, systemOff2: 0x8400_0015,
} as const;
/** Makes an SMC64 id of an SMC32 one. */
export const smc64 = (id: number): number => (id | 0x4000_0000) >>> 0;

/** Return codes (DEN 0022 §5.2.2). */
export const PSCI_RETURN = {
  success: 0n, notSupported: -1n, invalidParameters: -2n, denied: -3n, alreadyOn: -4n, onPending: -5n, internalFailure: -6n, notPresent: -7n,
  disabled: -8n, invalidAddress: -9n,
} as const;

const R = PSCI_RETURN;
const SMCCC_VERSION = 0x8000_0000;
const V0_1 = 0x1, V0_2 = 0x2, V1_0 = 0x10000, V1_1 = 0x10001, V1_3 = 0x10003;
/** PSCI 0.1 had no fixed ids: KVM's are these (the device tree names them). */
const V0_1_BASE = 0x95c1_ba5e;
export const PSCI_0_1 = { cpuSuspend: V0_1_BASE, cpuOff: V0_1_BASE + 1, cpuOn: V0_1_BASE + 2, migrate: V0_1_BASE + 3 } as const;

export const isPsci = (id: number): boolean => {
  const low = (id & ~0x4000_0000) >>> 0;
  return (low >= PSCI.version && low <= 0x8400_001f) || (id >= V0_1_BASE && id <= PSCI_0_1.migrate);
};

interface PsciFunction {
  readonly since: number;
  /** Exists as an SMC64 id too. */
  readonly wide?: true;
  readonly strictOnly?: true;
  /** What PSCI_FEATURES answers; 0 when left out. */
  readonly features?: (call: Call) => bigint;
  readonly does: (call: Call) => Outcome;
}

const FUNCTIONS: Readonly<Record<number, PsciFunction>> = {
  [PSCI.version]: { since: V0_2, does: call => answer(BigInt(call.vm.records.vm.psciVersion)) },
  [PSCI.cpuSuspend]: { since: V0_2, wide: true, does: cpuSuspend },
  [PSCI.cpuOff]: { since: V0_2, does: cpuOff },
  [PSCI.cpuOn]: { since: V0_2, wide: true, does: cpuOn },
  [PSCI.affinityInfo]: { since: V0_2, wide: true, does: affinityInfo },
  // No Trusted OS that would have to migrate (DEN 0022 §5.9.2).
  [PSCI.migrateInfoType]: { since: V0_2, does: () => answer(2n) },
  [PSCI.systemOff]: { since: V0_2, does: call => systemEvent(call, 'shutdown', 0n) },
  [PSCI.systemReset]: { since: V0_2, does: call => systemEvent(call, 'reset', 0n) },
  [PSCI.features]: { since: V1_0, does: features },
  [PSCI.nodeHwState]: { since: V1_0, wide: true, strictOnly: true, does: nodeHwState },
  [PSCI.systemSuspend]: {
    since: V1_0, wide: true, does: systemSuspend, features: call => (call.vm.records.vm.systemSuspend ? R.success : R.notSupported),
  },
  [PSCI.systemReset2]: { since: V1_1, wide: true, does: systemReset2 },
  [PSCI.systemOff2]: { since: V1_3, wide: true, does: systemOff2, features: () => 1n },
};

/** The function of an id for this guest, or null if it has none: unknown, too new, or a 64-bit id of a 32-bit one. */
function lookUp(call: Call, id: number): PsciFunction | null {
  const f = FUNCTIONS[(id & ~0x4000_0000) >>> 0];
  if (f === undefined || call.vm.records.vm.psciVersion < f.since) return null;
  if ((is64(id) && !f.wide) || (f.strictOnly && !call.vm.strict)) return null;
  return f;
}

export function psciCall(call: Call): Outcome {
  if (call.vm.records.vm.psciVersion === V0_1) return psci01(call);
  const f = lookUp(call, call.functionId);
  if (f === null) return answer(NOT_SUPPORTED);
  // The convention of the id, not the caller's register width, sizes the arguments.
  if (f.wide && !is64(call.functionId)) narrow(call);
  return f.does(call);
}

function psci01(call: Call): Outcome {
  if (call.functionId === PSCI_0_1.cpuOff) return cpuOff(call);
  if (call.functionId === PSCI_0_1.cpuOn) return cpuOn(call);
  return answer(NOT_SUPPORTED);
}

function features(call: Call): Outcome {
  const asked = Number(BigInt.asUintN(32, argument(call, 1)));
  if (asked === SMCCC_VERSION) return answer(R.success);
  const f = lookUp(call, asked);
  if (f === null) return answer(R.notSupported);
  return answer(f.features === undefined ? R.success : f.features(call));
}

/** Bits of power_state, original format, that must be zero (DEN 0022 §5.4.2); bit 16 asks for power-down. */
const POWER_STATE_RESERVED = 0xfcfe_0000n;
/** Standby is WFI. Power-down is downgraded to standby, which the specification allows, so the call always returns. */
function cpuSuspend(call: Call): Outcome {
  const powerState = argument(call, 1);
  if (call.vm.strict) {
    if (powerState & POWER_STATE_RESERVED) return answer(R.invalidParameters);
    if (bit(powerState, 16) && !isEntryPoint(call, argument(call, 2))) return answer(R.invalidAddress);
  }
  return { values: [R.success], wait: true };
}

function cpuOff(call: Call): Outcome {
  call.vm.setMpState(call.cpuIndex, MP_STATE.stopped);
  return answer(R.success);
}

/** Affinity fields of MPIDR; any other bit set is a bad argument. */
const AFFINITY = 0xff_00ff_ffffn;
const LEVEL_MASKS = [AFFINITY, AFFINITY & ~0xffn, AFFINITY & ~0xffffn, AFFINITY & ~0xff_ffffn];

/** The vCPUs there are whose affinity matches down to a level. */
function matching(call: Call, affinity: bigint, level: number): readonly number[] {
  if (affinity & ~AFFINITY) return [];
  const mask = LEVEL_MASKS[level]!;
  return Array.from({ length: call.vm.map.cpus }, (_, i) => i).filter(i => call.vm.cpu(i) !== null && (affinityOf(i) & mask) === (affinity & mask));
}

export const isEntryPoint = (call: Call, address: bigint): boolean => address % 4n === 0n && call.vm.slots.linear(address) !== null;

function cpuOn(call: Call): Outcome {
  const [target] = matching(call, argument(call, 1), 0);
  if (target === undefined) return answer(R.invalidParameters);
  const { vm } = call, entry = argument(call, 2);
  if (vm.mpState(target) !== MP_STATE.stopped) return answer(vm.records.vm.psciVersion === V0_1 ? R.invalidParameters : R.alreadyOn);
  if (vm.strict && !isEntryPoint(call, entry)) return answer(R.invalidAddress);
  oweReset(vm, target, { pc: entry, x0: argument(call, 3), bigEndian: callerIsBigEndian(call) });
  vm.request(target, REQUEST.reset);
  vm.setMpState(target, MP_STATE.runnable);
  return answer(R.success);
}

/** A CPU is started in the data endianness of who starts it (contract C43): SCTLR_EL1.EE. */
export const callerIsBigEndian = (call: Call): boolean => call.vm.vcpuBigEndian(call.cpuIndex);

/** ON if any CPU of the node is, OFF if none. SUSPENDED and waiting CPUs are ON (contract C28). Level 3 is a node of no known kind. */
function affinityInfo(call: Call): Outcome {
  const level = argument(call, 2);
  if (level > (call.vm.strict ? 2n : 3n)) return answer(R.invalidParameters);
  const cpus = matching(call, argument(call, 1), Number(level));
  if (cpus.length === 0) return answer(R.invalidParameters);
  return answer(cpus.some(i => call.vm.mpState(i) !== MP_STATE.stopped) ? 0n : 1n);
}

/** HW_ON 0, HW_OFF 1, HW_STANDBY 2 (DEN 0022 §5.14). */
function nodeHwState(call: Call): Outcome {
  const level = argument(call, 2);
  const cpus = level > 2n ? [] : matching(call, argument(call, 1), Number(level));
  if (cpus.length === 0) return answer(R.invalidParameters);
  const states = cpus.map(i => call.vm.mpState(i));
  if (states.includes(MP_STATE.runnable)) return answer(0n);
  return answer(states.includes(MP_STATE.suspended) ? 2n : 1n);
}

/** Everybody stops before the exit, and a VMM that runs the guest on shows it INTERNAL_FAILURE (contract C53). */
function systemEvent(call: Call, event: SystemEvent, flags: bigint): Outcome {
  call.vm.stopAll();
  return { values: [R.internalFailure], exit: { reason: 'system-event', event, type: SYSTEM_EVENT[event], ndata: 1, flags } };
}

const VENDOR_RESETS = 0x8000_0000n;
function systemReset2(call: Call): Outcome {
  const type = argument(call, 1);
  return type === 0n || type >= VENDOR_RESETS ? systemEvent(call, 'reset', EVENT_FLAG.reset2) : answer(R.invalidParameters);
}

/** HIBERNATE_OFF is 1; 0 is an alias of it since issue F.b. The second argument is reserved. */
function systemOff2(call: Call): Outcome {
  const type = argument(call, 1);
  return type <= 1n && argument(call, 2) === 0n ? systemEvent(call, 'shutdown', EVENT_FLAG.off2) : answer(R.invalidParameters);
}
