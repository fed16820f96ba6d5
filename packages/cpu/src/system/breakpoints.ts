/** Hardware breakpoints (DDI 0487 D2.8; pseudocode AArch64.BreakpointMatch): addresses, contexts, and addresses linked to contexts. */
import { bit, bits } from '@hypnos/base';
import { BREAKPOINTS, CONTEXT_BREAKPOINTS } from '@hypnos/isa';
import type { SystemCells } from '../state.ts';
import type { CpuContext } from './context.ts';
import { DEBUG, debugEnabled } from './debug-control.ts';
import { breakpointHit, type Trap } from './syndrome.ts';

/** DBGBCR<n>_EL1.BT; bit 0 links. Every other type needs EL2 or AArch32, and is reserved here: it never matches. */
const TYPE = { address: 0, linkedAddress: 1, context: 2, linkedContext: 3 } as const;
const FIRST_CONTEXT = BREAKPOINTS - CONTEXT_BREAKPOINTS;

/** Addresses are compared up to bit 48 (DebugAddrTop); those above only extend it. */
export const DEBUG_ADDRESS_BITS = 49;

const control = (cells: SystemCells, n: number): bigint => cells[`DBGBCR${n}_EL1`]!;
const value = (cells: SystemCells, n: number): bigint => cells[`DBGBVR${n}_EL1`]!;

/**
 * Whether the state that a control register asks for is one in which `el` counts (AArch64.StateMatch). Breakpoints and
 * watchpoints have these fields alike: PMC or PAC 2:1, HMC 13, SSC 15:14. Without EL2 and EL3 only HMC 0 with SSC 0 is not reserved.
 */
export const stateMatches = (word: bigint, el: number): boolean => (word & 0xe000n) === 0n && bit(word, el === 0 ? 2 : 1);

/** Whether breakpoint `n`, linked to, is of this context. Linking to what does not compare contexts never matches. */
export function linkedContextMatches({ cells }: CpuContext, n: number): boolean {
  if (n < FIRST_CONTEXT || n >= BREAKPOINTS) return false;
  const word = control(cells, n);
  return bit(word, 0) && bits(word, 20, 4) === BigInt(TYPE.linkedContext) && bits(value(cells, n), 0, 32) === cells.CONTEXTIDR_EL1;
}

function matches(ctx: CpuContext, n: number, address: bigint): boolean {
  const { cells } = ctx, word = control(cells, n);
  if (!bit(word, 0) || !stateMatches(word, ctx.cpu.el)) return false;
  switch (Number(bits(word, 20, 4))) {
    case TYPE.address: return sameAddress(cells, n, address);
    case TYPE.linkedAddress: return sameAddress(cells, n, address) && linkedContextMatches(ctx, Number(bits(word, 16, 4)));
    case TYPE.context: return n >= FIRST_CONTEXT && bits(value(cells, n), 0, 32) === cells.CONTEXTIDR_EL1;
    default: return false;
  }
}
const sameAddress = (cells: SystemCells, n: number, address: bigint): boolean =>
  bits(value(cells, n) ^ address, 2, DEBUG_ADDRESS_BITS - 2) === 0n;

/** The breakpoint exception that the instruction at pc meets once it has been translated, if any. */
export function breakpointAt(ctx: CpuContext, address: bigint): Trap | null {
  if (!(ctx.cpu.debugControl & DEBUG.breakpoints) || !debugEnabled(ctx)) return null;
  for (let n = 0; n < BREAKPOINTS; n++) if (matches(ctx, n, address)) return breakpointHit(ctx);
  return null;
}

/** Whether instructions in the 4 KiB page of an address must each be asked about: those pages run one at a time. */
export function hasBreakpoints({ cpu, cells }: CpuContext, address: bigint): boolean {
  if (!(cpu.debugControl & DEBUG.breakpoints) || (cpu.el !== 0 && !(cpu.debugControl & DEBUG.kernel))) return false;
  for (let n = 0; n < BREAKPOINTS; n++) {
    const word = control(cells, n);
    if (!bit(word, 0) || !stateMatches(word, cpu.el)) continue;
    if (bits(word, 20, 4) === BigInt(TYPE.context) || bits(value(cells, n) ^ address, 12, DEBUG_ADDRESS_BITS - 12) === 0n) return true;
  }
  return false;
}
