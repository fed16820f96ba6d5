/** Advanced SIMD three same, vector and scalar (DDI 0487 C4.1.96): elements of two vectors meet one by one. */
import { type Row, instruction } from '../instruction.ts';
import { LANE_OPS, type LaneOpName } from '../lanes.ts';
import type { Ops } from '../ops.ts';
import { compareMask, type FpEach, fpBits, fpLanes, multiplyAdd, plain } from './fp-lanes.ts';
import { half } from './half-precision.ts';
import { bitsOf, countOf, getScalar, getVector, SIMD, scalar, setScalar, setVector, unzip, vector } from './simd-arrangement.ts';

type Combine = 'accumulate' | 'subtract';
interface Same {
  readonly name: string;
  readonly does: string;
  readonly U: '0' | '1';
  readonly opcode: string;
  /** The largest element size of the vector form: 0 B to 3 D. */
  readonly sizes: readonly number[];
  /** Element sizes of the scalar form. */
  readonly scalars?: readonly number[];
  readonly lane: LaneOpName;
  /** The elements are added to the destination's, or taken from them. */
  readonly combine?: Combine;
  /** Neighbours meet, first those of n, then those of m. */
  readonly pairwise?: boolean;
}

const BHS = [0, 1, 2], BHSD = [0, 1, 2, 3], HS = [1, 2], D = [3], B = [0];
const row = (U: '0' | '1', opcode: string, name: string, lane: LaneOpName, does: string, sizes: readonly number[],
  more: Partial<Same> = {}): Same =>
  ({ U, opcode, name, lane, does, sizes, ...more });

const INTEGER: readonly Same[] = [
  row('0', '00000', 'SHADD', 'shadd', 'Halves the sums of signed elements', BHS),
  row('1', '00000', 'UHADD', 'uhadd', 'Halves the sums of unsigned elements', BHS),
  row('0', '00001', 'SQADD', 'sqadd', 'Adds signed elements with saturation', BHSD, { scalars: BHSD }),
  row('1', '00001', 'UQADD', 'uqadd', 'Adds unsigned elements with saturation', BHSD, { scalars: BHSD }),
  row('0', '00010', 'SRHADD', 'srhadd', 'Halves the sums of signed elements, rounding', BHS),
  row('1', '00010', 'URHADD', 'urhadd', 'Halves the sums of unsigned elements, rounding', BHS),
  row('0', '00100', 'SHSUB', 'shsub', 'Halves the differences of signed elements', BHS),
  row('1', '00100', 'UHSUB', 'uhsub', 'Halves the differences of unsigned elements', BHS),
  row('0', '00101', 'SQSUB', 'sqsub', 'Subtracts signed elements with saturation', BHSD, { scalars: BHSD }),
  row('1', '00101', 'UQSUB', 'uqsub', 'Subtracts unsigned elements with saturation', BHSD, { scalars: BHSD }),
  row('0', '00110', 'CMGT', 'cmgt', 'Sets elements that are greater, signed, to all ones', BHSD, { scalars: D }),
  row('1', '00110', 'CMHI', 'cmhi', 'Sets elements that are higher, unsigned, to all ones', BHSD, { scalars: D }),
  row('0', '00111', 'CMGE', 'cmge', 'Sets elements that are greater or equal, signed, to all ones', BHSD, { scalars: D }),
  row('1', '00111', 'CMHS', 'cmhs', 'Sets elements that are higher or the same, unsigned, to all ones', BHSD, { scalars: D }),
  row('0', '01000', 'SSHL', 'sshl', 'Shifts signed elements by signed amounts', BHSD, { scalars: D }),
  row('1', '01000', 'USHL', 'ushl', 'Shifts unsigned elements by signed amounts', BHSD, { scalars: D }),
  row('0', '01001', 'SQSHL', 'sqshl', 'Shifts signed elements by signed amounts with saturation', BHSD, { scalars: BHSD }),
  row('1', '01001', 'UQSHL', 'uqshl', 'Shifts unsigned elements by signed amounts with saturation', BHSD, { scalars: BHSD }),
  row('0', '01010', 'SRSHL', 'srshl', 'Shifts signed elements by signed amounts, rounding', BHSD, { scalars: D }),
  row('1', '01010', 'URSHL', 'urshl', 'Shifts unsigned elements by signed amounts, rounding', BHSD, { scalars: D }),
  row('0', '01011', 'SQRSHL', 'sqrshl', 'Shifts signed elements by signed amounts, rounding, with saturation', BHSD, { scalars: BHSD }),
  row('1', '01011', 'UQRSHL', 'uqrshl', 'Shifts unsigned elements by signed amounts, rounding, with saturation', BHSD, { scalars: BHSD }),
  row('0', '01100', 'SMAX', 'smax', 'Takes the larger of signed elements', BHS),
  row('1', '01100', 'UMAX', 'umax', 'Takes the larger of unsigned elements', BHS),
  row('0', '01101', 'SMIN', 'smin', 'Takes the smaller of signed elements', BHS),
  row('1', '01101', 'UMIN', 'umin', 'Takes the smaller of unsigned elements', BHS),
  row('0', '01110', 'SABD', 'sabd', 'Takes the distance of signed elements', BHS),
  row('1', '01110', 'UABD', 'uabd', 'Takes the distance of unsigned elements', BHS),
  row('0', '01111', 'SABA', 'sabd', 'Adds the distance of signed elements', BHS, { combine: 'accumulate' }),
  row('1', '01111', 'UABA', 'uabd', 'Adds the distance of unsigned elements', BHS, { combine: 'accumulate' }),
  row('0', '10000', 'ADD', 'add', 'Adds elements', BHSD, { scalars: D }),
  row('1', '10000', 'SUB', 'sub', 'Subtracts elements', BHSD, { scalars: D }),
  row('0', '10001', 'CMTST', 'cmtst', 'Sets elements with a bit in common to all ones', BHSD, { scalars: D }),
  row('1', '10001', 'CMEQ', 'cmeq', 'Sets equal elements to all ones', BHSD, { scalars: D }),
  row('0', '10010', 'MLA', 'mul', 'Multiplies elements and adds', BHS, { combine: 'accumulate' }),
  row('1', '10010', 'MLS', 'mul', 'Multiplies elements and subtracts', BHS, { combine: 'subtract' }),
  row('0', '10011', 'MUL', 'mul', 'Multiplies elements', BHS),
  row('1', '10011', 'PMUL', 'pmul', 'Multiplies elements as polynomials over {0, 1}', B),
  row('0', '10100', 'SMAXP', 'smax', 'Takes the larger of neighbouring signed elements', BHS, { pairwise: true }),
  row('1', '10100', 'UMAXP', 'umax', 'Takes the larger of neighbouring unsigned elements', BHS, { pairwise: true }),
  row('0', '10101', 'SMINP', 'smin', 'Takes the smaller of neighbouring signed elements', BHS, { pairwise: true }),
  row('1', '10101', 'UMINP', 'umin', 'Takes the smaller of neighbouring unsigned elements', BHS, { pairwise: true }),
  row('0', '10110', 'SQDMULH', 'sqdmulh', 'Keeps the high half of doubled products with saturation', HS, { scalars: HS }),
  row('1', '10110', 'SQRDMULH', 'sqrdmulh', 'Keeps the rounded high half of doubled products with saturation', HS, { scalars: HS }),
  row('0', '10111', 'ADDP', 'add', 'Adds neighbouring elements', BHSD, { pairwise: true }),
];

const combined = <V>(ops: Ops<V>, size: number, how: Combine | undefined, d: () => V, value: V): V =>
  how === undefined ? value : ops.lanes(how === 'accumulate' ? 'add' : 'sub', bitsOf(size), d(), value);

const vectorRow = (r: Same): Row => instruction({
  ...SIMD,
  name: `${r.name} (vector)`,
  doc: `${r.does}.`,
  bits: `0 Q:1 ${r.U} 01110 size:2 1 Rm:5 ${r.opcode} 1 Rn:5 Rd:5`,
  form: ['Q', 'size'],
  operands: f => (!r.sizes.includes(f.size) || (f.size === 3 && !f.Q) ? null
    : { d: vector(f.Rd, f.Q, f.size), n: vector(f.Rn, f.Q, f.size), m: vector(f.Rm, f.Q, f.size) }),
  asm: () => `${r.name.toLowerCase()} {d}, {n}, {m}`,
  does(ops, { Q, size }, { d, n, m }) {
    const a = getVector(ops, n, Q), b = getVector(ops, m, Q);
    const [x, y] = r.pairwise ? [unzip(ops, Q, size, 0, a, b), unzip(ops, Q, size, 1, a, b)] : [a, b];
    setVector(ops, d, Q, combined(ops, size, r.combine, () => ops.vreg(d), ops.lanes(r.lane, bitsOf(size), x, y)));
  },
});

const scalarRow = (r: Same, sizes: readonly number[]): Row => instruction({
  ...SIMD,
  name: `${r.name} (scalar)`,
  doc: `${r.does}, for one element.`,
  bits: `01 ${r.U} 11110 size:2 1 Rm:5 ${r.opcode} 1 Rn:5 Rd:5`,
  form: ['size'],
  operands: f => (!sizes.includes(f.size) ? null : { d: scalar(f.Rd, f.size), n: scalar(f.Rn, f.size), m: scalar(f.Rm, f.size) }),
  asm: () => `${r.name.toLowerCase()} {d}, {n}, {m}`,
  does(ops, { size }, { d, n, m }) {
    const bits = bitsOf(size);
    setScalar(ops, bits, d, LANE_OPS[r.lane](ops, bits, getScalar(ops, bits, n), getScalar(ops, bits, m), ops.imm(0n)));
  },
});

interface Logical {
  readonly name: string;
  readonly U: '0' | '1';
  readonly size: string;
  readonly doc: string;
  readonly each: <V>(ops: Ops<V>, d: V, n: V, m: V) => V;
}
/** Bits of `yes` where `choice` is set, of `no` elsewhere. */
const insert = <V>(ops: Ops<V>, choice: V, yes: V, no: V): V => ops.vxor(no, ops.vand(ops.vxor(no, yes), choice));
const LOGICAL: readonly Logical[] = [
  { U: '0', size: '00', name: 'AND', doc: 'Bitwise AND.', each: (ops, _d, n, m) => ops.vand(n, m) },
  { U: '0', size: '01', name: 'BIC', doc: 'Clears the bits that m sets.', each: (ops, _d, n, m) => ops.vand(n, ops.vnot(m)) },
  { U: '0', size: '10', name: 'ORR', doc: 'Bitwise OR; of a register with itself, a move.', each: (ops, _d, n, m) => ops.vor(n, m) },
  { U: '0', size: '11', name: 'ORN', doc: 'Bitwise OR with the inverse of m.', each: (ops, _d, n, m) => ops.vor(n, ops.vnot(m)) },
  { U: '1', size: '00', name: 'EOR', doc: 'Bitwise exclusive OR.', each: (ops, _d, n, m) => ops.vxor(n, m) },
  { U: '1', size: '01', name: 'BSL', doc: 'Takes bits of n where d is set and of m elsewhere.', each: (ops, d, n, m) =>
    insert(ops, d, n, m) },
  { U: '1', size: '10', name: 'BIT', doc: 'Takes bits of n where m is set.', each: (ops, d, n, m) => insert(ops, m, n, d) },
  { U: '1', size: '11', name: 'BIF', doc: 'Takes bits of n where m is clear.', each: (ops, d, n, m) => insert(ops, m, d, n) },
];

const logicalRow = (r: Logical): Row => instruction({
  ...SIMD,
  name: `${r.name} (vector, register)`,
  doc: r.doc,
  bits: `0 Q:1 ${r.U} 01110 ${r.size} 1 Rm:5 00011 1 Rn:5 Rd:5`,
  form: ['Q'],
  operands: f => ({ d: vector(f.Rd, f.Q, 0), n: vector(f.Rn, f.Q, 0), m: vector(f.Rm, f.Q, 0) }),
  asm: f => (r.name === 'ORR' && f.Rn === f.Rm ? 'mov {d}, {n}' : `${r.name.toLowerCase()} {d}, {n}, {m}`),
  does(ops, { Q }, { d, n, m }) {
    setVector(ops, d, Q, r.each(ops, ops.vreg(d), ops.vreg(n), ops.vreg(m)));
  },
});

interface FpSame {
  readonly name: string;
  readonly does: string;
  readonly U: '0' | '1';
  /** The upper bit of `size`. */
  readonly a: '0' | '1';
  readonly opcode: string;
  readonly each: FpEach;
  readonly scalar?: boolean;
  readonly pairwise?: boolean;
}
const fp = (U: '0' | '1', a: '0' | '1', opcode: string, name: string, does: string, each: FpEach,
  more: { readonly scalar?: boolean; readonly pairwise?: boolean } = {}): FpSame =>
  ({ U, a, opcode, name, does, each, ...more });
const SCALAR = { scalar: true }, PAIRWISE = { pairwise: true };

const FLOATING: readonly FpSame[] = [
  fp('0', '0', '11000', 'FMAXNM', 'Takes the larger, preferring numbers to quiet NaNs', plain('maxnum')),
  fp('0', '1', '11000', 'FMINNM', 'Takes the smaller, preferring numbers to quiet NaNs', plain('minnum')),
  fp('1', '0', '11000', 'FMAXNMP', 'Takes the larger of neighbours, preferring numbers to quiet NaNs', plain('maxnum'), PAIRWISE),
  fp('1', '1', '11000', 'FMINNMP', 'Takes the smaller of neighbours, preferring numbers to quiet NaNs', plain('minnum'), PAIRWISE),
  fp('0', '0', '11001', 'FMLA', 'Multiplies and adds, rounding once', multiplyAdd(false)),
  fp('0', '1', '11001', 'FMLS', 'Multiplies and subtracts, rounding once', multiplyAdd(true)),
  fp('0', '0', '11010', 'FADD', 'Adds', plain('add')),
  fp('0', '1', '11010', 'FSUB', 'Subtracts', plain('sub')),
  fp('1', '0', '11010', 'FADDP', 'Adds neighbours', plain('add'), PAIRWISE),
  fp('1', '1', '11010', 'FABD', 'Takes the absolute difference', plain('abd'), SCALAR),
  fp('0', '0', '11011', 'FMULX', 'Multiplies, where zero times infinity is two', plain('mulx'), SCALAR),
  fp('1', '0', '11011', 'FMUL', 'Multiplies', plain('mul')),
  fp('0', '0', '11100', 'FCMEQ', 'Sets equal elements to all ones', compareMask('equal'), SCALAR),
  fp('1', '0', '11100', 'FCMGE', 'Sets elements that are greater or equal to all ones', compareMask('greater-equal'), SCALAR),
  fp('1', '1', '11100', 'FCMGT', 'Sets elements that are greater to all ones', compareMask('greater'), SCALAR),
  fp('1', '0', '11101', 'FACGE', 'Sets elements of greater or equal magnitude to all ones', compareMask('greater-equal', true), SCALAR),
  fp('1', '1', '11101', 'FACGT', 'Sets elements of greater magnitude to all ones', compareMask('greater', true), SCALAR),
  fp('0', '0', '11110', 'FMAX', 'Takes the larger', plain('max')),
  fp('0', '1', '11110', 'FMIN', 'Takes the smaller', plain('min')),
  fp('1', '0', '11110', 'FMAXP', 'Takes the larger of neighbours', plain('max'), PAIRWISE),
  fp('1', '1', '11110', 'FMINP', 'Takes the smaller of neighbours', plain('min'), PAIRWISE),
  fp('0', '0', '11111', 'FRECPS', 'A Newton step towards a reciprocal', plain('recip-step'), SCALAR),
  fp('0', '1', '11111', 'FRSQRTS', 'A Newton step towards a reciprocal square root', plain('rsqrt-step'), SCALAR),
  fp('1', '0', '11111', 'FDIV', 'Divides', plain('div')),
];

const fpVectorRow = (r: FpSame): Row => instruction({
  ...SIMD,
  name: `${r.name} (vector)`,
  doc: `${r.does}, element by element.`,
  bits: `0 Q:1 ${r.U} 01110 ${r.a} sz:1 1 Rm:5 ${r.opcode} 1 Rn:5 Rd:5`,
  form: ['Q', 'sz'],
  operands: f => (f.sz === 1 && !f.Q ? null
    : { d: vector(f.Rd, f.Q, 2 + f.sz), n: vector(f.Rn, f.Q, 2 + f.sz), m: vector(f.Rm, f.Q, 2 + f.sz) }),
  asm: () => `${r.name.toLowerCase()} {d}, {n}, {m}`,
  does(ops, { Q, sz }, { d, n, m }) {
    const a = ops.vreg(n), b = ops.vreg(m), size = 2 + sz, bits = fpBits(sz);
    const [x, y] = r.pairwise ? [unzip(ops, Q, size, 0, a, b), unzip(ops, Q, size, 1, a, b)] : [a, b];
    ops.setVreg(d, fpLanes(ops, bits, countOf(Q, size), (p, q, old) => r.each(ops, bits, p!, q!, old!), x, y, ops.vreg(d)));
  },
});

const fpScalarRow = (r: FpSame): Row => instruction({
  ...SIMD,
  name: `${r.name} (scalar)`,
  doc: `${r.does}, for one element.`,
  bits: `01 ${r.U} 11110 ${r.a} sz:1 1 Rm:5 ${r.opcode} 1 Rn:5 Rd:5`,
  form: ['sz'],
  operands: f => ({ d: scalar(f.Rd, 2 + f.sz), n: scalar(f.Rn, 2 + f.sz), m: scalar(f.Rm, 2 + f.sz) }),
  asm: () => `${r.name.toLowerCase()} {d}, {n}, {m}`,
  does(ops, { sz }, { d, n, m }) {
    const bits = fpBits(sz);
    setScalar(ops, bits, d, r.each(ops, bits, getScalar(ops, bits, n), getScalar(ops, bits, m), ops.imm(0n)));
  },
});

const FP_ROWS = [...FLOATING.map(fpVectorRow), ...FLOATING.filter(r => r.scalar).map(fpScalarRow)];

export const SIMD_THREE_SAME: readonly Row[] = [
  ...INTEGER.map(vectorRow), ...INTEGER.flatMap(r => (r.scalars ? [scalarRow(r, r.scalars)] : [])),
  ...LOGICAL.map(logicalRow),
  ...FP_ROWS, ...FP_ROWS.map(row => half(row, ['sz:1 1', '10'], ['Rm:5 11', 'Rm:5 00'])),
];
