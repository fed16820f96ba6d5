/** Lane operations: what one does to a lane, written once over `Ops`; an engine may know a faster equal for all lanes. */
import type { LaneBits, Ops } from './ops.ts';

/** Lanes arrive zero-extended; only the low `bits` of the answer are kept. */
type LaneOp = <V>(ops: Ops<V>, bits: LaneBits, a: V, b: V, c: V) => V;

const truth = <V>(ops: Ops<V>, cond: V): V => ops.sub(ops.imm(0n), cond);
const signed = <V>(ops: Ops<V>, bits: LaneBits, a: V): V => (bits === 64 ? a : ops.sext(bits, a));

const define = <T extends Record<string, LaneOp>>(table: T): T => table;

export const LANE_OPS = define({
  add: (ops, _bits, a, b) => ops.add(a, b),
  sub: (ops, _bits, a, b) => ops.sub(a, b),
  mul: (ops, _bits, a, b) => ops.mul(a, b),
  neg: (ops, _bits, a) => ops.sub(ops.imm(0n), a),
  abs: (ops, bits, a) => ops.select(ops.slt(signed(ops, bits, a), ops.imm(0n)), ops.sub(ops.imm(0n), a), a),
  eq: (ops, _bits, a, b) => truth(ops, ops.eq(a, b)),
  cmgt: (ops, bits, a, b) => truth(ops, ops.slt(signed(ops, bits, b), signed(ops, bits, a))),
  cmhi: (ops, _bits, a, b) => truth(ops, ops.ult(b, a)),
});

export type LaneOpName = keyof typeof LANE_OPS;
