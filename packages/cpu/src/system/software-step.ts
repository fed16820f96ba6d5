/**
 * Software step (DDI 0487 D2.12). With stepping active, PSTATE.SS 1 is active-not-pending: one instruction executes and
 * clears it. PSTATE.SS 0 is active-pending: the exception is taken before the next instruction.
 */
import type { CpuContext } from './context.ts';
import { stepping } from './debug-control.ts';
import { softwareStep, type Trap } from './syndrome.ts';
import { currentWord } from './word.ts';

/** Values of `stepped`: nothing was stepped since the last exception, an instruction was, one that loads exclusively was. */
export const STEPPED = { no: 0, yes: 1, exclusive: 2 } as const;

/** LDXR, LDAXR, LDXP, LDAXP of every size: o2 clear, L set. */
const loadsExclusively = (word: number): boolean => (word & 0x3fc0_0000) === 0x0840_0000;

/** Before an instruction: the exception that the one before it made pending, if so. */
export function pendingStep(ctx: CpuContext): Trap | null {
  if (ctx.cpu.ss || !stepping(ctx)) return null;
  return softwareStep(ctx, ctx.cpu.stepped);
}

/** What `advanceStep` must know when the instruction at pc has retired: STEPPED.no while it is not being stepped. */
export function stepOf(ctx: CpuContext): number {
  if (!ctx.cpu.ss || !stepping(ctx)) return STEPPED.no;
  return loadsExclusively(currentWord(ctx)) ? STEPPED.exclusive : STEPPED.yes;
}

/** A stepped instruction has retired (SSAdvance). Calls advance before their exception, which so saves PSTATE.SS 0. */
export function advanceStep({ cpu }: CpuContext, step: number): void {
  if (step === STEPPED.no) return;
  cpu.ss = 0;
  cpu.stepped = step;
}
