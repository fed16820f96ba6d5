/** PSTATE: its SPSR form, its fields, and what engines derive from it (DDI 0487 C5.2, D1.4). */
import { bit } from '@hypnos/base';
import type { Feature } from '@hypnos/isa';
import { type CpuState, REGIMES, type SystemCells } from '../state.ts';
import type { CpuContext } from './context.ts';
import { digestDebugControl } from './debug-control.ts';
import { digestCounting } from './performance.ts';

/** SPSR_EL1 bits. */
export const SPSR = { dit: 24, uao: 23, pan: 22, ss: 21, il: 20, ssbs: 12, btype: 10, daif: 6, aarch32: 4 } as const;
/** SPSR bits of PSTATE fields that a CPU lacks: they are RES0, and a return does not see them. */
export function absentPstate(features: ReadonlySet<Feature>): bigint {
  const needs = { pan: 'FEAT_PAN', uao: 'FEAT_UAO', dit: 'FEAT_DIT', ssbs: 'FEAT_SSBS' } as const;
  let mask = 0n;
  for (const field of ['pan', 'uao', 'dit', 'ssbs'] as const) if (!features.has(needs[field])) mask |= 1n << BigInt(SPSR[field]);
  return mask;
}

/** SCTLR_EL1 bits. */
export const SCTLR = {
  M: 0, A: 1, SA: 3, SA0: 4, UMA: 9, EnRCTX: 10, DZE: 14, UCT: 15, nTWI: 16, nTWE: 18, WXN: 19, TSCXT: 20, SPAN: 23, UCI: 26, DSSBS: 44,
} as const;

const SIGN = 1n << 63n;

/** NZCV as four bits, N highest. */
export const nzcv = (cpu: CpuState): number =>
  (cpu.nf & SIGN ? 8 : 0) | (cpu.zf === 0n ? 4 : 0) | (cpu.cf ? 2 : 0) | (cpu.vf & SIGN ? 1 : 0);

export function setNzcv(cpu: CpuState, value: number): void {
  cpu.nf = value & 8 ? SIGN : 0n;
  cpu.zf = value & 4 ? 0n : 1n;
  cpu.cf = value & 2 ? 1n : 0n;
  cpu.vf = value & 1 ? SIGN : 0n;
}

/** PSTATE in the form SPSR_EL1 takes it. */
export function savedPstate(cpu: CpuState): bigint {
  const mode = cpu.el === 0 ? 0 : 4 | cpu.spsel;
  const low = mode | (cpu.daif << SPSR.daif) | (cpu.btype << SPSR.btype) | (cpu.ssbs << SPSR.ssbs) | (cpu.il << SPSR.il) | (cpu.ss << SPSR.ss)
    | (cpu.pan << SPSR.pan) | (cpu.uao << SPSR.uao) | (cpu.dit << SPSR.dit);
  return BigInt((low | (nzcv(cpu) << 28)) >>> 0);
}

/** Sets every field but the exception level and stack pointer from an SPSR value. */
export function restoreFields(cpu: CpuState, spsr: bigint): void {
  const one = (at: number) => (bit(spsr, at) ? 1 : 0);
  setNzcv(cpu, Number((spsr >> 28n) & 15n));
  cpu.daif = Number((spsr >> BigInt(SPSR.daif)) & 15n);
  cpu.pan = one(SPSR.pan);
  cpu.uao = one(SPSR.uao);
  cpu.dit = one(SPSR.dit);
  cpu.ssbs = one(SPSR.ssbs);
  cpu.il = one(SPSR.il);
  cpu.ss = one(SPSR.ss);
  cpu.btype = 0;
}

const bank = (el: number, spsel: number): 'SP_EL0' | 'SP_EL1' => (el === 0 || spsel === 0 ? 'SP_EL0' : 'SP_EL1');

/** Goes to an exception level and stack pointer: slot 31 of `x` is the current one, the cells hold the others. */
export function selectStack(cpu: CpuState, cells: SystemCells, el: number, spsel: number): void {
  cells[bank(cpu.el, cpu.spsel)] = cpu.x[31]!;
  cpu.el = el;
  cpu.spsel = spsel;
  cpu.x[31] = cells[bank(el, spsel)];
}

/** A banked stack pointer, wherever it stands now. */
export const bankedStack = ({ cpu, cells }: CpuContext, name: 'SP_EL0' | 'SP_EL1'): bigint =>
  bank(cpu.el, cpu.spsel) === name ? cpu.x[31]! : cells[name];

export function setBankedStack({ cpu, cells }: CpuContext, name: 'SP_EL0' | 'SP_EL1', value: bigint): void {
  if (bank(cpu.el, cpu.spsel) === name) cpu.x[31] = value;
  else cells[name] = value;
}

/** Recomputes the translation contexts in force. To be called after EL, PAN or UAO changed. */
export function regimeChanged({ cpu }: CpuContext): void {
  const regime = cpu.el === 0 ? REGIMES.el0 : cpu.pan ? REGIMES.el1Pan : REGIMES.el1;
  const user = cpu.uao && cpu.el !== 0 ? regime : REGIMES.el0;
  cpu.low = cpu.contextLow[regime]!;
  cpu.high = cpu.contextHigh[regime]!;
  cpu.userLow = cpu.contextLow[user]!;
  cpu.userHigh = cpu.contextHigh[user]!;
}

/** Recomputes the checks engines make on every instruction or access. To be called after SCTLR_EL1, CPACR_EL1 or debug registers changed. */
export function controlsChanged({ cpu, cells }: CpuContext): void {
  const enabled = Number((cells.CPACR_EL1 >> 20n) & 3n);
  cpu.fpTrapped = enabled === 3 ? 0 : enabled === 1 ? 1 : 3;
  cpu.spChecked = (bit(cells.SCTLR_EL1, SCTLR.SA0) ? 1 : 0) | (bit(cells.SCTLR_EL1, SCTLR.SA) ? 2 : 0);
  cpu.alignmentChecked = bit(cells.SCTLR_EL1, SCTLR.A) ? 1 : 0;
  digestDebugControl(cpu, cells);
  digestCounting(cpu, cells);
}
