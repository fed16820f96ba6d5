/** Advanced SIMD two-register miscellaneous on floating point, vector and scalar (DDI 0487 C4.1.96). */
import type { FpOp, FpSize, Rounding } from '../floating-point.ts';
import { type Row, instruction } from '../instruction.ts';
import type { LaneBits, Ops } from '../ops.ts';
import { compareMask, fpAbs, fpBits, fpLanes, fpNeg, type Predicate } from './fp-lanes.ts';
import { half } from './half-precision.ts';
import { bitsOf, countOf, getScalar, range, SIMD, scalar, setNarrow, setScalar, vector } from './simd-arrangement.ts';

type Each = <V>(ops: Ops<V>, size: FpSize, a: V) => V;
interface Single {
  readonly name: string;
  readonly does: string;
  readonly U: '0' | '1';
  /** The upper bit of `size`. */
  readonly a: '0' | '1';
  readonly opcode: string;
  readonly each: Each;
  readonly vector: boolean;
  readonly scalar: boolean;
  readonly zero: boolean;
}

const unary = (op: 'sqrt' | 'recip-estimate' | 'recip-exponent' | 'rsqrt-estimate'): Each => (ops, size, a) => ops.fp({ op, size }, a);
const roundInt = (rounding: Rounding, exact = false): Each => (ops, size, a) => ops.fp({ op: 'round-int', size, rounding, exact }, a);
const toInteger = (unsigned: boolean, rounding: Rounding): Each => (ops, size, a) =>
  ops.fp({ op: 'to-fixed', size, width: size, unsigned, rounding, fractionBits: 0 }, a);
const fromInteger = (unsigned: boolean): Each => (ops, size, a) =>
  ops.fp({ op: 'from-fixed', size, width: size, unsigned, fractionBits: 0 }, a);
const versusZero = (op: Predicate, swap: boolean): Each => (ops, size, a) => {
  const zero = ops.imm(0n);
  return compareMask(op)(ops, size, swap ? zero : a, swap ? a : zero, zero);
};

const row = (U: '0' | '1', a: '0' | '1', opcode: string, name: string, does: string, each: Each, more: Partial<Single> = {}): Single =>
  ({ U, a, opcode, name, does, each, vector: true, scalar: false, zero: false, ...more });
const ZERO = { scalar: true, zero: true }, BOTH = { scalar: true };

const CONVERT: readonly (readonly [string, '0' | '1', string, Rounding, string])[] = [
  ['FCVTN', '0', '11010', 'tie-even', 'to nearest, ties to even'], ['FCVTM', '0', '11011', 'minus-infinity', 'down'],
  ['FCVTA', '0', '11100', 'tie-away', 'to nearest, ties away from zero'],
  ['FCVTP', '1', '11010', 'plus-infinity', 'up'], ['FCVTZ', '1', '11011', 'zero', 'towards zero'],
];

const SINGLE: readonly Single[] = [
  row('0', '1', '01100', 'FCMGT', 'Sets elements above zero to all ones', versusZero('greater', false), ZERO),
  row('1', '1', '01100', 'FCMGE', 'Sets elements of zero or above to all ones', versusZero('greater-equal', false), ZERO),
  row('0', '1', '01101', 'FCMEQ', 'Sets elements of zero to all ones', versusZero('equal', false), ZERO),
  row('1', '1', '01101', 'FCMLE', 'Sets elements of zero or below to all ones', versusZero('greater-equal', true), ZERO),
  row('0', '1', '01110', 'FCMLT', 'Sets elements below zero to all ones', versusZero('greater', true), ZERO),
  row('0', '1', '01111', 'FABS', 'Clears signs', fpAbs),
  row('1', '1', '01111', 'FNEG', 'Inverts signs', fpNeg),
  row('1', '1', '11111', 'FSQRT', 'Takes square roots', unary('sqrt')),
  row('0', '0', '11000', 'FRINTN', 'Rounds to integers, ties to even', roundInt('tie-even')),
  row('0', '0', '11001', 'FRINTM', 'Rounds down to integers', roundInt('minus-infinity')),
  row('0', '1', '11000', 'FRINTP', 'Rounds up to integers', roundInt('plus-infinity')),
  row('0', '1', '11001', 'FRINTZ', 'Rounds towards zero to integers', roundInt('zero')),
  row('1', '0', '11000', 'FRINTA', 'Rounds to integers, ties away from zero', roundInt('tie-away')),
  row('1', '0', '11001', 'FRINTX', 'Rounds to integers by FPCR, saying when inexact', roundInt('fpcr', true)),
  row('1', '1', '11001', 'FRINTI', 'Rounds to integers by FPCR', roundInt('fpcr')),
  ...CONVERT.flatMap(([name, a, opcode, rounding, how]) => [
    row('0', a, opcode, `${name}S`, `Converts to signed integers, rounding ${how}`, toInteger(false, rounding), BOTH),
    row('1', a, opcode, `${name}U`, `Converts to unsigned integers, rounding ${how}`, toInteger(true, rounding), BOTH),
  ]),
  row('0', '0', '11101', 'SCVTF', 'Converts signed integers', fromInteger(false), BOTH),
  row('1', '0', '11101', 'UCVTF', 'Converts unsigned integers', fromInteger(true), BOTH),
  row('0', '1', '11101', 'FRECPE', 'Estimates reciprocals', unary('recip-estimate'), BOTH),
  row('1', '1', '11101', 'FRSQRTE', 'Estimates reciprocal square roots', unary('rsqrt-estimate'), BOTH),
  row('0', '1', '11111', 'FRECPX', 'Estimates the exponent of a reciprocal', unary('recip-exponent'), { scalar: true, vector: false }),
];

const text = (r: Single) => `${r.name.toLowerCase()} {d}, {n}${r.zero ? ', #0.0' : ''}`;

const vectorRow = (r: Single): Row => instruction({
  ...SIMD,
  name: `${r.name} (vector${r.zero ? ', zero' : ''})`,
  doc: `${r.does}.`,
  bits: `0 Q:1 ${r.U} 01110 ${r.a} sz:1 10000 ${r.opcode} 10 Rn:5 Rd:5`,
  form: ['Q', 'sz'],
  operands: f => (f.sz === 1 && !f.Q ? null : { d: vector(f.Rd, f.Q, 2 + f.sz), n: vector(f.Rn, f.Q, 2 + f.sz) }),
  asm: () => text(r),
  does(ops, { Q, sz }, { d, n }) {
    const bits = fpBits(sz);
    ops.setVreg(d, fpLanes(ops, bits, countOf(Q, 2 + sz), a => r.each(ops, bits, a!), ops.vreg(n)));
  },
});

const scalarRow = (r: Single): Row => instruction({
  ...SIMD,
  name: `${r.name} (scalar${r.zero ? ', zero' : ''})`,
  doc: `${r.does}, for one element.`,
  bits: `01 ${r.U} 11110 ${r.a} sz:1 10000 ${r.opcode} 10 Rn:5 Rd:5`,
  form: ['sz'],
  operands: f => ({ d: scalar(f.Rd, 2 + f.sz), n: scalar(f.Rn, 2 + f.sz) }),
  asm: () => text(r),
  does(ops, { sz }, { d, n }) {
    const bits = fpBits(sz);
    setScalar(ops, bits, d, r.each(ops, bits, getScalar(ops, bits, n)));
  },
});

/** Elements of twice the size converted one by one, each left in the low half of its lane. */
function narrowed<V>(ops: Ops<V>, op: FpOp, sz: number, n: V): V {
  const wide: LaneBits = bitsOf(2 + sz);
  return range(countOf(1, 2 + sz)).reduce((all, i) => ops.withLane(wide, all, i, ops.fp(op, ops.lane(wide, n, i))), ops.vimm(0n));
}
const toHalfSize = (sz: number): FpOp => ({ op: 'convert', from: sz ? 64 : 32, to: sz ? 32 : 16 });
const TO_ODD: FpOp = { op: 'convert', from: 64, to: 32, rounding: 'odd' };

const convertNarrow = instruction({
  ...SIMD,
  name: 'FCVTN, FCVTN2',
  doc: 'Converts to half the precision, into the lower or upper half of d.',
  bits: '0 Q:1 0 01110 0 sz:1 10000 10110 10 Rn:5 Rd:5',
  form: ['Q', 'sz'],
  operands: f => ({ d: vector(f.Rd, f.Q, 1 + f.sz), n: vector(f.Rn, 1, 2 + f.sz) }),
  asm: f => `fcvtn${f.Q ? '2' : ''} {d}, {n}`,
  does(ops, { Q, sz }, { d, n }) { setNarrow(ops, d, Q, 1 + sz, 0, narrowed(ops, toHalfSize(sz), sz, ops.vreg(n))); },
});

const convertNarrowOdd = instruction({
  ...SIMD,
  name: 'FCVTXN, FCVTXN2',
  doc: 'Converts doubles to singles, rounding to odd, into the lower or upper half of d.',
  bits: '0 Q:1 1 01110 01 10000 10110 10 Rn:5 Rd:5',
  form: ['Q'],
  operands: f => ({ d: vector(f.Rd, f.Q, 2), n: vector(f.Rn, 1, 3) }),
  asm: f => `fcvtxn${f.Q ? '2' : ''} {d}, {n}`,
  does(ops, { Q }, { d, n }) { setNarrow(ops, d, Q, 2, 0, narrowed(ops, TO_ODD, 1, ops.vreg(n))); },
});

const convertNarrowOddScalar = instruction({
  ...SIMD,
  name: 'FCVTXN (scalar)',
  doc: 'Converts a double to a single, rounding to odd.',
  bits: '01 1 11110 01 10000 10110 10 Rn:5 Rd:5',
  form: [],
  operands: f => ({ d: scalar(f.Rd, 2), n: scalar(f.Rn, 3) }),
  asm: () => 'fcvtxn {d}, {n}',
  does(ops, _form, { d, n }) { setScalar(ops, 32, d, ops.fp(TO_ODD, getScalar(ops, 64, n))); },
});

const convertLong = instruction({
  ...SIMD,
  name: 'FCVTL, FCVTL2',
  doc: 'Converts the lower or upper half of n to twice the precision.',
  bits: '0 Q:1 0 01110 0 sz:1 10000 10111 10 Rn:5 Rd:5',
  form: ['Q', 'sz'],
  operands: f => ({ d: vector(f.Rd, 1, 2 + f.sz), n: vector(f.Rn, f.Q, 1 + f.sz) }),
  asm: f => `fcvtl${f.Q ? '2' : ''} {d}, {n}`,
  does(ops, { Q, sz }, { d, n }) {
    const wide = fpBits(sz), narrow = bitsOf(1 + sz), count = countOf(1, 2 + sz), from = ops.vreg(n);
    const op: FpOp = { op: 'convert', from: sz ? 32 : 16, to: wide };
    ops.setVreg(d, range(count).reduce(
      (all, i) => ops.withLane(wide, all, i, ops.fp(op, ops.lane(narrow, from, Q * count + i))), ops.vimm(0n)));
  },
});

const ROWS = [...SINGLE.filter(r => r.vector).map(vectorRow), ...SINGLE.filter(r => r.scalar).map(scalarRow)];
export const SIMD_TWO_REGISTER_FP: readonly Row[] = [
  ...ROWS, ...ROWS.map(row => half(row, ['sz:1 10000', '1 11100'])),
  convertNarrow, convertNarrowOdd, convertNarrowOddScalar, convertLong,
];
