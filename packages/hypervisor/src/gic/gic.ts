/**
 * GICv3 core (Arm IHI 0069 §4): which interrupt each CPU would take, kept up to date after every change as the CPU's
 * `lines` and its summary word `deliverable`. One spin lock guards all of it; callers inside hold it.
 */
import { ATTENTION, type CpuState } from '@hypnos/cpu';
import type { Mailbox } from '../mailbox.ts';
import {
  type Bank, type CpuInterface, type Distributor, distributorShape, FIRST_SPI, IDLE_PRIORITY, MIN_BPR0, MIN_BPR1, PRIORITY_MASK, type Redistributor,
} from './state.ts';

export interface GicSeat {
  readonly state: CpuState;
  readonly redistributor: Redistributor;
  readonly cpuInterface: CpuInterface;
}

export interface Candidate { readonly intid: number; readonly priority: number; readonly group: 0 | 1 }

const LINE_IRQ = 1, LINE_FIQ = 2;

export class Gic {
  readonly distributor: Distributor;
  readonly seats: readonly GicSeat[];
  readonly #mailbox: Mailbox;
  readonly #lock: Int32Array<ArrayBufferLike>;

  constructor(memory: ArrayBufferLike, distributorAt: number, seats: readonly GicSeat[], mailbox: Mailbox) {
    this.distributor = distributorShape.at(memory, distributorAt);
    this.seats = seats;
    this.#mailbox = mailbox;
    this.#lock = new Int32Array(memory, distributorAt + distributorShape.offsetOf('lock'), 1);
  }

  /** Enters the GIC's lock. Held for a few hundred instructions at most, so it spins. Not reentrant. */
  lock(): void {
    while (Atomics.compareExchange(this.#lock, 0, 0, 1) !== 0);
  }

  unlock(): void {
    Atomics.store(this.#lock, 0, 0);
  }

  bank(cpuIndex: number, intid: number): Bank {
    return intid < FIRST_SPI ? this.seats[cpuIndex]!.redistributor : this.distributor;
  }

  /** Architecture's reset: everything off, SGIs enabled as KVM has them, private interrupts group 1 like all others. */
  reset(): void {
    const d = this.distributor;
    d.groups = 0;
    d.router.fill(0n);
    for (const bank of [d, ...this.seats.map(s => s.redistributor)] as Bank[]) {
      for (const array of [bank.enabled, bank.latch, bank.active, bank.edge]) array.fill(0);
      bank.group.fill(0xffffffff);
      bank.priority.fill(0);
    }
    for (const seat of this.seats) {
      seat.redistributor.enabled[0] = 0xffff;
      seat.redistributor.edge[0] = 0xffff;
      this.#resetInterface(seat.cpuInterface);
    }
    this.routesChanged();
    this.updateAll();
  }

  #resetInterface(c: CpuInterface): void {
    c.pmr = c.ctlr = c.igrpen0 = c.igrpen1 = c.ap0 = c.ap1 = 0;
    c.bpr0 = MIN_BPR0;
    c.bpr1 = MIN_BPR1;
  }

  /** Works out `targets` from GICD_IROUTER. Routing to any CPU (IRM) always picks CPU 0, which the architecture allows. */
  routesChanged(): void {
    for (const seat of this.seats) seat.cpuInterface.targets.fill(0, 1);
    for (const seat of this.seats) seat.cpuInterface.targets[0] = 0xffffffff;
    for (let intid = FIRST_SPI; intid < this.distributor.nrIntids; intid++) this.#route(intid);
  }

  rerouted(intid: number): void {
    for (const { cpuInterface } of this.seats) cpuInterface.targets[intid >>> 5]! &= ~(1 << (intid & 31));
    this.#route(intid);
  }

  #route(intid: number): void {
    const target = this.target(intid, 0);
    if (target !== null) this.seats[target]!.cpuInterface.targets[intid >>> 5]! |= 1 << (intid & 31);
  }

  /** The CPU an interrupt goes to, or null when its route names none. */
  target(intid: number, cpuIndex: number): number | null {
    if (intid < FIRST_SPI) return cpuIndex;
    const route = this.distributor.router[intid]!;
    if ((route >> 31n) & 1n) return 0;
    const index = this.seats.findIndex((_, i) => affinityOf(i) === (route & 0xff00ffffffn));
    return index < 0 ? null : index;
  }

  pending(cpuIndex: number, word: number): number {
    const bank = this.bank(cpuIndex, word << 5);
    return bank.latch[word]! | (bank.line[word]! & ~bank.edge[word]!);
  }

  /** Pending, enabled, not active, for this CPU: one word of bits. */
  candidates(cpuIndex: number, word: number): number {
    const pending = this.pending(cpuIndex, word);
    if (pending === 0) return 0;
    const bank = this.bank(cpuIndex, word << 5);
    return pending & bank.enabled[word]! & ~bank.active[word]! & this.seats[cpuIndex]!.cpuInterface.targets[word]!;
  }

  /** The best candidate among `groups` (bit 0 group 0, bit 1 group 1) that are on in GICD_CTLR; lowest INTID among equals. */
  best(cpuIndex: number, groups: number): Candidate | null {
    const on = groups & this.distributor.groups;
    let intid = -1, priority = IDLE_PRIORITY + 1;
    const words = this.distributor.nrIntids >>> 5;
    for (let word = 0; on !== 0 && word < words; word++) {
      let rest = this.candidates(cpuIndex, word);
      if (rest === 0) continue;
      const bank = this.bank(cpuIndex, word << 5);
      rest &= (on & 1 ? ~bank.group[word]! : 0) | (on & 2 ? bank.group[word]! : 0);
      for (; rest !== 0; rest &= rest - 1) {
        const id = (word << 5) + 31 - Math.clz32(rest & -rest);
        if (bank.priority[id]! < priority) priority = bank.priority[id]!, intid = id;
      }
    }
    if (intid < 0) return null;
    return { intid, priority, group: ((this.bank(cpuIndex, intid).group[intid >>> 5]! >>> (intid & 31)) & 1) as 0 | 1 };
  }

  /** What IAR would answer now: the best candidate if it passes the mask and preempts what is active. */
  takeable(cpuIndex: number): Candidate | null {
    const c = this.seats[cpuIndex]!.cpuInterface;
    const best = this.best(cpuIndex, (c.igrpen0 & 1) | ((c.igrpen1 & 1) << 1));
    if (best === null || best.priority >= c.pmr) return null;
    return (best.priority & groupMask(c, best.group)) < runningPriority(c) ? best : null;
  }

  /**
   * Contract C30, KVM's predicate: some interrupt of this CPU is pending, enabled, not active and above the mask, with
   * its group on in the distributor. PSTATE, ICC_IGRPEN1_EL1 and the running priority do not matter (C31).
   */
  wakes(cpuIndex: number): boolean {
    const best = this.best(cpuIndex, 3);
    return best !== null && best.priority < this.seats[cpuIndex]!.cpuInterface.pmr;
  }

  /** Brings a CPU's lines and summary up to date after a change that may concern it. */
  update(cpuIndex: number): void {
    const { state, cpuInterface } = this.seats[cpuIndex]!;
    const taken = this.takeable(cpuIndex);
    const lines = taken === null ? 0 : taken.group === 0 ? LINE_FIQ : LINE_IRQ;
    const deliverable = this.wakes(cpuIndex) ? 1 : 0;
    const rose = (lines & ~state.lines) !== 0 || deliverable > cpuInterface.deliverable;
    if (lines !== state.lines) state.lines = lines;
    cpuInterface.deliverable = deliverable;
    if (rose) this.#mailbox.raise(cpuIndex, ATTENTION.interrupt);
  }

  updateAll(): void {
    for (let i = 0; i < this.seats.length; i++) this.update(i);
  }

  /** After a change to an interrupt: the CPU it goes to is brought up to date. */
  changed(intid: number, cpuIndex: number): void {
    const target = this.target(intid, cpuIndex);
    if (target !== null) this.update(target);
  }

  /** The level of an interrupt's input. A rise of an edge-triggered one latches. */
  setLine(cpuIndex: number, intid: number, level: boolean): void {
    this.lock();
    const bank = this.bank(cpuIndex, intid), word = intid >>> 5, mask = 1 << (intid & 31);
    const was = (bank.line[word]! & mask) !== 0;
    if (was !== level) {
      if (level) bank.line[word]! |= mask;
      else bank.line[word]! &= ~mask;
      if (level && bank.edge[word]! & mask) bank.latch[word]! |= mask;
      this.changed(intid, cpuIndex);
    }
    this.unlock();
  }

  /** Whether a SUSPENDED or waiting CPU has a wake-up (the summary word). */
  deliverable(cpuIndex: number): boolean {
    return this.seats[cpuIndex]!.cpuInterface.deliverable !== 0;
  }
}

/** MPIDR affinity fields of a CPU, as KVM numbers them: sixteen to a cluster. */
export const affinityOf = (cpuIndex: number): bigint => BigInt(cpuIndex & 0xf) | (BigInt(cpuIndex >>> 4) << 8n);

/** Bits of a priority that count for preemption, from the group's binary point (IHI 0069 §4.8.2). */
export function groupMask(c: CpuInterface, group: 0 | 1): number {
  const below = group === 1 && !(c.ctlr & 1) ? c.bpr1 : c.bpr0 + 1;
  return (0xff << below) & PRIORITY_MASK;
}

/** The highest active priority, 0xff when idle. */
export function runningPriority(c: CpuInterface): number {
  const active = c.ap0 | c.ap1;
  return active === 0 ? IDLE_PRIORITY : (31 - Math.clz32(active & -active)) << 3;
}
