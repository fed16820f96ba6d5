/** A CPU as it comes out of reset (DDI 0487 D1.5.2): EL1 with SP_EL1, everything masked, the MMU off. */
import { cpuShape } from '../state.ts';
import type { CpuContext } from './context.ts';
import { startTranslation } from './translation-context.ts';

/**
 * Puts every register at its reset value, whatever stood there, identification registers at the model's, and the program
 * counter at `entry`. MPIDR_EL1 and CNTFRQ_EL0 are the board's to set afterwards.
 */
export function resetCpu(ctx: CpuContext, entry = 0n): void {
  const { cpu, cells, model } = ctx;
  cpuShape.reset(cpu);
  Object.assign(cpu, { el: 1, spsel: 1, daif: 15, zf: 1n, pc: entry });
  for (const [name, value] of Object.entries(model.idRegisters)) if (name in cells) cells[name] = value;
  startTranslation(ctx);
}
