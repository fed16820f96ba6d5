/** Advanced SIMD across lanes and scalar pairwise (DDI 0487 C4.1.96): all elements of a vector, or two, become one. */
import { type Row, instruction } from '../instruction.ts';
import type { FpSize } from '../floating-point.ts';
import type { LaneOpName } from '../lanes.ts';
import { v } from '../operands.ts';
import type { Ops } from '../ops.ts';
import { fpBits } from './fp-lanes.ts';
import { half } from './half-precision.ts';
import { bitsOf, countOf, getVector, pick, range, SIMD, scalar, setScalar, vector } from './simd-arrangement.ts';

/** Folds the upper half onto the lower until one element is left; the order does not matter to integers. */
function fold<V>(ops: Ops<V>, lane: LaneOpName, size: number, count: number, all: V): V {
  let rest = all;
  for (let left = count >> 1; left > 0; left >>= 1) {
    rest = ops.lanes(lane, bitsOf(size), rest, pick(ops, bitsOf(size), rest, rest, range(left).map(i => left + i)));
  }
  return ops.lane(bitsOf(size), rest, 0);
}

interface Across {
  readonly name: string;
  readonly doc: string;
  readonly U: '0' | '1';
  readonly opcode: string;
  readonly lane: LaneOpName;
  readonly long?: boolean;
}
const ACROSS: readonly Across[] = [
  { U: '0', opcode: '00011', name: 'SADDLV', doc: 'Adds all signed elements into twice their size.', lane: 'saddlp', long: true },
  { U: '1', opcode: '00011', name: 'UADDLV', doc: 'Adds all unsigned elements into twice their size.', lane: 'uaddlp', long: true },
  { U: '0', opcode: '01010', name: 'SMAXV', doc: 'Takes the largest signed element.', lane: 'smax' },
  { U: '1', opcode: '01010', name: 'UMAXV', doc: 'Takes the largest unsigned element.', lane: 'umax' },
  { U: '0', opcode: '11010', name: 'SMINV', doc: 'Takes the smallest signed element.', lane: 'smin' },
  { U: '1', opcode: '11010', name: 'UMINV', doc: 'Takes the smallest unsigned element.', lane: 'umin' },
  { U: '0', opcode: '11011', name: 'ADDV', doc: 'Adds all elements.', lane: 'add' },
];

const acrossRow = (r: Across): Row => instruction({
  ...SIMD,
  name: r.name,
  doc: r.doc,
  bits: `0 Q:1 ${r.U} 01110 size:2 11000 ${r.opcode} 10 Rn:5 Rd:5`,
  form: ['Q', 'size'],
  operands: f => (f.size === 3 || (f.size === 2 && !f.Q) ? null
    : { d: scalar(f.Rd, f.size + (r.long ? 1 : 0)), n: vector(f.Rn, f.Q, f.size) }),
  asm: () => `${r.name.toLowerCase()} {d}, {n}`,
  does(ops, { Q, size }, { d, n }) {
    const all = getVector(ops, n, Q), count = countOf(Q, size);
    if (!r.long) return setScalar(ops, bitsOf(size), d, fold(ops, r.lane, size, count, all));
    const pairs = ops.lanes(r.lane, bitsOf(size + 1), all);
    setScalar(ops, bitsOf(size + 1), d, fold(ops, 'add', size + 1, count / 2, pairs));
  },
});

type Extreme = 'max' | 'min' | 'maxnum' | 'minnum';
/** The manual's Reduce: the lower half first, since operands of floating point have an order. */
function reduce<V>(ops: Ops<V>, op: Extreme | 'add', size: FpSize, lanes: readonly V[]): V {
  if (lanes.length === 1) return lanes[0]!;
  const middle = lanes.length / 2;
  return ops.fp({ op, size }, reduce(ops, op, size, lanes.slice(0, middle)), reduce(ops, op, size, lanes.slice(middle)));
}

interface FpAcross {
  readonly name: string;
  readonly does: string;
  readonly a: '0' | '1';
  readonly opcode: string;
  readonly op: Extreme | 'add';
}
const EXTREMES: readonly FpAcross[] = [
  { a: '0', opcode: '01100', name: 'FMAXNM', does: 'Takes the larger, preferring numbers to quiet NaNs,', op: 'maxnum' },
  { a: '1', opcode: '01100', name: 'FMINNM', does: 'Takes the smaller, preferring numbers to quiet NaNs,', op: 'minnum' },
  { a: '0', opcode: '01111', name: 'FMAX', does: 'Takes the larger', op: 'max' },
  { a: '1', opcode: '01111', name: 'FMIN', does: 'Takes the smaller', op: 'min' },
];

const fpAcrossRow = (r: FpAcross): Row => instruction({
  ...SIMD,
  name: `${r.name}V`,
  doc: `${r.does} of four elements.`,
  bits: `0 1 1 01110 ${r.a} 0 11000 ${r.opcode} 10 Rn:5 Rd:5`,
  form: [],
  operands: f => ({ d: scalar(f.Rd, 2), n: vector(f.Rn, 1, 2) }),
  asm: () => `${r.name.toLowerCase()}v {d}, {n}`,
  does(ops, _form, { d, n }) {
    const all = ops.vreg(n);
    setScalar(ops, 32, d, reduce(ops, r.op, 32, range(4).map(i => ops.lane(32, all, i))));
  },
});

const fpAcrossHalfRow = (r: FpAcross): Row => instruction({
  ...SIMD, needs: 'FEAT_FP16',
  name: `${r.name}V, half precision`,
  doc: `${r.does} of four or eight elements.`,
  bits: `0 Q:1 0 01110 ${r.a} 0 11000 ${r.opcode} 10 Rn:5 Rd:5`,
  form: ['Q'],
  operands: f => ({ d: scalar(f.Rd, 1), n: vector(f.Rn, f.Q, 1) }),
  asm: () => `${r.name.toLowerCase()}v {d}, {n}`,
  does(ops, { Q }, { d, n }) {
    const all = ops.vreg(n);
    setScalar(ops, 16, d, reduce(ops, r.op, 16, range(countOf(Q, 1)).map(i => ops.lane(16, all, i))));
  },
});

const fpPairRow = (r: FpAcross): Row => instruction({
  ...SIMD,
  name: `${r.name}P (scalar)`,
  doc: `${r.does} of two elements.`,
  bits: `01 1 11110 ${r.a} sz:1 11000 ${r.opcode} 10 Rn:5 Rd:5`,
  form: ['sz'],
  operands: f => ({ d: scalar(f.Rd, 2 + f.sz), n: v(f.Rn, `v${f.Rn}.2${'hsd'[1 + f.sz]}`) }),
  asm: () => `${r.name.toLowerCase()}p {d}, {n}`,
  does(ops, { sz }, { d, n }) {
    const bits = fpBits(sz), pair = ops.vreg(n);
    setScalar(ops, bits, d, reduce(ops, r.op, bits, [ops.lane(bits, pair, 0), ops.lane(bits, pair, 1)]));
  },
});

const addPair = instruction({
  ...SIMD,
  name: 'ADDP (scalar)',
  doc: 'Adds two elements.',
  bits: '01 0 11110 11 11000 11011 10 Rn:5 Rd:5',
  form: [],
  operands: f => ({ d: scalar(f.Rd, 3), n: vector(f.Rn, 1, 3) }),
  asm: () => 'addp {d}, {n}',
  does(ops, _form, { d, n }) {
    const pair = ops.vreg(n);
    setScalar(ops, 64, d, ops.add(ops.lane(64, pair, 0), ops.lane(64, pair, 1)));
  },
});

const PAIRS = [...EXTREMES, { a: '0', opcode: '01101', name: 'FADD', does: 'Takes the sum', op: 'add' } as const].map(fpPairRow);

export const SIMD_ACROSS_LANES: readonly Row[] = [
  ...ACROSS.map(acrossRow), ...EXTREMES.map(fpAcrossRow), addPair, ...PAIRS,
  ...EXTREMES.map(fpAcrossHalfRow), ...PAIRS.map(row => half(row, ['01 1', '01 0'], ['sz:1', '0'])),
];
