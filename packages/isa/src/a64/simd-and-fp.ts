/** Floating point and Advanced SIMD, all chapters. */
import type { Row } from '../instruction.ts';
import { CRYPTO_AES } from './crypto-aes.ts';
import { CRYPTO_SHA } from './crypto-sha.ts';
import { CRYPTO_SHA512 } from './crypto-sha512.ts';
import { FP_CONVERT } from './fp-convert.ts';
import { FP_DATA } from './fp-data.ts';
import { FP_ROUND_TO_SIZE } from './fp-round-to-size.ts';
import { SIMD_ACROSS_LANES } from './simd-across-lanes.ts';
import { SIMD_BY_ELEMENT } from './simd-by-element.ts';
import { SIMD_COMPLEX } from './simd-complex.ts';
import { SIMD_COPY } from './simd-copy.ts';
import { SIMD_HALF_LONG } from './simd-half-long.ts';
import { SIMD_LOADS_STORES } from './simd-loads-stores.ts';
import { SIMD_MODIFIED_IMMEDIATE } from './simd-modified-immediate.ts';
import { SIMD_PERMUTE } from './simd-permute.ts';
import { SIMD_SHIFT_IMMEDIATE } from './simd-shift-immediate.ts';
import { SIMD_STRUCTURES } from './simd-structures.ts';
import { SIMD_THREE_DIFFERENT } from './simd-three-different.ts';
import { SIMD_THREE_SAME } from './simd-three-same.ts';
import { SIMD_THREE_SAME_EXTRA } from './simd-three-same-extra.ts';
import { SIMD_TWO_REGISTER_FP } from './simd-two-register-fp.ts';
import { SIMD_TWO_REGISTER_MISC } from './simd-two-register-misc.ts';

export const SIMD_AND_FP: readonly Row[] = [
  ...FP_DATA, ...FP_CONVERT, ...SIMD_LOADS_STORES, ...SIMD_STRUCTURES, ...SIMD_COPY, ...SIMD_PERMUTE, ...SIMD_MODIFIED_IMMEDIATE,
  ...SIMD_THREE_SAME, ...SIMD_THREE_DIFFERENT, ...SIMD_TWO_REGISTER_MISC, ...SIMD_TWO_REGISTER_FP, ...SIMD_ACROSS_LANES,
  ...SIMD_BY_ELEMENT, ...SIMD_SHIFT_IMMEDIATE, ...SIMD_THREE_SAME_EXTRA, ...SIMD_COMPLEX, ...SIMD_HALF_LONG,
  ...FP_ROUND_TO_SIZE, ...CRYPTO_AES, ...CRYPTO_SHA, ...CRYPTO_SHA512,
];
