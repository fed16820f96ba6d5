/** Floating-point helpers that rows share: one operation on every lane, signs, and exact scaling by powers of two. */
import type { FpSize } from '../floating-point.ts';
import type { Ops } from '../ops.ts';

export type FpBits = 32 | 64;
/** Single or double, by the manual's `sz`. */
export const fpBits = (sz: number): FpBits => (sz ? 64 : 32);

const signOf = (size: FpSize) => 1n << BigInt(size - 1);
export const fpNeg = <V>(ops: Ops<V>, size: FpSize, a: V): V => ops.xor(a, ops.imm(signOf(size)));
export const fpAbs = <V>(ops: Ops<V>, size: FpSize, a: V): V => ops.and(a, ops.imm(signOf(size) - 1n));

/** A vector of `count` lanes, each computed from the same lane of the others, with zeroes above. */
export function fpLanes<V>(ops: Ops<V>, bits: FpBits, count: number, each: (...lanes: V[]) => V, ...vectors: V[]): V {
  let all = ops.vimm(0n);
  for (let i = 0; i < count; i++) all = ops.withLane(bits, all, i, each(...vectors.map(v => ops.lane(bits, v, i))));
  return all;
}

/** How one element of a two-operand instruction is computed; `d` is what the destination held. */
export type FpEach = <V>(ops: Ops<V>, size: FpBits, a: V, b: V, d: V) => V;

type Plain = 'add' | 'sub' | 'mul' | 'div' | 'mulx' | 'max' | 'min' | 'maxnum' | 'minnum' | 'abd' | 'recip-step' | 'rsqrt-step';
export const plain = (op: Plain): FpEach => (ops, size, a, b) => ops.fp({ op, size }, a, b);
export const multiplyAdd = (negate: boolean): FpEach => (ops, size, a, b, d) =>
  ops.fp({ op: 'muladd', size }, d, negate ? fpNeg(ops, size, a) : a, b);

export type Predicate = 'equal' | 'greater-equal' | 'greater';
/** A comparison whose answer is all ones or all zeroes; `absolute` compares magnitudes. */
export const compareMask = (op: Predicate, absolute = false): FpEach => (ops, size, a, b) => {
  const x = absolute ? fpAbs(ops, size, a) : a, y = absolute ? fpAbs(ops, size, b) : b;
  return ops.sub(ops.imm(0n), ops.fp({ op, size }, x, y));
};

const FRACTION = { 32: 23n, 64: 52n } as const;
const EXPONENT = { 32: 0xffn, 64: 0x7ffn } as const;

/**
 * FPToFixed with `by` fraction bits, as FPToFixed of the operand times 2^by. The scaling is exact: an operand with exponent zero stays far
 * below one, and one whose exponent would run over (or is infinite or NaN) is beyond every integer, with or without it.
 */
export function scaleUp<V>(ops: Ops<V>, size: FpBits, a: V, by: V): V {
  const low = ops.imm(FRACTION[size]), most = ops.imm(EXPONENT[size]);
  const exponent = ops.and(ops.lsr(a, low), most), scaled = ops.add(exponent, by);
  const fits = ops.and(ops.ne(exponent, ops.imm(0n)), ops.ult(scaled, most));
  return ops.select(fits, ops.add(a, ops.shl(by, low)), a);
}

/** FixedToFP with `by` fraction bits from the converted integer: zero, or a normal number that stays one when divided by 2^by. */
export const scaleDown = <V>(ops: Ops<V>, size: FpBits, a: V, by: V): V =>
  ops.select(ops.eq(a, ops.imm(0n)), a, ops.sub(a, ops.shl(by, ops.imm(FRACTION[size]))));
