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
  /** Fields that keep their reset value on a CPU without a feature. */
  readonly fieldNeeds?: Readonly<Record<string, Feature>>;
}

export const systemRegister = (row: SystemRegister): SystemRegister => row;

const fieldBits = ([high, low]: readonly [number, number]): bigint => ((1n << BigInt(high - low + 1)) - 1n) << BigInt(low);

/** Every bit that some field names. */
export const bitsOf = (fields: NonNullable<SystemRegister['fields']>): bigint => Object.values(fields).reduce((mask, field) => mask | fieldBits(field), 0n);

/** The bits a write may change on a CPU with these features. */
export function writableBits(row: SystemRegister, features: ReadonlySet<Feature>): bigint {
  let mask = row.writable ?? (1n << 64n) - 1n;
  for (const [field, feature] of Object.entries(row.fieldNeeds ?? {})) if (!features.has(feature)) mask &= ~fieldBits(row.fields![field]!);
  return mask;
}

/** KVM's and the manual's 16-bit form of an encoding: op0:2 op1:3 CRn:4 CRm:4 op2:3. */
export const encodingOf = ([op0, op1, crn, crm, op2]: SystemRegister['at']): number =>
  (op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2;
