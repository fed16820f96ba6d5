/**
 * How the interpreter goes through guest code: by the generated `run` or `step`, and one instruction at a time while
 * software step is active or where a page has breakpoints. Generated code comes out with EXIT.debug where that begins.
 */
import { EXIT } from '../state.ts';
import { advanceStep, branchAddress, pendingStep, STEPPED, stepOf, stepping, takeTrap } from '../system/index.ts';
import type { Seat } from './seat.ts';

export class Course {
  /** True while one instruction is run: it may be of a page with breakpoints. */
  singly = false;
  readonly #seat: Seat;
  /** What software step is to know once the instruction in hand has retired. */
  #step: number = STEPPED.no;

  constructor(seat: Seat) { this.#seat = seat; }

  /** Runs about `count` instructions and exceptions ('run'), or exactly as many ('step'). Answers how many are left. */
  go(how: 'run' | 'step', count: bigint): bigint {
    const { ctx } = this.#seat, { cpu } = ctx;
    for (let left = count;;) {
      if (!cpu.debugControl || !stepping(ctx)) {
        this.#seat.enter(how, left);
        left = cpu.left;
        if (cpu.exitReason !== EXIT.debug) return left;
      }
      cpu.exitReason = cpu.attention ? EXIT.attention : EXIT.budget;
      if (cpu.attention || left <= 0n) return left;
      left -= this.#next();
      if (cpu.exitReason !== EXIT.budget && cpu.exitReason !== EXIT.debug) return left;
    }
  }

  /** The next instruction, or the exception that the last one left pending. Answers what it took of the budget. */
  #next(): bigint {
    const { ctx } = this.#seat, { cpu } = ctx, pending = pendingStep(ctx);
    if (!pending) { this.single(); return 1n - cpu.left; }
    takeTrap(ctx, pending, branchAddress(ctx, cpu.pc));
    cpu.exitReason = EXIT.budget;
    return 1n;
  }

  /** One instruction, or the exception it meets, while software step has none pending. */
  single(): void {
    const { ctx } = this.#seat, { cpu } = ctx;
    this.#step = cpu.debugControl ? stepOf(ctx) : STEPPED.no;
    this.singly = true;
    this.#seat.enter('step', 1n);
    this.singly = false;
    if (this.#seat.traps === 0 && cpu.left === 0n) this.retired();
    this.#step = STEPPED.no;
  }

  /** The instruction in hand has retired. A call says so before its exception, which must find the step advanced. */
  retired(): void {
    advanceStep(this.#seat.ctx, this.#step);
    this.#step = STEPPED.no;
  }
}
