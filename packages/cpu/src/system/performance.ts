/**
 * The performance monitors (DDI 0487 D13). Nothing counts while guest code runs: what happened is added up from the
 * number of retired instructions and the clock whenever a register is touched, the exception level changes, or a run ends.
 * Events are SW_INCR, INST_RETIRED and CPU_CYCLES; without a clock of its own (CpuPorts.performance) a cycle is an instruction.
 */
import { asU64, bit, bits } from '@hypnos/base';
import { EVENT_COUNTERS } from '@hypnos/isa';
import type { CpuState, SystemCells } from '../state.ts';
import type { CpuContext } from './context.ts';

const EVENT = { softwareIncrement: 0n, instructions: 8n, cycles: 0x11n } as const;
const PMCR = { E: 0, P: 1, C: 2 } as const;
const CYCLE_COUNTER = 31, SELECT_CYCLES = 31;
/** PMEVTYPER<n>_EL0 and PMCCFILTR_EL0: bits that keep EL0 and EL1 from being counted. */
const U = 30, P = 31;

const numbers = Array.from({ length: EVENT_COUNTERS }, (_, n) => n);
const VALUE = numbers.map(n => `PMEVCNTR${n}_EL0`), TYPE = numbers.map(n => `PMEVTYPER${n}_EL0`);

/** Works `counting` out from the registers: the counters that PMCR_EL0.E and PMCNTENSET_EL0 let count. */
export function digestCounting(cpu: CpuState, cells: SystemCells): void {
  cpu.counting = bit(cells.PMCR_EL0, PMCR.E) ? Number(bits(cells.PMCNTENSET_EL0, 0, 32)) : 0;
}

const counts = ({ cpu }: CpuContext, n: number): boolean => ((cpu.counting >>> n) & 1) !== 0;
const filtered = ({ cpu }: CpuContext, type: bigint): boolean => bit(type, cpu.el === 0 ? U : P);
const cyclesAt = (ctx: CpuContext, retired: bigint): bigint => ctx.ports.performance?.cycles?.() ?? retired;

/** Adds to an event counter of 32 bits; answers whether it overflowed. */
function add({ cells }: CpuContext, n: number, amount: bigint): boolean {
  const sum = cells[VALUE[n]!]! + amount;
  cells[VALUE[n]!] = bits(sum, 0, 32);
  if (sum >> 32n === 0n) return false;
  cells.PMOVSCLR_EL0 |= 1n << BigInt(n);
  return true;
}
function addCycles({ cells }: CpuContext, amount: bigint): boolean {
  const sum = cells.PMCCNTR_EL0 + amount;
  cells.PMCCNTR_EL0 = asU64(sum);
  if (sum >> 64n === 0n) return false;
  cells.PMOVSCLR_EL0 |= 1n << BigInt(CYCLE_COUNTER);
  return true;
}

/** Brings the counters up to date with `retired` instructions, all of them since the last time at this exception level. */
export function countEvents(ctx: CpuContext, retired: bigint = ctx.cpu.retired): void {
  const { cpu, cells } = ctx, now = cyclesAt(ctx, retired);
  const instructions = retired - cpu.countedInstructions, cycles = now > cpu.countedCycles ? now - cpu.countedCycles : 0n;
  cpu.countedInstructions = retired;
  cpu.countedCycles = now;
  if (!cpu.counting) return;
  let overflowed = counts(ctx, CYCLE_COUNTER) && !filtered(ctx, cells.PMCCFILTR_EL0) && addCycles(ctx, cycles);
  for (const n of numbers) {
    if (!counts(ctx, n)) continue;
    const type = cells[TYPE[n]!]!, event = bits(type, 0, 10);
    if (filtered(ctx, type) || (event !== EVENT.instructions && event !== EVENT.cycles)) continue;
    if (add(ctx, n, event === EVENT.cycles ? cycles : instructions)) overflowed = true;
  }
  if (overflowed) tellLine(ctx);
}

/** Cycles that passed while the CPU waited for an interrupt do not count. */
export function skipCycles(ctx: CpuContext): void {
  ctx.cpu.countedCycles = cyclesAt(ctx, ctx.cpu.retired);
}

/** The overflow interrupt is level-sensitive (D13.3.1). */
const tellLine = ({ cells, ports }: CpuContext): void =>
  ports.performance?.line(bit(cells.PMCR_EL0, PMCR.E) && (cells.PMOVSCLR_EL0 & cells.PMINTENSET_EL1) !== 0n);

/** Goes on from registers that were loaded: what they counted is in them. Called with the number of retired instructions and the clock loaded too. */
export function resumeCounting(ctx: CpuContext): void {
  digestCounting(ctx.cpu, ctx.cells);
  ctx.cpu.countedInstructions = ctx.cpu.retired;
  skipCycles(ctx);
  tellLine(ctx);
}

/** How many instructions and cycles may pass before an overflow that raises an interrupt, at the earliest; null for none. */
export function nextOverflow(ctx: CpuContext): { readonly instructions: bigint | null; readonly cycles: bigint | null } {
  const { cpu, cells } = ctx, near: { instructions: bigint | null; cycles: bigint | null } = { instructions: null, cycles: null };
  const waiting = cpu.counting & Number(bits(cells.PMINTENSET_EL1 & ~cells.PMOVSCLR_EL0, 0, 32));
  const consider = (kind: 'instructions' | 'cycles', left: bigint) => { if (near[kind] === null || left < near[kind]) near[kind] = left; };
  for (const n of waiting ? numbers : []) {
    const event = bits(cells[TYPE[n]!]!, 0, 10);
    if (!((waiting >>> n) & 1) || event === EVENT.softwareIncrement) continue;
    consider(event === EVENT.cycles ? 'cycles' : 'instructions', (1n << 32n) - cells[VALUE[n]!]!);
  }
  if ((waiting >>> CYCLE_COUNTER) & 1) consider('cycles', (1n << 64n) - cells.PMCCNTR_EL0);
  return near;
}

/** A change of a register takes effect behind the MSR, which still counts as before. */
function changing(ctx: CpuContext, change: () => void): undefined {
  countEvents(ctx, ctx.cpu.retired + 1n);
  change();
  digestCounting(ctx.cpu, ctx.cells);
  tellLine(ctx);
}
function current<T>(ctx: CpuContext, value: () => T): T {
  countEvents(ctx);
  return value();
}

/** Reading and writing of one register; the value to write has its fixed bits. */
interface PerformanceAccess {
  read?(ctx: CpuContext): bigint;
  write?(ctx: CpuContext, value: bigint): undefined;
  trapsEl0?(ctx: CpuContext, what: 'read' | 'write'): boolean;
}

/** PMUSERENR_EL0: EN opens everything to EL0; SW software increments, CR the cycle counter's value, ER those of the others. */
const USER = { EN: 0, SW: 1, CR: 2, ER: 3 } as const;
const closed = (opens?: (what: 'read' | 'write') => number | null) => ({ cells }: CpuContext, what: 'read' | 'write'): boolean => {
  const also = opens?.(what) ?? null;
  return !bit(cells.PMUSERENR_EL0, USER.EN) && (also === null || !bit(cells.PMUSERENR_EL0, also));
};
const values = closed(what => (what === 'read' ? USER.ER : null));

const stored = (name: string): PerformanceAccess => ({
  trapsEl0: closed(),
  write: (ctx, value) => changing(ctx, () => { ctx.cells[name] = value; }),
});
const counter = (name: string): PerformanceAccess => ({ ...stored(name), trapsEl0: values, read: ctx => current(ctx, () => ctx.cells[name]!) });
/** A set of counters: writing ones puts them in or takes them out. */
const set = (name: string, how: 'set' | 'clear'): PerformanceAccess => ({
  trapsEl0: closed(),
  read: ctx => current(ctx, () => ctx.cells[name]!),
  write: (ctx, value) => changing(ctx, () => { ctx.cells[name] = how === 'set' ? ctx.cells[name]! | (value & COUNTERS) : ctx.cells[name]! & ~value; }),
});
const COUNTERS = 0x8000_003fn;

/** The register that PMSELR_EL0 selects; counters that are not there read as zero. */
const selected = ({ cells }: CpuContext, of: readonly string[], cycles: string | null): string | null =>
  (Number(cells.PMSELR_EL0) === SELECT_CYCLES ? cycles : (of[Number(cells.PMSELR_EL0)] ?? null));
const WRITABLE = { type: 0xc000_03ffn, filter: 0xc000_0000n, value: 0xffff_ffffn } as const;

function resetCounters(ctx: CpuContext, value: bigint): void {
  const { cells } = ctx;
  if (bit(value, PMCR.P)) for (const name of VALUE) cells[name] = 0n;
  if (bit(value, PMCR.C)) cells.PMCCNTR_EL0 = 0n;
  cells.PMCR_EL0 = value & ~6n;
}

/** The registers that do more than hold a value. */
export const PERFORMANCE_ACCESS: Readonly<Record<string, PerformanceAccess>> = {
  PMCR_EL0: { trapsEl0: closed(), write: (ctx, value) => changing(ctx, () => resetCounters(ctx, value)) },
  PMCNTENSET_EL0: set('PMCNTENSET_EL0', 'set'), PMCNTENCLR_EL0: set('PMCNTENSET_EL0', 'clear'),
  PMOVSSET_EL0: set('PMOVSCLR_EL0', 'set'), PMOVSCLR_EL0: set('PMOVSCLR_EL0', 'clear'),
  PMINTENSET_EL1: set('PMINTENSET_EL1', 'set'), PMINTENCLR_EL1: set('PMINTENSET_EL1', 'clear'),
  PMSWINC_EL0: {
    trapsEl0: closed(() => USER.SW),
    write: (ctx, value) => changing(ctx, () => {
      for (const n of numbers) {
        const type = ctx.cells[TYPE[n]!]!;
        if (bit(value, n) && counts(ctx, n) && bits(type, 0, 10) === EVENT.softwareIncrement && !filtered(ctx, type)) add(ctx, n, 1n);
      }
    }),
  },
  PMSELR_EL0: { trapsEl0: closed(() => USER.ER) },
  PMCEID0_EL0: { trapsEl0: closed() }, PMCEID1_EL0: { trapsEl0: closed() },
  PMCCNTR_EL0: { ...counter('PMCCNTR_EL0'), trapsEl0: closed(what => (what === 'read' ? USER.CR : null)) },
  PMCCFILTR_EL0: stored('PMCCFILTR_EL0'),
  PMXEVTYPER_EL0: {
    trapsEl0: closed(),
    read: ctx => { const name = selected(ctx, TYPE, 'PMCCFILTR_EL0'); return name === null ? 0n : ctx.cells[name]!; },
    write: (ctx, value) => changing(ctx, () => {
      const name = selected(ctx, TYPE, 'PMCCFILTR_EL0');
      if (name !== null) ctx.cells[name] = value & (name === 'PMCCFILTR_EL0' ? WRITABLE.filter : WRITABLE.type);
    }),
  },
  PMXEVCNTR_EL0: {
    trapsEl0: values,
    read: ctx => current(ctx, () => { const name = selected(ctx, VALUE, null); return name === null ? 0n : ctx.cells[name]!; }),
    write: (ctx, value) => changing(ctx, () => { const name = selected(ctx, VALUE, null); if (name !== null) ctx.cells[name] = value & WRITABLE.value; }),
  },
  ...Object.fromEntries(VALUE.map(name => [name, counter(name)])),
  ...Object.fromEntries(TYPE.map(name => [name, stored(name)])),
};
