/** A virtual machine: memory slots, vCPUs, GIC, capabilities, time. All of its state is in the one memory. */
import { HypnosError, invariant } from '@hypnos/base';
import { ATTENTION, type GuestMemory, guestMemory, MAX_SLOTS, type MemoryMap, systemCells } from '@hypnos/cpu';
import type { ServiceName } from '@hypnos/isa';
import { CAP, MP_STATE } from './capabilities.ts';
import { Gic } from './gic/gic.ts';
import { GicAttributes } from './gic/attributes.ts';
import { type CpuRecords, places, type Records, records, REQUEST, vcpuShape, vmShape, WORD } from './layout.ts';
import { Mailbox } from './mailbox.ts';
import { IPA_BITS, MemorySlots } from './memory-slots.ts';
import { NANOSECONDS_PER_TICK } from './ports.ts';
import { addFilterRange } from './smccc-filter.ts';
import { BITMAPS } from './firmware-registers.ts';
import { pollTimers, resetTimers, timerControl } from './timers.ts';
import { SoftVcpu } from './vcpu.ts';
import type { MemoryRegion, SmcccFilterRange, SuspendAbi, Vcpu, Vm, VmConfig } from './wall.ts';

export const PSCI_DEFAULT_VERSION = 0x10003;
const SCTLR_EE = 1n << 25n;

export class SoftVm implements Vm {
  readonly config: VmConfig;
  readonly map: MemoryMap;
  readonly records: Records;
  readonly mailbox: Mailbox;
  readonly slots: MemorySlots;
  readonly core: Gic;
  readonly gic: GicAttributes;
  readonly guestMemory: GuestMemory;
  readonly suspendAbi: SuspendAbi;
  readonly strict: boolean;
  readonly #vcpus: (SoftVcpu | undefined)[] = [];

  constructor(config: VmConfig) {
    this.config = config;
    this.map = config.map;
    this.suspendAbi = config.suspendAbi ?? 'merged';
    this.strict = config.psciProfile !== 'kvm';
    this.records = records(config.memory, config.map);
    this.mailbox = new Mailbox(config.memory, config.map);
    this.slots = new MemorySlots(config.memory, config.map);
    this.guestMemory = guestMemory(config.memory, config.map, config.guestMemoryPorts);
    this.core = new Gic(config.memory, places(config.map).distributor, this.records.cpus, this.mailbox);
    this.gic = new GicAttributes(this.core, index => this.records.cpus[index]!.vcpu.running !== 0);
    if (config.deterministic && config.map.cpus > 1) throw new HypnosError('EINVAL', 'deterministic mode has one vCPU: lay the memory out for one');
    if (!config.attach) this.#start();
  }

  #start(): void {
    vmShape.reset(this.records.vm);
    Object.assign(this.records.vm, { psciVersion: PSCI_DEFAULT_VERSION, ...Object.fromEntries(BITMAPS.map(b => [b.field, b.initial])) });
    for (const cpu of this.records.cpus) {
      vcpuShape.reset(cpu.vcpu);
      resetTimers(cpu.timer);
    }
    this.slots.clear();
    this.gic.start();
    // The guest's counters begin at zero, as those of a machine that has just been switched on.
    this.setCounterOffset(this.#hostCounter());
  }

  get memory(): ArrayBufferLike { return this.config.memory; }
  get vcpus(): readonly SoftVcpu[] { return this.#vcpus.filter(v => v !== undefined); }

  createVcpu(id: number): Vcpu {
    const cpu = this.records.cpus[id];
    if (cpu === undefined) throw new HypnosError('EINVAL', `vCPU ${id}: this memory is laid out for vCPUs 0 to ${this.map.cpus - 1}`);
    if (this.#vcpus[id] !== undefined) throw new HypnosError('EEXIST', `vCPU ${id} exists already`);
    Atomics.store(cpu.words, WORD.created, 1);
    const vcpu = new SoftVcpu(this, id);
    this.#vcpus[id] = vcpu;
    return vcpu;
  }

  setMemoryRegion(region: MemoryRegion): void {
    this.slots.set(region);
    this.memoryWritten();
  }
  get memoryRegions(): readonly MemoryRegion[] { return this.slots.regions; }

  getDirtyLog(slot: number): Uint8Array {
    const log = this.slots.takeDirtyLog(slot);
    this.memoryWritten();
    return log;
  }

  memoryWritten(): void {
    this.records.vm.memoryGeneration++;
    for (let i = 0; i < this.map.cpus; i++) this.mailbox.raise(i, ATTENTION.maintenance);
  }

  checkExtension(cap: number): number {
    switch (cap) {
      case CAP.nrVcpus: case CAP.maxVcpus: case CAP.maxVcpuId: return this.map.cpus;
      case CAP.nrMemslots: return MAX_SLOTS;
      case CAP.armVmIpaSize: return IPA_BITS;
      default: return (Object.values(CAP) as number[]).includes(cap) ? 1 : 0;
    }
  }

  enableCap(cap: number, flags = 0): void {
    if (flags !== 0) throw new HypnosError('EINVAL', 'capabilities take no flags: pass 0');
    if (cap !== CAP.armSystemSuspend) throw new HypnosError('EINVAL', `capability ${cap} cannot be enabled; ${CAP.armSystemSuspend} (system suspend) can`);
    this.records.vm.systemSuspend = 1;
  }

  setSmcccFilter(range: SmcccFilterRange): void { addFilterRange(this.records.vm, range); }

  irqLine(spi: number, level: boolean): void { setSpi(this.core, spi, level); }
  kick(cpuIndex: number): void { kickCpu(this.records.cpus, this.mailbox, cpuIndex); }

  #hostCounter(): bigint {
    if (!this.config.deterministic) return this.config.clock.counter();
    return this.records.cpus[0]!.state.retired / BigInt(NANOSECONDS_PER_TICK) + this.records.vm.skipped;
  }
  counter(): bigint { return BigInt.asUintN(64, this.#hostCounter() - this.records.vm.counterOffset); }
  get counterOffset(): bigint { return this.records.vm.counterOffset; }
  setCounterOffset(offset: bigint): void {
    this.records.vm.counterOffset = BigInt.asUintN(64, offset);
    for (const vcpu of this.vcpus) vcpu.timeMoved();
    for (let i = 0; i < this.map.cpus; i++) this.mailbox.raise(i, ATTENTION.interrupt);
  }
  advance(ticks: bigint): void {
    if (!this.config.deterministic) throw new HypnosError('EINVAL', 'time can be moved in deterministic mode only: use setCounterOffset');
    this.records.vm.skipped += ticks;
  }

  restored(): void {
    this.core.lock();
    this.core.routesChanged();
    this.core.updateAll();
    this.core.unlock();
    for (const vcpu of this.vcpus) vcpu.restored();
    this.memoryWritten();
  }

  /** A CPU's record if it was created, by any thread. */
  cpu(index: number): CpuRecords | null {
    const cpu = this.records.cpus[index];
    return cpu !== undefined && Atomics.load(cpu.words, WORD.created) ? cpu : null;
  }
  mpState(index: number): number { return Atomics.load(this.records.cpus[index]!.words, WORD.mpState); }
  setMpState(index: number, mpState: number): void {
    Atomics.store(this.records.cpus[index]!.words, WORD.mpState, mpState);
    if (mpState === MP_STATE.stopped) this.request(index, REQUEST.sleep);
    else if (mpState === MP_STATE.suspended) this.request(index, REQUEST.suspend);
    else this.mailbox.raise(index, ATTENTION.interrupt);
  }
  /** Asks a vCPU for something at its next turn (KVM_REQ_*). */
  request(index: number, request: number): void {
    Atomics.or(this.records.cpus[index]!.words, WORD.requests, request);
    this.mailbox.raise(index, ATTENTION.interrupt);
  }
  /** TLB and instruction cache maintenance for the inner shareable domain, and SEV: the others drop everything they cached. */
  maintainOthers(from: number, name: ServiceName): void {
    for (let i = 0; i < this.map.cpus; i++) {
      if (i === from) continue;
      if (name === 'SEV') this.records.cpus[i]!.state.event = 1;
      else this.mailbox.raise(i, ATTENTION.maintenance);
    }
  }

  timersChanged(index: number): void { pollTimers(this.records.cpus[index]!.timer, this.core, index, this.counter()); }
  timerControl(index: number, which: 'virtual' | 'physical'): bigint {
    return timerControl(this.records.cpus[index]!.timer, which, this.counter());
  }

  vcpuBigEndian(index: number): boolean {
    return (systemCells(this.records.cpus[index]!.state).SCTLR_EL1 & SCTLR_EE) !== 0n;
  }
  /** SYSTEM_OFF and its kin put every vCPU to STOPPED before they exit (contract C53). */
  stopAll(): void {
    for (let i = 0; i < this.map.cpus; i++) if (this.cpu(i)) this.setMpState(i, MP_STATE.stopped);
  }
}

export function setSpi(gic: Gic, spi: number, level: boolean): void {
  if (!Number.isInteger(spi) || spi < 32 || spi >= gic.distributor.nrIntids) {
    throw new HypnosError('EINVAL', `interrupt ${spi} is no SPI of this machine: they are 32 to ${gic.distributor.nrIntids - 1} (init the GIC first)`);
  }
  gic.setLine(0, spi, level);
}

export function kickCpu(cpus: readonly CpuRecords[], mailbox: Mailbox, index: number): void {
  const cpu = cpus[index];
  invariant(cpu, `no vCPU ${index} to kick`);
  Atomics.store(cpu.words, WORD.kicked, 1);
  mailbox.kick(index);
}
