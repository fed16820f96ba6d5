/**
 * Registers of GICD and GICR (IHI 0069 §12.9, §12.11) as rows: where they are, how many bits each interrupt has, and two
 * views, the guest's and the saver's (KVM's uaccess: reading and writing state exactly, without a guest's side effects).
 */
import { affinityOf, type Gic } from './gic.ts';
import { type BitField, PRIORITY_MASK } from './state.ts';

/** A part of a register access: `at` is the byte offset inside the row's region. */
export interface View {
  read(gic: Gic, cpuIndex: number, at: number, bytes: number): bigint;
  write(gic: Gic, cpuIndex: number, at: number, bytes: number, value: bigint): void;
}
export interface RegisterRow {
  readonly name: string;
  readonly offset: number;
  /** Bytes the region takes. */
  readonly length: number;
  /** 0 for a register that has nothing to do with single interrupts. */
  readonly bitsPerIntid: 0 | 1 | 2 | 8 | 64;
  readonly widths: readonly number[];
  readonly guest: View;
  readonly saver: View;
  /** Its state is saved by this row; with `clears`, a write only sets bits, and the row at that offset clears them. Other rows show state that is saved elsewhere, or none. */
  readonly saved?: true | { readonly clears: number };
}

const zero: View = { read: () => 0n, write: () => {} };
const readOnly = (read: (gic: Gic, cpuIndex: number) => bigint): View => ({ read, write: () => {} });
const low = (value: bigint): number => Number(BigInt.asUintN(32, value));

/** IIDR: product 'H', implementer Arm as every model of this GIC says it. */
const IIDR = 0x4800_043bn;
/** PIDR2: architecture revision 3. */
const PIDR2 = 0x3bn;
const WORD_ONLY = [4];

/** Views of words with one bit an interrupt. The interrupts of word 0 are the CPU's own. */
function bitView(read: (gic: Gic, cpuIndex: number, word: number) => number, write: (gic: Gic, cpuIndex: number, word: number, value: number) => void): View {
  return {
    read: (gic, i, at) => (inRange(gic, at >> 2) ? BigInt(read(gic, i, at >> 2) >>> 0) : 0n),
    write(gic, i, at, _bytes, value) {
      const word = at >> 2;
      if (!inRange(gic, word)) return;
      write(gic, i, word, low(value));
      if (word === 0) gic.update(i);
      else gic.updateAll();
    },
  };
}
const inRange = (gic: Gic, word: number): boolean => word << 5 < gic.distributor.nrIntids;

const field = (name: BitField) => (gic: Gic, i: number, word: number): number => gic.bank(i, word << 5)[name][word]!;
const assign = (name: BitField) => (gic: Gic, i: number, word: number, value: number): void => { gic.bank(i, word << 5)[name][word] = value; };
const set = (name: BitField) => (gic: Gic, i: number, word: number, value: number): void => { gic.bank(i, word << 5)[name][word]! |= value; };
const clear = (name: BitField) => (gic: Gic, i: number, word: number, value: number): void => { gic.bank(i, word << 5)[name][word]! &= ~value; };
const nothing = (): void => {};

const guestPending = (gic: Gic, i: number, word: number): number => gic.pending(i, word);

const bits = (name: string, offset: number, guest: View, saver = guest, saved?: RegisterRow['saved']): RegisterRow =>
  ({ name, offset, length: 0x80, bitsPerIntid: 1, widths: WORD_ONLY, guest, saver, ...(saved && { saved }) });

/** Rows that the distributor and, for word 0, the redistributor's SGI frame have at the same offsets. */
const shared: readonly RegisterRow[] = [
  bits('IGROUPR', 0x080, bitView(field('group'), assign('group')), undefined, true),
  bits('ISENABLER', 0x100, bitView(field('enabled'), set('enabled')), undefined, { clears: 0x180 }),
  bits('ICENABLER', 0x180, bitView(field('enabled'), clear('enabled'))),
  bits('ISPENDR', 0x200, bitView(guestPending, set('latch')), bitView(field('latch'), assign('latch')), true),
  bits('ICPENDR', 0x280, bitView(guestPending, clear('latch')), bitView(field('latch'), nothing)),
  bits('ISACTIVER', 0x300, bitView(field('active'), set('active')), undefined, { clears: 0x380 }),
  bits('ICACTIVER', 0x380, bitView(field('active'), clear('active'))),
];

const priorityView: View = {
  read(gic, i, at, bytes) {
    let value = 0n;
    for (let b = bytes - 1; b >= 0; b--) value = (value << 8n) | BigInt(gic.bank(i, at).priority[at + b] ?? 0);
    return value;
  },
  write(gic, i, at, bytes, value) {
    const bank = gic.bank(i, at);
    for (let b = 0; b < bytes && at + b < gic.distributor.nrIntids; b++) bank.priority[at + b] = (low(value) >>> (8 * b)) & PRIORITY_MASK;
    if (at < 32) gic.update(i);
    else gic.updateAll();
  },
};

/** Two bits an interrupt, the upper of which says edge. Those of SGIs (always edge) and PPIs (always level) are fixed. */
const configView: View = {
  read(gic, i, at) {
    const first = at * 4;
    if (!inRange(gic, first >>> 5)) return 0n;
    const edge = gic.bank(i, first).edge[first >>> 5]! >>> (first & 31);
    let value = 0n;
    for (let k = 0; k < 16; k++) if ((edge >>> k) & 1) value |= 2n << BigInt(2 * k);
    return value;
  },
  write(gic, i, at, _bytes, value) {
    const first = at * 4, word = first >>> 5;
    if (first < 32 || !inRange(gic, word)) return;
    const edge = gic.bank(i, first).edge;
    for (let k = 0; k < 16; k++) {
      const mask = 1 << ((first & 31) + k);
      if ((value >> BigInt(2 * k + 1)) & 1n) edge[word]! |= mask;
      else edge[word]! &= ~mask;
    }
    gic.updateAll();
  },
};

/** Routing mode, and affinities 2 to 0; there is no affinity 3. */
const ROUTER_WRITABLE = 0x80ff_ffffn;
const routerView: View = {
  read(gic, _i, at, bytes) {
    const value = gic.distributor.router[at >> 3] ?? 0n;
    return bytes === 8 ? value : BigInt.asUintN(32, value >> BigInt((at & 4) * 8));
  },
  write(gic, _i, at, bytes, value) {
    const intid = at >> 3;
    if (intid < 32 || intid >= gic.distributor.nrIntids || (bytes === 4 && at & 4)) return;
    gic.distributor.router[intid] = value & ROUTER_WRITABLE;
    gic.rerouted(intid);
    gic.updateAll();
  },
};

/** GICD_CTLR with one Security state: affinity routing (ARE) and DS are fixed on, the two group enables are the guest's. */
const CTLR_FIXED = 0x50;
const distributorCtlr: View = {
  read: gic => BigInt(gic.distributor.groups | CTLR_FIXED),
  write(gic, _i, _at, _bytes, value) {
    gic.distributor.groups = low(value) & 3;
    gic.updateAll();
  },
};

/** ITLinesNumber, ten bits of INTID; no LPIs, no message-based SPIs. */
const distributorTyper = readOnly(gic => BigInt((gic.distributor.nrIntids >>> 5) - 1) | (9n << 19n));

/** GICR_TYPER: affinity, processor number, Last on the highest frame. */
const redistributorTyper: View = {
  read(gic, i, at, bytes) {
    const last = i === gic.seats.length - 1 ? 0x10n : 0n;
    const value = (affinityOf(i) << 32n) | (BigInt(i) << 8n) | last;
    return bytes === 8 ? value : BigInt.asUintN(32, value >> BigInt((at & 4) * 8));
  },
  write: () => {},
};

const plain = (name: string, offset: number, view: View, length = 4, widths: readonly number[] = [4]): RegisterRow =>
  ({ name, offset, length, bitsPerIntid: 0, widths, guest: view, saver: view });

const priorities: RegisterRow = { name: 'IPRIORITYR', offset: 0x400, length: 0x400, bitsPerIntid: 8, widths: [1, 4], guest: priorityView, saver: priorityView, saved: true };
const config: RegisterRow = { name: 'ICFGR', offset: 0xc00, length: 0x100, bitsPerIntid: 2, widths: [4], guest: configView, saver: configView, saved: true };

export const DISTRIBUTOR_ROWS: readonly RegisterRow[] = [
  { ...plain('GICD_CTLR', 0x0000, distributorCtlr), saved: true },
  plain('GICD_TYPER', 0x0004, distributorTyper),
  plain('GICD_IIDR', 0x0008, readOnly(() => IIDR)),
  plain('GICD_TYPER2', 0x000c, zero),
  plain('GICD_STATUSR', 0x0010, zero),
  ...shared.map(row => ({ ...row, name: `GICD_${row.name}`, guest: spiOnly(row.guest, 4), saver: spiOnly(row.saver, 4) })),
  { ...priorities, name: 'GICD_IPRIORITYR', guest: spiOnly(priorityView, 32), saver: spiOnly(priorityView, 32) },
  { ...config, name: 'GICD_ICFGR', guest: spiOnly(configView, 8), saver: spiOnly(configView, 8) },
  { name: 'GICD_IROUTER', offset: 0x6000, length: 0x2000, bitsPerIntid: 64, widths: [4, 8], guest: routerView, saver: routerView, saved: true },
  plain('GICD_PIDR2', 0xffe8, readOnly(() => PIDR2)),
];

/** With affinity routing on, the distributor's registers of interrupts 0..31 are RAZ/WI. */
function spiOnly(view: View, privateBytes: number): View {
  return {
    read: (gic, i, at, bytes) => (at < privateBytes ? 0n : view.read(gic, i, at, bytes)),
    write: (gic, i, at, bytes, value) => { if (at >= privateBytes) view.write(gic, i, at, bytes, value); },
  };
}

const SGI_FRAME = 0x10000;

/** The two 64 KiB frames of one redistributor. GICR_WAKER is RAZ/WI, so a guest sees that its sleep request does not stick (C32). */
export const REDISTRIBUTOR_ROWS: readonly RegisterRow[] = [
  plain('GICR_CTLR', 0x0000, zero),
  plain('GICR_IIDR', 0x0004, readOnly(() => IIDR)),
  plain('GICR_TYPER', 0x0008, redistributorTyper, 8, [4, 8]),
  plain('GICR_STATUSR', 0x0010, zero),
  plain('GICR_WAKER', 0x0014, zero),
  plain('GICR_PIDR2', 0xffe8, readOnly(() => PIDR2)),
  ...shared.map(row => ({ ...row, name: `GICR_${row.name}0`, offset: SGI_FRAME + row.offset, length: 4 })),
  { ...priorities, name: 'GICR_IPRIORITYR', offset: SGI_FRAME + 0x400, length: 0x20 },
  { ...config, name: 'GICR_ICFGR', offset: SGI_FRAME + 0xc00, length: 8 },
];
