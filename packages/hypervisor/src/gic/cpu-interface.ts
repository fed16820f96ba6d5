/** GICv3 CPU interface (IHI 0069 §12.2): the ICC_* system registers, by name. */
import { affinityOf, type Gic, groupMask, runningPriority } from './gic.ts';
import { type CpuInterface, MIN_BPR0, MIN_BPR1, PRIORITY_MASK, SPECIAL, SPURIOUS } from './state.ts';

/** ICC_CTLR_EL1: five priority bits, 16-bit INTIDs, no affinity 3; CBPR and EOImode are the guest's. */
const CTLR_FIXED = 4 << 8;
const CTLR_WRITABLE = 3;
const EOI_MODE = 2;
/** System register interface on, bypass off; none of it can be changed. */
const SRE = 7;

type Read = (gic: Gic, cpuIndex: number, c: CpuInterface) => number;
type Write = (gic: Gic, cpuIndex: number, c: CpuInterface, value: bigint) => void;
export interface IccRow {
  readonly name: string;
  readonly read?: Read;
  readonly write?: Write;
  /** The saver's view, where it differs from the guest's; registers without state have none. */
  readonly save?: 'same';
}

const low = (value: bigint): number => Number(BigInt.asUintN(32, value));

export const ICC_ROWS: readonly IccRow[] = [
  { name: 'ICC_PMR_EL1', read: (_g, _i, c) => c.pmr, write: (_g, _i, c, v) => { c.pmr = low(v) & PRIORITY_MASK; }, save: 'same' },
  { name: 'ICC_BPR0_EL1', read: (_g, _i, c) => c.bpr0, write: (_g, _i, c, v) => { c.bpr0 = Math.max(low(v) & 7, MIN_BPR0); }, save: 'same' },
  { name: 'ICC_BPR1_EL1', read: (_g, _i, c) => (c.ctlr & 1 ? Math.min(c.bpr0 + 1, 7) : c.bpr1), write: writeBpr1, save: 'same' },
  {
    name: 'ICC_CTLR_EL1', read: (_g, _i, c) => c.ctlr | CTLR_FIXED, save: 'same',
    write: (_g, _i, c, v) => { c.ctlr = low(v) & CTLR_WRITABLE; },
  },
  { name: 'ICC_SRE_EL1', read: () => SRE, write: () => {}, save: 'same' },
  { name: 'ICC_IGRPEN0_EL1', read: (_g, _i, c) => c.igrpen0, write: (_g, _i, c, v) => { c.igrpen0 = low(v) & 1; }, save: 'same' },
  { name: 'ICC_IGRPEN1_EL1', read: (_g, _i, c) => c.igrpen1, write: (_g, _i, c, v) => { c.igrpen1 = low(v) & 1; }, save: 'same' },
  { name: 'ICC_AP0R0_EL1', read: (_g, _i, c) => c.ap0, write: (_g, _i, c, v) => { c.ap0 = low(v); }, save: 'same' },
  { name: 'ICC_AP1R0_EL1', read: (_g, _i, c) => c.ap1, write: (_g, _i, c, v) => { c.ap1 = low(v); }, save: 'same' },
  { name: 'ICC_IAR0_EL1', read: (g, i) => acknowledge(g, i, 0) },
  { name: 'ICC_IAR1_EL1', read: (g, i) => acknowledge(g, i, 1) },
  { name: 'ICC_HPPIR0_EL1', read: (g, i) => highestPending(g, i, 0) },
  { name: 'ICC_HPPIR1_EL1', read: (g, i) => highestPending(g, i, 1) },
  { name: 'ICC_RPR_EL1', read: (_g, _i, c) => runningPriority(c) },
  { name: 'ICC_EOIR0_EL1', write: (g, i, c, v) => endOfInterrupt(g, i, c, low(v), 0) },
  { name: 'ICC_EOIR1_EL1', write: (g, i, c, v) => endOfInterrupt(g, i, c, low(v), 1) },
  { name: 'ICC_DIR_EL1', write: (g, i, c, v) => { if (c.ctlr & EOI_MODE) deactivate(g, i, low(v)); } },
  { name: 'ICC_SGI1R_EL1', write: (g, i, _c, v) => generateSgi(g, i, v, 1) },
  { name: 'ICC_ASGI1R_EL1', write: (g, i, _c, v) => generateSgi(g, i, v, 0) },
  { name: 'ICC_SGI0R_EL1', write: (g, i, _c, v) => generateSgi(g, i, v, 0) },
];

const byName = new Map(ICC_ROWS.map(row => [row.name, row]));

/** MRS of an ICC register. Ones that are not implemented (AP*R1..3 with five priority bits) read as zero. */
export function readIcc(gic: Gic, cpuIndex: number, name: string): bigint {
  const read = byName.get(name)?.read;
  if (read === undefined) return 0n;
  gic.lock();
  const value = read(gic, cpuIndex, gic.seats[cpuIndex]!.cpuInterface);
  gic.unlock();
  return BigInt(value >>> 0);
}

/** MSR of an ICC register. */
export function writeIcc(gic: Gic, cpuIndex: number, name: string, value: bigint): void {
  const write = byName.get(name)?.write;
  if (write === undefined) return;
  gic.lock();
  write(gic, cpuIndex, gic.seats[cpuIndex]!.cpuInterface, value);
  gic.update(cpuIndex);
  gic.unlock();
}

function writeBpr1(_gic: Gic, _index: number, c: CpuInterface, value: bigint): void {
  if (!(c.ctlr & 1)) c.bpr1 = Math.max(low(value) & 7, MIN_BPR1);
}

/** Takes the best interrupt of a group: it becomes active, its latch clears, its priority becomes the running one. */
function acknowledge(gic: Gic, cpuIndex: number, group: 0 | 1): number {
  const best = gic.takeable(cpuIndex);
  if (best === null || best.group !== group) return SPURIOUS;
  const c = gic.seats[cpuIndex]!.cpuInterface, bank = gic.bank(cpuIndex, best.intid);
  const word = best.intid >>> 5, mask = 1 << (best.intid & 31);
  bank.active[word]! |= mask;
  bank.latch[word]! &= ~mask;
  const level = 1 << ((best.priority & groupMask(c, group)) >>> 3);
  if (group === 0) c.ap0 = (c.ap0 | level) >>> 0;
  else c.ap1 = (c.ap1 | level) >>> 0;
  gic.update(cpuIndex);
  return best.intid;
}

function highestPending(gic: Gic, cpuIndex: number, group: 0 | 1): number {
  const c = gic.seats[cpuIndex]!.cpuInterface;
  const best = gic.best(cpuIndex, (c.igrpen0 & 1) | ((c.igrpen1 & 1) << 1));
  return best === null || best.group !== group ? SPURIOUS : best.intid;
}

/** Priority drop; with EOImode 0 deactivation as well. A write that does not fit what is active is ignored. */
function endOfInterrupt(gic: Gic, cpuIndex: number, c: CpuInterface, value: number, group: 0 | 1): void {
  const intid = value & 0xffffff;
  if (intid >= SPECIAL) return;
  const active = c.ap0 | c.ap1, highest = active & -active;
  if (highest === 0 || !((group === 0 ? c.ap0 : c.ap1) & highest)) return;
  if (group === 0) c.ap0 = (c.ap0 & ~highest) >>> 0;
  else c.ap1 = (c.ap1 & ~highest) >>> 0;
  if (!(c.ctlr & EOI_MODE)) deactivate(gic, cpuIndex, intid);
}

function deactivate(gic: Gic, cpuIndex: number, value: number): void {
  const intid = value & 0xffffff;
  if (intid >= gic.distributor.nrIntids || intid >= SPECIAL) return;
  gic.bank(cpuIndex, intid).active[intid >>> 5]! &= ~(1 << (intid & 31));
  gic.changed(intid, cpuIndex);
}

/** ICC_SGI*R_EL1 (IHI 0069 §12.2.20): an SGI reaches the named CPUs whose redistributor has it in the register's group. */
function generateSgi(gic: Gic, cpuIndex: number, value: bigint, group: 0 | 1): void {
  const intid = Number((value >> 24n) & 15n), toOthers = (value >> 40n) & 1n;
  const cluster = ((value >> 16n) & 0xffn) << 8n | ((value >> 32n) & 0xffn) << 16n | ((value >> 48n) & 0xffn) << 32n;
  for (let i = 0; i < gic.seats.length; i++) {
    const affinity = affinityOf(i);
    const listed = (affinity & ~0xffn) === cluster && (value >> (affinity & 0xffn)) & 1n;
    if (toOthers ? i === cpuIndex : !listed) continue;
    const bank = gic.bank(i, intid);
    if (((bank.group[0]! >>> intid) & 1) !== group) continue;
    bank.latch[0]! |= 1 << intid;
    gic.update(i);
  }
}

