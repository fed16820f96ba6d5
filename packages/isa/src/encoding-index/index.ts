/** A64 by encoding: every class of DDI 0487 C4.1, and what stands in it on a CPU. */
import { BRANCHES_SYSTEM } from './branches-system.ts';
import { type AbsentInstructions, claims, type EncodingClass, encodingClass, type EncodingGroup, holds } from './class.ts';
import { IMMEDIATE, REGISTER } from './data-processing.ts';
import { LOADS_STORES } from './loads-stores.ts';
import { SIMD_FP } from './simd-fp.ts';
import { SCALABLE } from './scalable.ts';

export const ENCODING_GROUPS: readonly EncodingGroup[] = [
  { title: 'Reserved', classes: [encodingClass('Reserved', '0 op0:2 0000 op1:9 imm16:16')] },
  ...SCALABLE,
  { title: 'Data processing, immediate', classes: IMMEDIATE },
  { title: 'Branches, exception generating and system instructions', classes: BRANCHES_SYSTEM },
  { title: 'Data processing, register', classes: REGISTER },
  { title: 'Data processing, scalar floating-point and Advanced SIMD', classes: SIMD_FP },
  { title: 'Loads and stores', classes: LOADS_STORES },
];

export const ENCODING_CLASSES: readonly EncodingClass[] = ENCODING_GROUPS.flatMap(group => group.classes);

/** Bits 31..21 and 15..10 tell classes apart well enough to keep searches short. */
const buckets = new Map<number, readonly EncodingClass[]>();
const TOP = 0xffe0_0000;

/** The class of a word; null for what the manual has no class for: unallocated. */
export function encodingClassOf(word: number): EncodingClass | null {
  const top = word >>> 21;
  let candidates = buckets.get(top);
  if (!candidates) buckets.set(top, (candidates = ENCODING_CLASSES.filter(({ pattern }) => ((pattern.match ^ (top << 21)) & pattern.mask & TOP) === 0)));
  return candidates.find(each => holds(each, word)) ?? null;
}

/** The instructions a word of this class belongs to that have no row. */
export const absentAt = (each: EncodingClass, word: number): AbsentInstructions | null =>
  each.absent.find(({ patterns }) => patterns.some(pattern => claims(pattern, word))) ?? null;

export type { AbsentInstructions, EncodingClass, EncodingGroup } from './class.ts';
