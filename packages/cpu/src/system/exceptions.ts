/** Taking exceptions to EL1 and coming back (DDI 0487 D1.3; pseudocode AArch64.TakeException and ExceptionReturn). */
import { bit } from '@hypnos/base';
import { forgetAccesses } from '../mmio.ts';
import type { CpuContext } from './context.ts';
import { stepAfterReturn } from './debug-control.ts';
import { countEvents } from './performance.ts';
import { regimeChanged, restoreFields, savedPstate, SCTLR, SPSR, selectStack } from './pstate.ts';
import type { Trap } from './syndrome.ts';
import { tagIgnored } from './translation-control.ts';

export type ExceptionKind = 'synchronous' | 'irq' | 'fiq' | 'serror';

export interface ExceptionDetail {
  /** ESR_EL1; interrupts leave the register alone. */
  readonly syndrome?: number;
  /** FAR_EL1, for the exceptions that set it. */
  readonly faultAddress?: bigint;
  readonly preferredReturn: bigint;
}

const OFFSET: Record<ExceptionKind, bigint> = { synchronous: 0n, irq: 0x80n, fiq: 0x100n, serror: 0x180n };

/** Where a branch to `target` really goes: an ignored top byte takes the sign of bit 55 (AArch64.BranchAddr). */
export function branchAddress(ctx: CpuContext, target: bigint): bigint {
  if (!tagIgnored(ctx.cells.TCR_EL1, target)) return target;
  return BigInt.asUintN(64, BigInt.asIntN(56, target));
}

/** Enters the EL1 handler of an exception; the CPU's pc is at its vector afterwards. */
export function takeException(ctx: CpuContext, kind: ExceptionKind, detail: ExceptionDetail): void {
  const { cpu, cells } = ctx;
  if (cpu.counting) countEvents(ctx);
  const from = cpu.el === 0 ? 0x400n : cpu.spsel === 0 ? 0n : 0x200n;
  cells.SPSR_EL1 = savedPstate(cpu);
  cells.ELR_EL1 = detail.preferredReturn;
  if (detail.syndrome !== undefined) cells.ESR_EL1 = BigInt(detail.syndrome);
  if (detail.faultAddress !== undefined) cells.FAR_EL1 = BigInt.asUintN(64, detail.faultAddress);
  selectStack(cpu, cells, 1, 1);
  cpu.daif = 15;
  cpu.ss = cpu.stepped = cpu.il = cpu.btype = cpu.uao = 0;
  if (!bit(cells.SCTLR_EL1, SCTLR.SPAN)) cpu.pan = 1;
  cpu.ssbs = bit(cells.SCTLR_EL1, SCTLR.DSSBS) ? 1 : 0;
  forgetAccesses(cpu);
  regimeChanged(ctx);
  cpu.pc = branchAddress(ctx, BigInt.asUintN(64, (cells.VBAR_EL1 & ~0x7ffn) + from + OFFSET[kind]));
}

/** Takes the synchronous exception an instruction raised. Calls (SVC) return behind it, everything else to it. */
export function takeTrap(ctx: CpuContext, trap: Trap, preferredReturn: bigint): void {
  takeException(ctx, 'synchronous', { ...trap, preferredReturn });
}

/** Which interrupt the lines and masks deliver now. */
export function pendingInterrupt({ cpu }: CpuContext): 'irq' | 'fiq' | null {
  const asserted = cpu.lines;
  if (asserted & 2 && !(cpu.daif & 1)) return 'fiq';
  if (asserted & 1 && !(cpu.daif & 2)) return 'irq';
  return null;
}

/** Takes a deliverable interrupt, if there is one, at the instruction the CPU stands on. */
export function takeInterrupt(ctx: CpuContext): boolean {
  const kind = pendingInterrupt(ctx);
  if (!kind) return false;
  takeException(ctx, kind, { preferredReturn: branchAddress(ctx, ctx.cpu.pc) });
  return true;
}

/** ERET at EL1: goes to ELR_EL1 with SPSR_EL1's state, or, where that names a state this CPU does not have, sets PSTATE.IL. */
export function eret(ctx: CpuContext): void {
  const { cpu, cells } = ctx;
  const spsr = cells.SPSR_EL1 & ~ctx.absentPstate, target = cells.ELR_EL1;
  const mode = Number(spsr & 0xfn);
  const legal = !bit(spsr, SPSR.aarch32) && (mode === 0 || mode === 4 || mode === 5);
  const ss = stepAfterReturn(ctx, spsr, legal ? mode >> 2 : cpu.el);
  // ERET itself is an instruction of the level it leaves.
  if (cpu.counting) countEvents(ctx, cpu.retired + 1n);
  if (legal) {
    restoreFields(cpu, spsr);
    selectStack(cpu, cells, mode >> 2, mode & 1);
  } else {
    // Illegal exception returns keep EL and SP, and leave UAO, DIT and SSBS as they were (IllegalExceptionReturn).
    const { uao, dit, ssbs } = cpu;
    restoreFields(cpu, spsr);
    Object.assign(cpu, { uao, dit, ssbs, il: 1 });
  }
  cpu.ss = ss;
  cpu.stepped = 0;
  // A return clears the local monitor and sets the event register (D1.3.5, D1.6.1).
  cpu.exclusiveBytes = 0;
  cpu.event = 1;
  regimeChanged(ctx);
  cpu.pc = branchAddress(ctx, target);
}
