/** Floating point and Advanced SIMD, all chapters. */
import type { Row } from '../instruction.ts';

export const SIMD_AND_FP: readonly Row[] = [];
