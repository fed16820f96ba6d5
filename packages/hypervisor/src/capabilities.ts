/** Numbers of KVM's interface that a VMM names: capabilities, MP states, vCPU features, device attributes, memory flags. */

/** KVM_CAP_*. */
export const CAP = {
  userMemory: 3, nrVcpus: 9, nrMemslots: 10, mpState: 14, irqchip: 0, maxVcpus: 66, oneReg: 70, readonlyMem: 81,
  armPsci: 87, deviceCtrl: 89, armPsci02: 102, immediateExit: 136, maxVcpuId: 128, vcpuEvents: 41, vmAttributes: 101,
  armVmIpaSize: 165, systemEventData: 215, armSystemSuspend: 216, counterOffset: 227,
} as const;

/** KVM_MP_STATE_*, those that arm64 knows. */
export const MP_STATE = { runnable: 0, stopped: 5, suspended: 10 } as const;
export type MpState = keyof typeof MP_STATE;

/** KVM_ARM_VCPU_*: bits of `features` in vcpu.init. */
export const VCPU_FEATURE = { powerOff: 1 << 0, el1Is32Bit: 1 << 1, psci02: 1 << 2, pmuV3: 1 << 3 } as const;

/** KVM_ARM_TARGET_GENERIC_V8. */
export const TARGET_GENERIC_V8 = 5;

/** KVM_MEM_*. */
export const MEM = { logDirtyPages: 1, readonly: 2 } as const;

/** KVM_DEV_ARM_VGIC_GRP_*. */
export const VGIC_GROUP = { addr: 0, distRegs: 1, nrIrqs: 3, ctrl: 4, redistRegs: 5, cpuSysregs: 6, levelInfo: 7 } as const;
/** KVM_VGIC_V3_ADDR_TYPE_*. */
export const VGIC_ADDR = { dist: 2n, redist: 3n } as const;
/** KVM_DEV_ARM_VGIC_CTRL_INIT. */
export const VGIC_CTRL_INIT = 0n;

/** KVM_ARM_VM_SMCCC_CTRL and its attribute; the filter's actions. */
export const VM_SMCCC_CTRL = 0;
export const VM_SMCCC_FILTER = 0;
export const SMCCC_FILTER_ACTION = { handle: 0, deny: 1, forward: 2 } as const;

/** KVM_ARM_VCPU_*_CTRL. */
export const VCPU_ATTR_GROUP = { pmuV3: 0, timer: 1, pvTime: 2 } as const;
