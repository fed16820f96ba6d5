export * from './capabilities.ts';
export * from './engines.ts';
export * from './exit.ts';
export * from './ports.ts';
export type * from './wall.ts';
export type { WakeLine, WakeReport, WakeVerdict } from './gic/explain.ts';
export { atomicsIdle, attachLines, createVm } from './kvm.ts';
export { hypervisorBytes } from './layout.ts';
export { bitmapRegisterId, firmwareRegisterId, PSCI_VERSION_REGISTER, systemRegisterId, TIMER_REGISTER } from './one-reg.ts';
export { PSCI, PSCI_0_1, PSCI_RETURN, smc64 } from './psci.ts';
export { SMCCC } from './smccc.ts';
export { TRNG } from './trng.ts';
export { PV_TIME } from './pv-time.ts';
/** Parts of the floor below that a VMM names: the one memory's layout and the wall's words for it. */
export { MAX_CPUS, MAX_RAM, memoryMap, PAGE } from '@hypnos/cpu';
export type { CpuState, GuestMemory, GuestMemoryPorts, MemoryMap } from '@hypnos/cpu';
