/** Floating-point operations by the names of the manual's pseudocode (DDI 0487, shared/functions/float). */

export type FpSize = 16 | 32 | 64;
/** How a result is rounded: by FPCR, or ties to even, up, down, to zero, ties away. */
export type Rounding = 'fpcr' | 'tie-even' | 'plus-infinity' | 'minus-infinity' | 'zero' | 'tie-away';

/**
 * Operands and results are bit patterns, zero-extended to 64 bits.
 * Comparisons answer NZCV as four bits (N is bit 3) or, for the predicates, 1 or 0.
 */
export type FpOp =
  | { readonly op: 'add' | 'sub' | 'mul' | 'div' | 'mulx' | 'max' | 'min' | 'maxnum' | 'minnum' | 'abd'; readonly size: FpSize }
  /** FPMulAdd(addend, a, b): addend + a*b, rounded once. */
  | { readonly op: 'muladd'; readonly size: FpSize }
  | { readonly op: 'sqrt' | 'recip-estimate' | 'recip-exponent' | 'rsqrt-estimate'; readonly size: FpSize }
  /** FPRecipStepFused and FPRSqrtStepFused. */
  | { readonly op: 'recip-step' | 'rsqrt-step'; readonly size: FpSize }
  | { readonly op: 'compare'; readonly size: FpSize; readonly signalAllNaNs: boolean }
  | { readonly op: 'equal' | 'greater-equal' | 'greater'; readonly size: FpSize }
  | { readonly op: 'round-int'; readonly size: FpSize; readonly rounding: Rounding; readonly exact: boolean }
  | { readonly op: 'convert'; readonly from: FpSize; readonly to: FpSize; readonly rounding?: 'odd' }
  | {
      readonly op: 'to-fixed'; readonly size: FpSize; readonly width: 16 | 32 | 64; readonly unsigned: boolean;
      readonly rounding: Rounding; readonly fractionBits: number;
    }
  | {
      readonly op: 'from-fixed'; readonly size: FpSize; readonly width: 16 | 32 | 64; readonly unsigned: boolean;
      readonly fractionBits: number;
    };

/** One name per operation, for tables of helpers. */
export const fpKey = (op: FpOp): string => JSON.stringify(op);
