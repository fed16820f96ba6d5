/**
 * Self-hosted debug (DDI 0487 D2): what MDSCR_EL1, the OS lock and the breakpoint and watchpoint registers ask of
 * engines, digested into one word, so that an engine that nobody debugs with looks at one zero.
 */
import { bit } from '@hypnos/base';
import { BREAKPOINTS, WATCHPOINTS } from '@hypnos/isa';
import type { CpuState, SystemCells } from '../state.ts';
import type { CpuContext } from './context.ts';

/** Bits of `debugControl`, all clear while the OS lock or the double lock is set. */
export const DEBUG = {
  /** MDSCR_EL1.SS: software step. */
  step: 1,
  /** MDSCR_EL1.KDE: debug exceptions at EL1 too. */
  kernel: 2,
  /** MDSCR_EL1.MDE, and some breakpoint or watchpoint is enabled. */
  breakpoints: 4, watchpoints: 8,
} as const;

/** MDSCR_EL1 bits. */
const SS = 0, KDE = 13, MDE = 15;
const OSLK = 1, DLK = 0, CORENPDRQ = 0;

/** The OS lock, or the double lock (DoubleLockStatus), keeps debug exceptions away. */
const locked = (cells: SystemCells): boolean => bit(cells.OSLSR_EL1, OSLK) || (bit(cells['OSDLR_EL1']!, DLK) && !bit(cells['DBGPRCR_EL1']!, CORENPDRQ));

const someEnabled = (cells: SystemCells, kind: 'B' | 'W', count: number): boolean => {
  for (let i = 0; i < count; i++) if (cells[`DBG${kind}CR${i}_EL1`]! & 1n) return true;
  return false;
};

/** Works `debugControl` out from the registers. */
export function digestDebugControl(cpu: CpuState, cells: SystemCells): void {
  cpu.debugControl = 0;
  if (locked(cells)) return;
  const mdscr = cells.MDSCR_EL1, matching = bit(mdscr, MDE);
  cpu.debugControl = (bit(mdscr, SS) ? DEBUG.step : 0) | (bit(mdscr, KDE) ? DEBUG.kernel : 0)
    | (matching && someEnabled(cells, 'B', BREAKPOINTS) ? DEBUG.breakpoints : 0)
    | (matching && someEnabled(cells, 'W', WATCHPOINTS) ? DEBUG.watchpoints : 0);
}

/** Whether debug exceptions but BRK can be taken from an exception level with a PSTATE.D (AArch64.GenerateDebugExceptionsFrom), the OS lock aside. */
const enabledFrom = (control: number, el: number, masked: boolean): boolean => el === 0 || ((control & DEBUG.kernel) !== 0 && !masked);

const MASK_D = 8;

/** Whether debug exceptions can be taken here and now; only meaningful for what `debugControl` has. */
export const debugEnabled = ({ cpu }: CpuContext): boolean => enabledFrom(cpu.debugControl, cpu.el, (cpu.daif & MASK_D) !== 0);

/** Whether software step is active: each instruction is followed by an exception (D2.12). */
export const stepping = (ctx: CpuContext): boolean => (ctx.cpu.debugControl & DEBUG.step) !== 0 && debugEnabled(ctx);

/** PSTATE.SS after a return to `el` with `spsr` (DebugExceptionReturnSS): SPSR's where stepping begins with the return. To be asked before the return. */
export function stepAfterReturn(ctx: CpuContext, spsr: bigint, el: number): number {
  const { cpu } = ctx;
  const begins = cpu.debugControl & DEBUG.step && !debugEnabled(ctx) && enabledFrom(cpu.debugControl, el, bit(spsr, 9));
  return begins && bit(spsr, 21) ? 1 : 0;
}
