/** All of A64 (DDI 0487 C4.1), by the manual's chapters. */
import type { Row } from '../instruction.ts';
import { ATOMICS } from './atomics.ts';
import { BRANCHES } from './branches.ts';
import { CONDITIONAL } from './conditional.ts';
import { DATA_IMMEDIATE } from './data-immediate.ts';
import { DATA_REGISTER } from './data-register.ts';
import { LOADS_STORES } from './loads-stores.ts';
import { LOADS_STORES_EXCLUSIVE } from './loads-stores-exclusive.ts';
import { LOADS_STORES_PAIR } from './loads-stores-pair.ts';
import { MAINTENANCE } from './maintenance.ts';
import { SIMD_AND_FP } from './simd-and-fp.ts';
import { SYSTEM } from './system.ts';

/** Everything but floating point and Advanced SIMD. */
export const A64_BASE: readonly Row[] = [
  ...DATA_IMMEDIATE, ...DATA_REGISTER, ...CONDITIONAL, ...BRANCHES, ...SYSTEM, ...MAINTENANCE, ...LOADS_STORES, ...LOADS_STORES_PAIR,
  ...LOADS_STORES_EXCLUSIVE, ...ATOMICS,
];

export const A64: readonly Row[] = [...A64_BASE, ...SIMD_AND_FP];
