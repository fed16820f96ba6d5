/** One system register: how it is encoded, where it lives, who may reach it, and what reading and writing it does. */

import type { Feature } from './features.ts';

/** Who may use MRS or MSR at EL0 and EL1; anything else is UNDEFINED there. */
export type Reach = 'none' | 'read' | 'write' | 'read-write';

export interface SystemRegister {
  readonly name: string;
  /** op0, op1, CRn, CRm, op2. */
  readonly at: readonly [number, number, number, number, number];
  readonly doc: string;
  /** Features that must be advertised; without one the register is UNDEFINED. */
  readonly needs?: readonly Feature[];
  readonly el0: Reach;
  readonly el1: Reach;
  /** True when the value is a 64-bit cell of the CPU state with this register's name. Without it the register is computed by a service of the engine. */
  readonly stored: boolean;
  /** The bits a write may change; others keep their reset value. All 64 by default. */
  readonly writable?: bigint;
  /** The value after reset; registers the architecture leaves UNKNOWN reset to zero. */
  readonly reset?: bigint;
  /** Reading needs the engine (counters, GIC, traps at EL0), or writing has effects beyond the cell (translation, timers, traps). */
  readonly readsThroughEngine?: boolean;
  readonly writesThroughEngine?: boolean;
  /** Named fields, for documents and for bit masks. Value is [high, low]. */
  readonly fields?: Readonly<Record<string, readonly [number, number]>>;
}

export const systemRegister = (row: SystemRegister): SystemRegister => row;

/** KVM's and the manual's 16-bit form of an encoding: op0:2 op1:3 CRn:4 CRm:4 op2:3. */
export const encodingOf = ([op0, op1, crn, crm, op2]: SystemRegister['at']): number =>
  (op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2;
