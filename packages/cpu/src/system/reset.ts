/** A CPU as it comes out of reset (DDI 0487 D1.5.2): EL1 with SP_EL1, everything masked, the MMU off. */
import { cpuShape } from '../state.ts';
import type { CpuContext } from './context.ts';
import { startTranslation } from './translation-context.ts';

/** Puts every register at its reset value, whatever stood there, and the program counter at `entry`. */
export function resetCpu(ctx: CpuContext, entry = 0n): void {
  const { cpu, cells } = ctx;
  cpuShape.reset(cpu);
  Object.assign(cpu, { el: 1, spsel: 1, daif: 15, zf: 1n, pc: entry });
  // The OS lock is set at reset (D23.3.12).
  cells.OSLSR_EL1 = 2n;
  startTranslation(ctx);
}
