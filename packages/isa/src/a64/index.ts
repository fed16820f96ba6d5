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
const BASE_CHAPTERS: Readonly<Record<string, readonly Row[]>> = {
  'Data processing with an immediate': DATA_IMMEDIATE,
  'Data processing with registers': DATA_REGISTER,
  'Conditional select and compare, flags': CONDITIONAL,
  'Branches and exceptions': BRANCHES,
  'System': SYSTEM,
  'Caches, address translation, TLBs': MAINTENANCE,
  'Loads and stores': LOADS_STORES,
  'Loads and stores of pairs': LOADS_STORES_PAIR,
  'Exclusive and ordered loads and stores': LOADS_STORES_EXCLUSIVE,
  'Atomic memory operations': ATOMICS,
};

export const A64_CHAPTERS: Readonly<Record<string, readonly Row[]>> = { ...BASE_CHAPTERS, 'Floating point and Advanced SIMD': SIMD_AND_FP };

export const A64_BASE: readonly Row[] = Object.values(BASE_CHAPTERS).flat();
export const A64: readonly Row[] = [...A64_BASE, ...SIMD_AND_FP];
