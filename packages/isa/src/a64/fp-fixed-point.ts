/** FPToFixed and FixedToFP with a number of fraction bits that is an operand, from the conversions without any. */
import type { FpSize } from '../floating-point.ts';
import type { Ops } from '../ops.ts';
import { EXPONENT, exponentOf, FRACTION, widenHalf } from './fp-formats.ts';

/**
 * FPToFixed with `by` fraction bits, as FPToFixed of the operand times 2^by. The scaling is exact: an operand with exponent zero stays far
 * below one, and one whose exponent would run over (or is infinite or NaN) is beyond every integer, with or without it.
 */
function scaleUp<V>(ops: Ops<V>, size: 32 | 64, a: V, by: V): V {
  const most = ops.imm(EXPONENT[size]), exponent = exponentOf(ops, size, a), scaled = ops.add(exponent, by);
  const fits = ops.and(ops.ne(exponent, ops.imm(0n)), ops.ult(scaled, most));
  return ops.select(fits, ops.add(a, ops.shl(by, ops.imm(FRACTION[size]))), a);
}

/** FixedToFP with `by` fraction bits from the converted integer: zero, or a normal number that stays one when divided by 2^by. */
const scaleDown = <V>(ops: Ops<V>, size: 32 | 64, a: V, by: V): V =>
  ops.select(ops.eq(a, ops.imm(0n)), a, ops.sub(a, ops.shl(by, ops.imm(FRACTION[size]))));

/** FPToFixed towards zero with `by` fraction bits, 1 to 64. */
export function toFixedPoint<V>(ops: Ops<V>, size: FpSize, width: 16 | 32 | 64, unsigned: boolean, a: V, by: V): V {
  if (size === 16) return toFixedPoint(ops, 64, width, unsigned, widenHalf(ops, 64, a), by);
  return ops.fp({ op: 'to-fixed', size, width, unsigned, rounding: 'zero', fractionBits: 0 }, scaleUp(ops, size, a, by));
}

/** Fraction bits that half precision is converted from: enough below its smallest number that one sticky bit tells the rest. */
const KEPT = 32;
/** 64 bits with `by` fraction bits as so many with KEPT: bits cut off leave a one, and what has no room is beyond half precision. */
function rescaled<V>(ops: Ops<V>, unsigned: boolean, a: V, by: V): V {
  const kept = ops.imm(BigInt(KEPT)), one = ops.imm(1n), shift = unsigned ? ops.lsr : ops.asr;
  const toLeft = ops.ult(by, kept), left = ops.select(toLeft, ops.sub(kept, by), ops.imm(0n));
  const right = ops.select(toLeft, ops.imm(0n), ops.sub(by, kept));
  const cut = shift(a, right), inexact = ops.ne(ops.shl(cut, right), a);
  const moved = ops.shl(a, left), fits = ops.eq(shift(moved, left), a);
  const most = ops.imm(2n ** 62n), beyond = unsigned ? most : ops.select(ops.slt(a, ops.imm(0n)), ops.sub(ops.imm(0n), most), most);
  return ops.select(toLeft, ops.select(fits, moved, beyond), ops.or(cut, ops.select(inexact, one, ops.imm(0n))));
}

/** FixedToFP with `by` fraction bits, 1 to 64. */
export function fromFixedPoint<V>(ops: Ops<V>, size: FpSize, width: 16 | 32 | 64, unsigned: boolean, a: V, by: V): V {
  if (size !== 16) return scaleDown(ops, size, ops.fp({ op: 'from-fixed', size, width, unsigned, fractionBits: 0 }, a), by);
  const wide = width === 64 ? a : unsigned ? ops.zext(width, a) : ops.sext(width, a);
  return ops.fp({ op: 'from-fixed', size, width: 64, unsigned, fractionBits: KEPT }, rescaled(ops, unsigned, wide, by));
}
