/**
 * The wall: KVM's contract as TypeScript (Linux Documentation/virt/kvm/api.rst, arm64). Everything above sees only this;
 * the rules of suspend are in docs/suspend.md. Mistakes of the caller throw HypnosError with KVM's errno as its code.
 */
import type { CpuState, GuestMemory, GuestMemoryPorts, MemoryMap } from '@hypnos/cpu';
import type { CpuModel } from '@hypnos/isa';
import type { MpState } from './capabilities.ts';
import type { VcpuExit } from './exit.ts';
import type { Clock, EngineFactory, Idle } from './ports.ts';
import type { WakeReport } from './gic/explain.ts';

/** The three interfaces of the thread: Linux 5.19's, the mail of 2021-09-21 (RUN+SUSPEND), the first patches. See docs/suspend.md. */
export type SuspendAbi = 'merged' | 'run+suspend' | 'v1';

export interface VmConfig {
  /** The one memory, laid out by `map`. */
  readonly memory: ArrayBufferLike;
  readonly map: MemoryMap;
  readonly engine: EngineFactory;
  /** The CPU that guests see. */
  readonly model: CpuModel;
  readonly clock: Clock;
  readonly idle: Idle;
  /** 64 random bits: RNDR and the TRNG calls. */
  readonly entropy64: () => bigint | null;
  /** Hooks on RAM pages: absent ones, watched ones. */
  readonly guestMemoryPorts?: GuestMemoryPorts;
  /** One vCPU, time counted in instructions (1 ns each), interrupts and timers only at exact points. */
  readonly deterministic?: boolean;
  /** Deterministic mode: the counter value at which `run` comes out by itself, as if kicked, so that a VMM's alarms ring exactly. */
  readonly alarm?: () => bigint | null;
  /** Looked at before each slice of some ten thousand instructions; false gets a vCPU out of `run` as a kick does. */
  readonly mayRun?: () => boolean;
  readonly suspendAbi?: SuspendAbi;
  /** 'strict' adds the checks that DEN0022 asks for and KVM leaves out. Default 'strict'; 'kvm' answers as KVM does. */
  readonly psciProfile?: 'kvm' | 'strict';
  /** Joins a VM that another thread created in the same memory, instead of creating it. */
  readonly attach?: boolean;
}

export interface MemoryRegion {
  readonly slot: number;
  /** MEM bits. */
  readonly flags: number;
  readonly guestPhysAddr: bigint;
  /** In bytes; zero deletes the slot. */
  readonly memorySize: bigint;
  /** Where the region's bytes stand in the one memory (from map.ram up). */
  readonly userspaceAddr: number;
}

export interface SmcccFilterRange { readonly base: number; readonly nrFunctions: number; readonly action: number }

/** Lines, kicks: what any thread may do to a VM, given its memory (`attachLines`). */
export interface VmLines {
  /** KVM_IRQ_LINE for an SPI (INTID 32 and up): sets the level of its input. */
  irqLine(spi: number, level: boolean): void;
  /** Gets a vCPU out of `run` (which answers 'interrupted'), now or at its next entry. */
  kick(cpuIndex: number): void;
}

export interface Vm extends VmLines {
  readonly memory: ArrayBufferLike;
  readonly map: MemoryMap;
  readonly vcpus: readonly Vcpu[];
  /** Guest RAM for devices and loaders; it keeps the dirty log. After writing code call `memoryWritten`. */
  readonly guestMemory: GuestMemory;
  /** KVM_CREATE_VCPU. EEXIST if there is one, EINVAL if the memory has no place for it. */
  createVcpu(id: number): Vcpu;
  setMemoryRegion(region: MemoryRegion): void;
  readonly memoryRegions: readonly MemoryRegion[];
  /** KVM_GET_DIRTY_LOG: one bit a page, first page in bit 0 of byte 0, and starts the log anew. ENOENT without MEM.logDirtyPages. */
  getDirtyLog(slot: number): Uint8Array;
  /** Tells engines that the host wrote guest RAM they may have decoded or whose page flags it changed. */
  memoryWritten(): void;
  checkExtension(cap: number): number;
  enableCap(cap: number, flags?: number): void;
  readonly gic: GicDevice;
  /** KVM_SET_DEVICE_ATTR on the VM: group VM_SMCCC_CTRL, attribute VM_SMCCC_FILTER. */
  setSmcccFilter(range: SmcccFilterRange): void;
  /** The guest's counter (CNTVCT) now. */
  counter(): bigint;
  /** KVM_ARM_SET_COUNTER_OFFSET: guest counters = host counter - offset, both physical and virtual. */
  setCounterOffset(offset: bigint): void;
  readonly counterOffset: bigint;
  /** Deterministic mode: machine time jumps on. EINVAL otherwise. */
  advance(ticks: bigint): void;
  /** After state was loaded from outside, by ONE_REG, attributes or otherwise: what is derived from it is worked out again. */
  restored(): void;
}

/** An attribute that holds state. */
export interface GicAttribute {
  readonly group: number;
  readonly attr: bigint;
  /** A write only sets bits: the attribute that takes ones to clear them. */
  readonly clears?: bigint;
  /** It shows something else while these bits of another attribute of its group are set. */
  readonly hiddenBy?: { readonly attr: bigint; readonly bits: bigint };
}

/** arm-vgic-v3, made with the VM. Attributes as in KVM's devices/arm-vgic-v3.rst. */
export interface GicDevice {
  hasAttr(group: number, attr: bigint): boolean;
  getAttr(group: number, attr: bigint): bigint;
  setAttr(group: number, attr: bigint, value: bigint): void;
  /** The attributes that are the GIC's state, in the order in which they are to be written; what regList is for a vCPU. */
  stateAttrs(): readonly GicAttribute[];
  /** The usual way up in one call: addresses, number of interrupts (INTIDs, 64..1020 in steps of 32), init. */
  init(place: { readonly distributor: bigint; readonly redistributors: bigint; readonly nrIrqs: number }): void;
  readonly nrIrqs: number;
  /** For a machine reset: registers to their reset values. Addresses, number of interrupts and input levels stay. */
  reset(): void;
  /** Enable bit of an interrupt, past the guest's back: wake filters mask and restore with it. INTIDs under 32 are of `cpuIndex`. */
  enabled(intid: number, cpuIndex?: number): boolean;
  setEnabled(intid: number, enabled: boolean, cpuIndex?: number): void;
  /** What would wake a suspended CPU now, and what would not, and why. */
  explainWake(cpuIndex: number): WakeReport;
}

export interface VcpuInit {
  /** TARGET_GENERIC_V8. */
  readonly target: number;
  /** VCPU_FEATURE bits. */
  readonly features: number;
}

export interface Vcpu {
  readonly id: number;
  /** Position in memory (map.cpu(index)); equal to id. */
  readonly index: number;
  /** The state in memory, for debuggers and statistics (`retired`). Change registers through ONE_REG. */
  readonly state: CpuState;
  /** KVM_ARM_VCPU_INIT: registers to their reset values (PC 0, x0..x30 0, EL1h, DAIF masked), timers off, MP state by POWER_OFF. EINVAL for another target or features than before. */
  init(init: VcpuInit): void;
  /**
   * KVM_RUN. Runs the guest until something needs the VMM. `suspend: true` is RUN+SUSPEND of `suspendAbi: 'run+suspend'`;
   * other interfaces refuse it with EINVAL. Never throws for anything a guest does.
   */
  run(how?: { readonly suspend?: boolean }): VcpuExit;
  /** The value of the load that the last 'mmio' exit asked for. */
  answerMmio(value: bigint): void;
  /** While true, `run` comes back 'interrupted' before running anything. Held in shared memory. */
  immediateExit: boolean;
  /** As `vm.kick(index)`. */
  kick(): void;
  getMpState(): MpState;
  setMpState(state: MpState): void;
  /** KVM_GET_MP_STATE, KVM_SET_MP_STATE with KVM's numbers. EINVAL for a number that arm64 does not have. */
  getMpStateRaw(): number;
  setMpStateRaw(state: number): void;
  /** KVM_GET_ONE_REG; 128-bit registers as one bigint. ENOENT for an unknown id. */
  getOneReg(id: bigint): bigint;
  setOneReg(id: bigint, value: bigint): void;
  regList(): readonly bigint[];
  /** General register by number: x0..x30 through ONE_REG, as every VMM's helper does. */
  getX(n: number): bigint;
  setX(n: number, value: bigint): void;
  pc: bigint;
  getEvents(): VcpuEvents;
  setEvents(events: VcpuEvents): void;
  setAttr(group: number, attr: bigint, value: bigint): void;
  getAttr(group: number, attr: bigint): bigint;
}

/** KVM_GET_VCPU_EVENTS: a pending SError, or a data abort to inject. */
export interface VcpuEvents {
  readonly serrorPending: boolean;
  readonly serrorEsr: bigint;
}

/** `createVm`: KVM_CREATE_VM with its GIC. */
export type CreateVm = (config: VmConfig) => Vm;
/** `attachLines`: lines and kicks of a VM for a thread that has its memory only. */
export type AttachLines = (memory: ArrayBufferLike, map: MemoryMap) => VmLines;
/** `hypervisorBytes`: how much of `map.shared` the hypervisor takes; devices start behind it. */
export type HypervisorBytes = (cpus: number) => number;
