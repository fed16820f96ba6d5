/** How the reference engine leaves the middle of an instruction: a value thrown by its operations and caught by its step. */
import type { Trap } from '../system/syndrome.ts';

/** The instruction is given up: for a trap, or for an exit after which it is executed again. */
export class Abandon {
  readonly why: Trap | 'exit';
  constructor(why: Trap | 'exit') { this.why = why; }
}
