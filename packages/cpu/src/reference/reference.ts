/** The reference engine: rows run directly on bigints, one instruction at a time. Slow, plain, and the judge of the others. */
import { asU64 } from '@hypnos/base';
import type { Decoded, Label, Reg, SysReg, VReg } from '@hypnos/isa';
import { forgetAccesses, pendingAccess } from '../mmio.ts';
import { EXIT } from '../state.ts';
import { breakpointAt } from '../system/breakpoints.ts';
import type { CpuContext } from '../system/context.ts';
import { takeInterrupt, takeTrap } from '../system/exceptions.ts';
import { advanceStep, pendingStep, STEPPED, stepOf } from '../system/software-step.ts';
import { FP_TRAPPED, ILLEGAL_STATE, instructionAbort, pcMisaligned, STATUS, type Trap, UNDEFINED } from '../system/syndrome.ts';
import { faulted, translate } from '../system/walk.ts';
import { Abandon } from './abandon.ts';
import { type Course, type EvaluateFp, instructionOps } from './instruction-ops.ts';

export interface ReferenceEngine {
  /** Executes up to `budget` instructions; answers why it came out (EXIT), as `exitReason` says too. */
  run(budget: bigint): number;
}

type Decode = (word: number) => Decoded | null;
type Seen = bigint | Reg | VReg | Label | SysReg;

const lifted = (d: Decoded): Record<string, Seen> =>
  Object.fromEntries(Object.entries(d.operands).map(([name, o]) => [name, o.kind === 'imm' ? o.value : o]));

export function createReference(ctx: CpuContext, decode: Decode, evaluateFp: EvaluateFp): ReferenceEngine {
  const { cpu } = ctx;
  const course: Course = { next: 0n, exit: EXIT.none, call: null, recheck: false };
  const ops = instructionOps(ctx, course, evaluateFp);

  /** What software step is to know once the instruction in hand has retired. */
  let step: number = STEPPED.no;

  /** The instruction at pc, or the trap that fetching it raises, in the order of D1.3.5. */
  function fetch(): Decoded | Trap {
    const stepped = cpu.debugControl ? pendingStep(ctx) : null;
    if (stepped) return stepped;
    if (cpu.pc & 3n) return pcMisaligned(cpu.pc);
    const found = translate(ctx, cpu.pc, 'fetch', { el: cpu.el, pan: false });
    if (faulted(found)) return instructionAbort(ctx, found.status, cpu.pc);
    const breakpoint = breakpointAt(ctx, cpu.pc);
    if (breakpoint) return breakpoint;
    const linear = ctx.memory.linearOf(found.ipa);
    if (linear === null) return instructionAbort(ctx, STATUS.external, cpu.pc);
    if (cpu.il) return ILLEGAL_STATE;
    const decoded = decode(Number(ctx.memory.read(linear, 4)));
    if (!decoded) return UNDEFINED;
    return decoded.row.fp && (cpu.fpTrapped >> cpu.el) & 1 ? FP_TRAPPED : decoded;
  }

  /** One instruction, retired, trapped, or left to be executed again. */
  function execute(): void {
    Object.assign(course, { next: asU64(cpu.pc + 4n), exit: EXIT.none, call: null, recheck: false });
    const fetched = fetch();
    if ('syndrome' in fetched) { trap(fetched); return; }
    step = cpu.debugControl ? stepOf(ctx) : STEPPED.no;
    try {
      fetched.row.does(ops, fetched.form, lifted(fetched));
    } catch (thrown) {
      if (!(thrown instanceof Abandon)) throw thrown;
      if (thrown.why !== 'exit') trap(thrown.why);
      return;
    }
    retire();
  }
  /** An exception is counted against the budget: a guest that does nothing else must come out in the end. */
  function trap(why: Trap): void {
    takeTrap(ctx, why, cpu.pc);
    cpu.left--;
  }
  function retire(): void {
    cpu.pc = course.next;
    cpu.retired++;
    cpu.left--;
    advanceStep(ctx, step);
    if (cpu.mmioCount) forgetAccesses(cpu);
    if (course.call) takeTrap(ctx, course.call, cpu.pc);
    if (course.exit) cpu.exitReason = course.exit;
    else if (course.recheck) takeInterrupt(ctx);
  }

  return {
    run(budget) {
      cpu.left = budget;
      cpu.exitReason = EXIT.none;
      // An instruction whose accesses are answered is finished before anything else may happen to the CPU.
      if (cpu.mmioCount) {
        if (pendingAccess(cpu)) return (cpu.exitReason = EXIT.mmio);
        execute();
        if (cpu.exitReason) return cpu.exitReason;
      }
      takeInterrupt(ctx);
      while (!cpu.exitReason) {
        if (cpu.attention) cpu.exitReason = EXIT.attention;
        else if (cpu.left <= 0n) cpu.exitReason = EXIT.budget;
        else execute();
      }
      return cpu.exitReason;
    },
  };
}
