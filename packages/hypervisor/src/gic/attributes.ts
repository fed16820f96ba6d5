/** arm-vgic-v3's device attributes (Linux Documentation/virt/kvm/devices/arm-vgic-v3.rst), and the VMM's direct ways in. */
import { HypnosError, hex } from '@hypnos/base';
import { encodingOf, SYSTEM_REGISTERS } from '@hypnos/isa';
import { VGIC_ADDR, VGIC_CTRL_INIT, VGIC_GROUP } from '../capabilities.ts';
import type { GicAttribute, GicDevice } from '../wall.ts';
import { ICC_ROWS, readIcc, writeIcc } from './cpu-interface.ts';
import { explainWake, type WakeReport } from './explain.ts';
import { affinityOf, type Gic } from './gic.ts';
import { accessDistributor, accessRedistributor, DISTRIBUTOR_BYTES } from './mmio.ts';
import { savedAttributes } from './saved.ts';
import { cpuInterfaceShape, distributorShape, FIRST_SPI, redistributorShape, SPECIAL, WORDS } from './state.ts';

const FRAME = 0x10000n;

export class GicAttributes implements GicDevice {
  readonly #gic: Gic;
  readonly #running: (cpuIndex: number) => boolean;

  constructor(gic: Gic, running: (cpuIndex: number) => boolean) {
    this.#gic = gic;
    this.#running = running;
  }

  /** A new VM's GIC: no addresses, not initialised. */
  start(): void {
    distributorShape.reset(this.#gic.distributor);
    for (const seat of this.#gic.seats) {
      redistributorShape.reset(seat.redistributor);
      cpuInterfaceShape.reset(seat.cpuInterface);
    }
    this.#gic.reset();
  }

  reset(): void {
    this.#gic.lock();
    this.#gic.reset();
    this.#gic.unlock();
  }

  get nrIrqs(): number { return this.#gic.distributor.nrIntids; }

  init({ distributor, redistributors, nrIrqs }: { distributor: bigint; redistributors: bigint; nrIrqs: number }): void {
    this.setAttr(VGIC_GROUP.addr, VGIC_ADDR.dist, distributor);
    this.setAttr(VGIC_GROUP.addr, VGIC_ADDR.redist, redistributors);
    this.setAttr(VGIC_GROUP.nrIrqs, 0n, BigInt(nrIrqs));
    this.setAttr(VGIC_GROUP.ctrl, VGIC_CTRL_INIT, 0n);
  }

  hasAttr(group: number, attr: bigint): boolean {
    if (group === VGIC_GROUP.addr) return attr === VGIC_ADDR.dist || attr === VGIC_ADDR.redist;
    if (group === VGIC_GROUP.ctrl) return attr === VGIC_CTRL_INIT;
    return (Object.values(VGIC_GROUP) as number[]).includes(group);
  }

  stateAttrs(): readonly GicAttribute[] { return savedAttributes(this.#gic.seats.length, this.nrIrqs); }

  getAttr(group: number, attr: bigint): bigint {
    const d = this.#gic.distributor;
    switch (group) {
      case VGIC_GROUP.addr: return attr === VGIC_ADDR.dist ? d.base : attr === VGIC_ADDR.redist ? d.redistributors : this.#unknown(group, attr);
      case VGIC_GROUP.nrIrqs: return BigInt(d.nrIntids);
      case VGIC_GROUP.distRegs: return this.#register(accessDistributor, attr);
      case VGIC_GROUP.redistRegs: return this.#register(accessRedistributor, attr);
      case VGIC_GROUP.cpuSysregs: return readIcc(this.#gic, this.#cpuOf(attr), this.#iccName(attr));
      case VGIC_GROUP.levelInfo: return this.#level(attr);
      default: return this.#unknown(group, attr);
    }
  }

  setAttr(group: number, attr: bigint, value: bigint): void {
    switch (group) {
      case VGIC_GROUP.addr: return this.#setAddress(attr, value);
      case VGIC_GROUP.nrIrqs: return this.#setCount(value);
      case VGIC_GROUP.ctrl: return this.#initialise(attr);
      case VGIC_GROUP.distRegs: this.#register(accessDistributor, attr, value); return;
      case VGIC_GROUP.redistRegs: this.#register(accessRedistributor, attr, value); return;
      case VGIC_GROUP.cpuSysregs: return writeIcc(this.#gic, this.#cpuOf(attr), this.#iccName(attr), value);
      case VGIC_GROUP.levelInfo: return this.#setLevel(attr, value);
      default: this.#unknown(group, attr);
    }
  }

  #unknown(group: number, attr: bigint): never {
    throw new HypnosError('ENXIO', `the GIC has no attribute ${hex(attr)} in group ${group}`);
  }

  #setAddress(attr: bigint, address: bigint): void {
    const d = this.#gic.distributor;
    if (attr !== VGIC_ADDR.dist && attr !== VGIC_ADDR.redist) this.#unknown(VGIC_GROUP.addr, attr);
    if (address <= 0n || address % FRAME !== 0n || address >= 1n << 40n) throw new HypnosError('EINVAL', 'GIC frames need an address in multiples of 64 KiB, not 0');
    const name = attr === VGIC_ADDR.dist ? 'base' : 'redistributors';
    if (d[name] !== 0n) throw new HypnosError('EEXIST', 'this GIC frame already has its address');
    d[name] = address;
  }

  #setCount(count: bigint): void {
    const d = this.#gic.distributor;
    if (count < 64n || count > 1024n || count % 32n !== 0n) throw new HypnosError('EINVAL', 'the number of interrupts is 64 to 1024 in steps of 32');
    if (d.nrIntids !== 0) throw new HypnosError('EBUSY', 'the number of interrupts can be set once, before the GIC is initialised');
    d.nrIntids = Number(count);
  }

  #initialise(attr: bigint): void {
    if (attr !== VGIC_CTRL_INIT) this.#unknown(VGIC_GROUP.ctrl, attr);
    const d = this.#gic.distributor;
    if (d.base === 0n || d.redistributors === 0n) throw new HypnosError('ENXIO', 'give the GIC its two addresses before initialising it');
    if (d.base < d.redistributors + 2n * FRAME * BigInt(this.#gic.seats.length) && d.redistributors < d.base + DISTRIBUTOR_BYTES) {
      throw new HypnosError('EINVAL', 'the distributor and the redistributors overlap');
    }
    if (d.nrIntids === 0) d.nrIntids = 256;
    if (d.ready) return;
    d.ready = 1;
    this.#gic.reset();
  }

  /** The CPU of an attribute: affinities in bits 63:32. */
  #cpuOf(attr: bigint): number {
    const affinity = attr >> 32n;
    const index = this.#gic.seats.findIndex((_, i) => (((affinityOf(i) >> 32n) << 24n) | (affinityOf(i) & 0xffffffn)) === affinity);
    if (index < 0) throw new HypnosError('EINVAL', `no CPU has the affinity ${hex(affinity)}`);
    if (!this.#gic.distributor.ready) throw new HypnosError('EBUSY', 'initialise the GIC before its registers are reached');
    if (this.#running(index)) throw new HypnosError('EBUSY', `vCPU ${index} is running: kick it out of run first`);
    return index;
  }

  #register(access: typeof accessDistributor, attr: bigint, write?: bigint): bigint {
    const cpuIndex = this.#cpuOf(attr), offset = Number(attr & 0xffffffffn);
    if (offset % 4 !== 0) throw new HypnosError('EINVAL', 'GIC registers are reached in 32-bit words');
    return access(this.#gic, 'saver', { cpuIndex, offset, bytes: 4, ...(write === undefined ? {} : { write }) });
  }

  #iccName(attr: bigint): string {
    const encoding = Number(attr & 0xffffn);
    const row = SYSTEM_REGISTERS.find(r => encodingOf(r.at) === encoding);
    const icc = row && ICC_ROWS.find(r => r.name === row.name && r.save === 'same');
    if (icc === undefined) throw new HypnosError('ENXIO', `no saved CPU interface register has the encoding ${hex(encoding)}`);
    return icc.name;
  }

  #levelWord(attr: bigint): { cpuIndex: number; word: number } {
    const cpuIndex = this.#cpuOf(attr), intid = Number(attr & 0x3ffn), info = (attr >> 10n) & 0x3fffffn;
    if (info !== 0n || intid % 32 !== 0 || intid >> 5 >= WORDS) throw new HypnosError('EINVAL', 'line levels are read 32 interrupts at a time');
    return { cpuIndex, word: intid >> 5 };
  }
  #level(attr: bigint): bigint {
    const { cpuIndex, word } = this.#levelWord(attr);
    return BigInt(this.#gic.bank(cpuIndex, word << 5).line[word]!);
  }
  #setLevel(attr: bigint, value: bigint): void {
    const { cpuIndex, word } = this.#levelWord(attr);
    this.#gic.lock();
    this.#gic.bank(cpuIndex, word << 5).line[word] = Number(BigInt.asUintN(32, value));
    this.#gic.updateAll();
    this.#gic.unlock();
  }

  #checked(intid: number, cpuIndex: number) {
    if (!Number.isInteger(intid) || intid < 0 || intid >= Math.min(this.nrIrqs, SPECIAL) || !this.#gic.seats[cpuIndex]) {
      throw new HypnosError('EINVAL', `interrupt ${intid} of CPU ${cpuIndex} does not exist`);
    }
    return { bank: this.#gic.bank(intid < FIRST_SPI ? cpuIndex : 0, intid), word: intid >>> 5, mask: 1 << (intid & 31) };
  }
  enabled(intid: number, cpuIndex = 0): boolean {
    const { bank, word, mask } = this.#checked(intid, cpuIndex);
    return (bank.enabled[word]! & mask) !== 0;
  }
  setEnabled(intid: number, enabled: boolean, cpuIndex = 0): void {
    const { bank, word, mask } = this.#checked(intid, cpuIndex);
    this.#gic.lock();
    if (enabled) bank.enabled[word]! |= mask;
    else bank.enabled[word]! &= ~mask;
    this.#gic.changed(intid, cpuIndex);
    this.#gic.unlock();
  }

  explainWake(cpuIndex: number): WakeReport { return explainWake(this.#gic, cpuIndex); }
}
