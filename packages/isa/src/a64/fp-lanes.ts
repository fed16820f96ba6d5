/** Floating-point helpers that rows share: one operation on every lane, signs, comparisons. */
import type { FpSize } from '../floating-point.ts';
import type { Ops } from '../ops.ts';

/** Half, single or double precision, by `sz`: the manual's 0 and 1, and -1 in the rows that `half` makes. */
export const fpBits = (sz: number): FpSize => (sz < 0 ? 16 : sz ? 64 : 32);

const signOf = (size: FpSize) => 1n << BigInt(size - 1);
export const fpNeg = <V>(ops: Ops<V>, size: FpSize, a: V): V => ops.xor(a, ops.imm(signOf(size)));
export const fpAbs = <V>(ops: Ops<V>, size: FpSize, a: V): V => ops.and(a, ops.imm(signOf(size) - 1n));

/** A vector of `count` lanes, each computed from the same lane of the others, with zeroes above. */
export function fpLanes<V>(ops: Ops<V>, bits: FpSize, count: number, each: (...lanes: V[]) => V, ...vectors: V[]): V {
  let all = ops.vimm(0n);
  for (let i = 0; i < count; i++) all = ops.withLane(bits, all, i, each(...vectors.map(v => ops.lane(bits, v, i))));
  return all;
}

/** How one element of a two-operand instruction is computed; `d` is what the destination held. */
export type FpEach = <V>(ops: Ops<V>, size: FpSize, a: V, b: V, d: V) => V;

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
