/** Formats of floating point as bits, and half precision in a wider one. */
import type { FpSize } from '../floating-point.ts';
import type { Ops } from '../ops.ts';

/** Bits of the fraction, the largest exponent field, and the field of the exponent zero. */
export const FRACTION = { 16: 10n, 32: 23n, 64: 52n } as const;
export const EXPONENT = { 16: 0x1fn, 32: 0xffn, 64: 0x7ffn } as const;
export const BIAS = { 16: 15n, 32: 127n, 64: 1023n } as const;

export const exponentOf = <V>(ops: Ops<V>, size: FpSize, a: V): V => ops.and(ops.lsr(a, ops.imm(FRACTION[size])), ops.imm(EXPONENT[size]));

/** The smallest number of half precision is 2^-24. */
const HALF_UNIT = 24;

/**
 * A half-precision number as arithmetic reads it (FPUnpack) in a wider format: a NaN keeps its kind, and FPCR.FZ16 flushes. FPConvert would
 * go by FPCR.AHP instead.
 */
export function widenHalf<V>(ops: Ops<V>, size: 32 | 64, a: V): V {
  const magnitude = ops.and(a, ops.imm(0x7fffn)), exponent = exponentOf(ops, 16, a), isSmall = ops.eq(exponent, ops.imm(0n));
  const rebias = ops.imm((BIAS[size] - BIAS[16]) << FRACTION[size]);
  const normal = ops.add(ops.shl(magnitude, ops.imm(FRACTION[size] - FRACTION[16])), rebias);
  const large = ops.select(ops.eq(exponent, ops.imm(EXPONENT[16])), ops.add(normal, rebias), normal);
  const units = ops.fp({ op: 'to-fixed', size: 16, width: 64, unsigned: true, rounding: 'zero', fractionBits: HALF_UNIT },
    ops.select(isSmall, magnitude, ops.imm(0n)));
  const small = ops.fp({ op: 'from-fixed', size, width: 64, unsigned: true, fractionBits: HALF_UNIT }, units);
  const sign = ops.shl(ops.lsr(a, ops.imm(15n)), ops.imm(BigInt(size - 1)));
  return ops.or(sign, ops.select(isSmall, small, large));
}
