/** What the parts of one CPU's interpreter share: its state, its module, and how an instruction ends in TypeScript. */
import type { CpuContext } from '../system/index.ts';
import { pendingInterrupt, stepping, takeTrap, type Trap } from '../system/index.ts';
import { forgetAccesses } from '../mmio.ts';
import { EXIT } from '../state.ts';
import { STATUS, WALK, WALKED } from './status.ts';

export interface Exports {
  run(cpu: number, budget: bigint): void;
  step(cpu: number, count: bigint): void;
  walk(cpu: number, va: bigint, request: number): number;
}

export class Seat {
  readonly ctx: CpuContext;
  /** Linear address of the CPU's area. */
  readonly base: number;
  /** Set once the module is instantiated. */
  exports!: Exports;
  readonly #exact: boolean;
  /** `retired` at the time `left` was the budget: while guest code runs only `left` is counted, in instructions and exceptions. */
  #retiredBefore = 0n;
  #budget = 0n;
  #traps = 0;

  constructor(ctx: CpuContext, base: number, exact: boolean) {
    this.ctx = ctx;
    this.base = base;
    this.#exact = exact;
  }

  /** Runs guest code by one of the module's loops; `retired` is right again afterwards. */
  enter(how: 'run' | 'step', budget: bigint): void {
    const { cpu } = this.ctx;
    this.#retiredBefore = cpu.retired;
    this.#budget = cpu.left = budget;
    this.#traps = 0;
    this.exports[how](this.base, budget);
    this.tellRetired();
  }
  /** Makes `retired` what it is in front of the current instruction. */
  tellRetired(): void {
    const { cpu } = this.ctx;
    cpu.retired = this.#retiredBefore + this.#budget - cpu.left - BigInt(this.#traps);
  }
  /** Exceptions taken since `enter`, calls aside. */
  get traps(): number { return this.#traps; }
  /** Machine time is counted in instructions where budgets are exact, so ports must find them counted; so must the performance monitors. */
  beforePorts(): void { if (this.#exact || this.ctx.cpu.counting) this.tellRetired(); }

  /** The status of a trap taken at the current instruction. */
  trapped(trap: Trap): number {
    if (this.ctx.cpu.counting) this.tellRetired();
    this.#traps++;
    takeTrap(this.ctx, trap, this.ctx.cpu.pc);
    return STATUS.resync | STATUS.notRetired;
  }
  /** The status behind an instruction that may have changed contexts, masks or lines; pc is where it goes on. */
  finished(): number {
    const { cpu } = this.ctx;
    if (cpu.mmioCount) forgetAccesses(cpu);
    if (pendingInterrupt(this.ctx)) return this.left(EXIT.attention);
    return cpu.debugControl && stepping(this.ctx) ? this.left(EXIT.debug) : STATUS.resync;
  }
  /** The status of leaving guest code behind the instruction that pc has gone past. */
  left(reason: number): number {
    this.ctx.cpu.exitReason = reason;
    return STATUS.resync | STATUS.exit;
  }
  next(): void {
    const { cpu } = this.ctx;
    cpu.pc = BigInt.asUintN(64, cpu.pc + 4n);
  }

  /** If the last walk met a table that is not ready, makes it ready. */
  #prepared(): boolean {
    const { cpu, memory } = this.ctx;
    if (!(cpu.walkResult & (WALKED.absent | WALKED.writes))) return false;
    memory.linearOf(cpu.walkAddress, cpu.walkResult & WALKED.writes ? 'write' : 'read');
    return true;
  }
  /** Walks; false leaves the fault in `walkResult`. */
  walk(va: bigint, request: number): boolean {
    for (let how = request;;) {
      if (this.exports.walk(this.base, BigInt.asIntN(64, va), how)) return true;
      if (this.ctx.cpu.walkResult & WALKED.writes) how |= WALK.told;
      if (!this.#prepared()) return false;
    }
  }
  /** Whether the last walk, of generated code, stopped at a table that was not ready. It is now, and the walk has been made. */
  finishedWalk(va: bigint, request: number): boolean {
    if (!(this.ctx.cpu.walkResult & (WALKED.absent | WALKED.writes))) return false;
    this.walk(va, request);
    return true;
  }
}
