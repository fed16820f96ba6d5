/** Lane operations: what one does to a lane, written once over `Ops`; an engine may know a faster equal for all lanes. */
import type { LaneBits, Ops } from './ops.ts';

/**
 * Lanes arrive zero-extended; only the low `bits` of the answer are kept. An immediate arrives as one more lane.
 * Operations that read or leave elements of half the size (`sxtl`, `saddlp`, `sqxtn`, …) are named on the wide lane.
 */
export type LaneOp = <V>(ops: Ops<V>, bits: LaneBits, a: V, b: V, c: V) => V;

const half = (bits: LaneBits) => bits / 2;
const signed = <V>(ops: Ops<V>, bits: number, a: V): V => (bits === 64 ? a : ops.sext(bits, a));
const unsigned = <V>(ops: Ops<V>, bits: number, a: V): V => (bits === 64 ? a : ops.zext(bits, a));
const negate = <V>(ops: Ops<V>, a: V): V => ops.sub(ops.imm(0n), a);
/** A truth as all ones or all zeroes. */
const mask = <V>(ops: Ops<V>, cond: V): V => negate(ops, cond);
const either = <V>(ops: Ops<V>, flip: boolean, cond: V): V => (flip ? ops.xor(cond, ops.imm(1n)) : cond);
const less = <V>(ops: Ops<V>, isSigned: boolean, bits: LaneBits, a: V, b: V): V =>
  isSigned ? ops.slt(signed(ops, bits, a), signed(ops, bits, b)) : ops.ult(a, b);
const minOf = <V>(ops: Ops<V>, isSigned: boolean, a: V, b: V): V => ops.select(isSigned ? ops.slt(a, b) : ops.ult(a, b), a, b);

const largest = (isSigned: boolean, bits: number) => 2n ** BigInt(isSigned ? bits - 1 : bits) - 1n;
const smallest = (isSigned: boolean, bits: number) => (isSigned ? -(2n ** BigInt(bits - 1)) : 0n);

/** The answer, or its saturated stand-in together with FPSR.QC. */
const saturate = <V>(ops: Ops<V>, over: V, limit: V, value: V): V => {
  ops.saturated(over);
  return ops.select(over, limit, value);
};

/** SatQ of a signed 64-bit value into `bits` < 64. */
const clamp = <V>(ops: Ops<V>, isSigned: boolean, bits: number, value: V): V => {
  const max = ops.imm(largest(isSigned, bits)), min = ops.imm(smallest(isSigned, bits));
  const under = ops.slt(value, min);
  return saturate(ops, ops.or(under, ops.slt(max, value)), ops.select(under, min, max), value);
};

/** Where a signed 64-bit answer lands that went over: the largest after a positive, the smallest after a negative. */
const signedLimit = <V>(ops: Ops<V>, bits: number, sign: V): V => ops.xor(ops.asr(sign, ops.imm(63n)), ops.imm(largest(true, bits)));
const signBit = <V>(ops: Ops<V>, a: V): V => ops.lsr(a, ops.imm(63n));

const compare = (isSigned: boolean, swap: boolean, flip: boolean): LaneOp => (ops, bits, a, b) =>
  mask(ops, either(ops, flip, swap ? less(ops, isSigned, bits, b, a) : less(ops, isSigned, bits, a, b)));
const choose = (isSigned: boolean, larger: boolean): LaneOp => (ops, bits, a, b) =>
  ops.select(less(ops, isSigned, bits, a, b), larger ? b : a, larger ? a : b);
const difference = (isSigned: boolean): LaneOp => (ops, bits, a, b) =>
  ops.select(less(ops, isSigned, bits, a, b), ops.sub(b, a), ops.sub(a, b));

/** Halving: the answer has one more bit than the lane before it is halved, which 64 bits hold for lanes up to 32. */
const halving = (isSigned: boolean, subtract: boolean, rounding: boolean): LaneOp => (ops, bits, a, b) => {
  const x = isSigned ? signed(ops, bits, a) : a, y = isSigned ? signed(ops, bits, b) : b;
  const whole = subtract ? ops.sub(x, y) : ops.add(x, y);
  return ops.asr(rounding ? ops.add(whole, ops.imm(1n)) : whole, ops.imm(1n));
};

const pairwiseLong = (isSigned: boolean): LaneOp => (ops, bits, a) => {
  const by = ops.imm(BigInt(half(bits)));
  return isSigned ? ops.add(ops.sext(half(bits), a), ops.asr(signed(ops, bits, a), by)) : ops.add(ops.zext(half(bits), a), ops.lsr(a, by));
};

const sqadd: LaneOp = (ops, bits, a, b) => {
  if (bits !== 64) return clamp(ops, true, bits, ops.add(ops.sext(bits, a), ops.sext(bits, b)));
  const sum = ops.add(a, b);
  return saturate(ops, signBit(ops, ops.and(ops.xor(a, sum), ops.xor(b, sum))), signedLimit(ops, 64, a), sum);
};
const sqsub: LaneOp = (ops, bits, a, b) => {
  if (bits !== 64) return clamp(ops, true, bits, ops.sub(ops.sext(bits, a), ops.sext(bits, b)));
  const less = ops.sub(a, b);
  return saturate(ops, signBit(ops, ops.and(ops.xor(a, b), ops.xor(a, less))), signedLimit(ops, 64, a), less);
};
const uqadd: LaneOp = (ops, bits, a, b) => {
  const sum = ops.add(a, b), max = ops.imm(largest(false, bits));
  return saturate(ops, bits === 64 ? ops.ult(sum, a) : ops.ult(max, sum), max, sum);
};
const uqsub: LaneOp = (ops, _bits, a, b) => saturate(ops, ops.ult(a, b), ops.imm(0n), ops.sub(a, b));
/** Signed a plus unsigned b: only too large is possible, and the room above a always fits 64 bits unsigned. */
const suqadd: LaneOp = (ops, bits, a, b) => {
  const x = signed(ops, bits, a), max = ops.imm(largest(true, bits));
  return saturate(ops, ops.ult(ops.sub(max, x), b), max, ops.add(x, b));
};
/** Unsigned a plus signed b. */
const usqadd: LaneOp = (ops, bits, a, b) => {
  if (bits !== 64) return clamp(ops, false, bits, ops.add(a, ops.sext(bits, b)));
  const sum = ops.add(a, b), down = signBit(ops, b);
  return saturate(ops, ops.xor(ops.ult(sum, a), down), ops.not(mask(ops, down)), sum);
};

const absolute = <V>(ops: Ops<V>, bits: LaneBits, a: V): V =>
  ops.select(ops.slt(signed(ops, bits, a), ops.imm(0n)), negate(ops, a), a);
/** SQABS and SQNEG go over for the most negative lane only. */
const saturatingNegate = (always: boolean): LaneOp => (ops, bits, a) => {
  const most = ops.eq(a, ops.imm(2n ** BigInt(bits - 1)));
  return saturate(ops, most, ops.imm(largest(true, bits)), always ? negate(ops, a) : absolute(ops, bits, a));
};

/** A right shift by 1..128; a shift by more than 63 is done as 63 and one more, and rounding adds the last bit shifted out. */
const shiftRight = <V>(ops: Ops<V>, isSigned: boolean, rounding: boolean, value: V, by: V): V => {
  const one = ops.imm(1n), most = minOf(ops, false, ops.sub(by, one), ops.imm(63n));
  const almost = isSigned ? ops.asr(value, most) : ops.lsr(value, most);
  const done = isSigned ? ops.asr(almost, one) : ops.lsr(almost, one);
  if (!rounding) return done;
  const up = ops.and(almost, one);
  return ops.add(done, isSigned ? up : ops.select(ops.ult(ops.imm(64n), by), ops.imm(0n), up));
};

const shiftRightImmediate = (isSigned: boolean, rounding: boolean): LaneOp => (ops, bits, a, by) =>
  shiftRight(ops, isSigned, rounding, isSigned ? signed(ops, bits, a) : a, by);

/**
 * Shifts by 0..127 to the left, saturating: over when shifting back does not give the value again. `from` tells whether the value
 * is read signed, `to` whether it is held signed.
 */
const saturatingShiftLeft = <V>(ops: Ops<V>, from: boolean, to: boolean, bits: LaneBits, value: V, by: V, applies: V): V => {
  const zero = ops.imm(0n), inside = ops.and(by, ops.imm(63n)), tooFar = ops.ult(ops.imm(BigInt(bits - 1)), by);
  const shifted = to ? signed(ops, bits, ops.shl(value, inside)) : unsigned(ops, bits, ops.shl(value, inside));
  const back = to ? ops.asr(shifted, inside) : ops.lsr(shifted, inside);
  const lost = ops.select(tooFar, ops.ne(value, zero), ops.ne(back, value));
  const below = from && !to ? ops.slt(value, zero) : undefined;
  const over = ops.and(applies, below === undefined ? lost : ops.or(lost, below));
  const top = ops.imm(largest(to, bits));
  const limit = to ? signedLimit(ops, bits, value) : below === undefined ? top : ops.select(below, zero, top);
  return saturate(ops, over, limit, ops.select(tooFar, zero, shifted));
};

/** SSHL and its family: by the signed low byte of b, to the left when positive. */
const shiftByRegister = (isSigned: boolean, rounding: boolean, saturating: boolean): LaneOp => (ops, bits, a, b) => {
  const value = isSigned ? signed(ops, bits, a) : a, by = ops.sext(8, b), toRight = signBit(ops, by);
  const right = shiftRight(ops, isSigned, rounding, value, negate(ops, by));
  const left = saturating
    ? saturatingShiftLeft(ops, isSigned, isSigned, bits, value, by, ops.xor(toRight, ops.imm(1n)))
    : ops.select(ops.ult(ops.imm(63n), by), ops.imm(0n), ops.shl(value, ops.and(by, ops.imm(63n))));
  return ops.select(toRight, right, left);
};

const doublingHigh = (rounding: boolean): LaneOp => (ops, bits, a, b) => {
  const product = ops.mul(ops.sext(bits, a), ops.sext(bits, b));
  const whole = rounding ? ops.add(product, ops.imm(2n ** BigInt(bits - 2))) : product;
  return clamp(ops, true, bits, ops.asr(whole, ops.imm(BigInt(bits - 1))));
};
/** SQRDMLAH and SQRDMLSH: the product joins a before rounding, all at half the manual's scale, so that 64 bits hold it. */
const doublingHighInto = (subtract: boolean): LaneOp => (ops, bits, a, b, c) => {
  const by = ops.imm(BigInt(bits - 1)), product = ops.mul(ops.sext(bits, b), ops.sext(bits, c));
  const scaled = ops.add(ops.shl(ops.sext(bits, a), by), ops.imm(2n ** BigInt(bits - 2)));
  return clamp(ops, true, bits, ops.asr(subtract ? ops.sub(scaled, product) : ops.add(scaled, product), by));
};
/** The doubled product of two sign-extended halves goes over only for the most negative twice. */
const doublingLong: LaneOp = (ops, bits, a, b) => {
  const product = ops.mul(a, b), over = ops.eq(unsigned(ops, bits, product), ops.imm(2n ** BigInt(bits - 2)));
  return saturate(ops, over, ops.imm(largest(true, bits)), ops.add(product, product));
};

/** Multiplication of polynomials over {0, 1}: b has 8 bits. */
const polynomial: LaneOp = (ops, _bits, a, b) => {
  let sum = ops.imm(0n);
  for (let i = 0n; i < 8n; i++) {
    const bit = ops.and(ops.lsr(b, ops.imm(i)), ops.imm(1n));
    sum = ops.xor(sum, ops.and(ops.shl(a, ops.imm(i)), mask(ops, bit)));
  }
  return sum;
};

/** a plus the products of four elements of a quarter of its size. */
const dotProduct = (isSigned: boolean): LaneOp => (ops, bits, a, b, c) => {
  const part = (whole: typeof a, i: number) => {
    const moved = ops.lsr(whole, ops.imm(BigInt((i * bits) / 4)));
    return isSigned ? ops.sext(bits / 4, moved) : ops.zext(bits / 4, moved);
  };
  return [0, 1, 2, 3].reduce((sum, i) => ops.add(sum, ops.mul(part(b, i), part(c, i))), a);
};

const countLeadingZeroes = <V>(ops: Ops<V>, bits: LaneBits, a: V): V => ops.sub(ops.clz(64, a), ops.imm(BigInt(64 - bits)));

/** UnsignedRecipEstimate: RecipEstimate of the top nine bits of a 32-bit fraction of at least a half. */
const urecpe: LaneOp = (ops, _bits, a) => {
  const one = ops.imm(1n), top = ops.add(ops.shl(ops.lsr(a, ops.imm(23n)), one), one);
  const quotient = ops.udiv(64, ops.imm(1n << 19n), top);
  const estimate = ops.shl(ops.lsr(ops.add(quotient, one), one), ops.imm(23n));
  return ops.select(ops.ult(a, ops.imm(1n << 31n)), ops.imm(0xffffffffn), estimate);
};

/** UnsignedRSqrtEstimate: RSqrtEstimate looks for the largest b in 512..1023 with a*b*b below 2^28; here bit by bit. */
const ursqrte: LaneOp = (ops, _bits, a) => {
  const one = ops.imm(1n), top = ops.lsr(a, ops.imm(23n));
  const small = ops.add(ops.shl(top, one), one), large = ops.shl(ops.or(top, one), one);
  const scaled = ops.select(ops.ult(top, ops.imm(256n)), small, large);
  let b = ops.imm(512n);
  for (let bit = 256n; bit > 0n; bit >>= 1n) {
    const next = ops.add(b, ops.imm(bit));
    b = ops.select(ops.ult(ops.mul(scaled, ops.mul(next, next)), ops.imm(1n << 28n)), next, b);
  }
  const estimate = ops.shl(ops.lsr(ops.add(b, one), one), ops.imm(23n));
  return ops.select(ops.ult(a, ops.imm(1n << 30n)), ops.imm(0xffffffffn), estimate);
};

const define = <T extends Record<string, LaneOp>>(table: T): Readonly<Record<keyof T, LaneOp>> => table;

export const LANE_OPS = define({
  add: (ops, _bits, a, b) => ops.add(a, b),
  sub: (ops, _bits, a, b) => ops.sub(a, b),
  mul: (ops, _bits, a, b) => ops.mul(a, b),
  neg: (ops, _bits, a) => negate(ops, a),
  abs: absolute,
  pmul: polynomial,

  cmeq: (ops, _bits, a, b) => mask(ops, ops.eq(a, b)),
  cmtst: (ops, _bits, a, b) => mask(ops, ops.ne(ops.and(a, b), ops.imm(0n))),
  cmgt: compare(true, true, false), cmge: compare(true, false, true),
  cmhi: compare(false, true, false), cmhs: compare(false, false, true),

  smax: choose(true, true), smin: choose(true, false), umax: choose(false, true), umin: choose(false, false),
  sabd: difference(true), uabd: difference(false),

  shadd: halving(true, false, false), uhadd: halving(false, false, false),
  srhadd: halving(true, false, true), urhadd: halving(false, false, true),
  shsub: halving(true, true, false), uhsub: halving(false, true, false),

  sqadd, uqadd, sqsub, uqsub, suqadd, usqadd,
  sqabs: saturatingNegate(false), sqneg: saturatingNegate(true),

  // By a lane of shifts.
  sshl: shiftByRegister(true, false, false), ushl: shiftByRegister(false, false, false),
  srshl: shiftByRegister(true, true, false), urshl: shiftByRegister(false, true, false),
  sqshl: shiftByRegister(true, false, true), uqshl: shiftByRegister(false, false, true),
  sqrshl: shiftByRegister(true, true, true), uqrshl: shiftByRegister(false, true, true),

  // By an immediate: 0..bits-1 to the left, 1..bits to the right.
  shl: (ops, _bits, a, by) => ops.shl(a, by),
  sshr: shiftRightImmediate(true, false), ushr: shiftRightImmediate(false, false),
  srshr: shiftRightImmediate(true, true), urshr: shiftRightImmediate(false, true),
  sqshlu: (ops, bits, a, by) => saturatingShiftLeft(ops, true, false, bits, signed(ops, bits, a), by, ops.imm(1n)),
  /** a keeps its bits below the shifted b. */
  sli: (ops, _bits, a, b, by) => ops.or(ops.and(a, ops.not(ops.shl(ops.imm(-1n), by))), ops.shl(b, by)),
  /** a keeps its bits above the shifted b. */
  sri: (ops, bits, a, b, by) =>
    ops.or(ops.and(a, ops.not(shiftRight(ops, false, false, ops.imm(largest(false, bits)), by))), shiftRight(ops, false, false, b, by)),

  sqdmulh: doublingHigh(false), sqrdmulh: doublingHigh(true), sqrdmlah: doublingHighInto(false), sqrdmlsh: doublingHighInto(true),
  sqdmull: doublingLong,

  cls: (ops, bits, a) => {
    const wide = signed(ops, bits, a);
    return ops.sub(ops.clz(64, ops.xor(wide, ops.asr(wide, ops.imm(1n)))), ops.imm(BigInt(65 - bits)));
  },
  clz: (ops, bits, a) => countLeadingZeroes(ops, bits, a),
  cnt: (ops, _bits, a) => ops.popcount(a),
  rbit: (ops, bits, a) => ops.lsr(ops.rbit(64, a), ops.imm(BigInt(64 - bits))),
  urecpe, ursqrte,

  // Wide lanes holding narrow elements.
  sdot: dotProduct(true), udot: dotProduct(false),
  sxtl: (ops, bits, a) => ops.sext(half(bits), a),
  saddlp: pairwiseLong(true), uaddlp: pairwiseLong(false),
  sqxtn: (ops, bits, a) => clamp(ops, true, half(bits), signed(ops, bits, a)),
  sqxtun: (ops, bits, a) => clamp(ops, false, half(bits), signed(ops, bits, a)),
  uqxtn: (ops, bits, a) => {
    const max = ops.imm(largest(false, half(bits)));
    return saturate(ops, ops.ult(max, a), max, a);
  },
});

export type LaneOpName = keyof typeof LANE_OPS;
