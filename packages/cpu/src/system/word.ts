/** The instruction the CPU stands on, read again for a syndrome that quotes it. */
import type { CpuContext } from './context.ts';
import { faulted, translate } from './walk.ts';

/** The word at pc, or zero if it cannot be read any more. */
export function currentWord(ctx: CpuContext): number {
  const { cpu } = ctx;
  const found = translate(ctx, cpu.pc, 'fetch', { el: cpu.el, pan: false, update: false });
  const linear = faulted(found) ? null : ctx.memory.linearOf(found.ipa);
  return linear === null ? 0 : Number(ctx.memory.read(linear, 4));
}
