/** All of A64 (DDI 0487 C4.1), by the manual's chapters. */
import type { Row } from '../instruction.ts';
import { BRANCHES } from './branches.ts';
import { CONDITIONAL } from './conditional.ts';
import { DATA_IMMEDIATE } from './data-immediate.ts';
import { DATA_REGISTER } from './data-register.ts';
import { LOADS_STORES } from './loads-stores.ts';
import { LOADS_STORES_PAIR } from './loads-stores-pair.ts';
import { SIMD_AND_FP } from './simd-and-fp.ts';

export const A64: readonly Row[] = [
  ...DATA_IMMEDIATE, ...DATA_REGISTER, ...CONDITIONAL, ...BRANCHES, ...LOADS_STORES, ...LOADS_STORES_PAIR, ...SIMD_AND_FP,
];
