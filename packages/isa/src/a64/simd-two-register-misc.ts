/** Advanced SIMD two-register miscellaneous on integers, vector and scalar (DDI 0487 C4.1.96). */
import { type Row, instruction } from '../instruction.ts';
import { LANE_OPS, type LaneOpName } from '../lanes.ts';
import type { Ops } from '../ops.ts';
import { bitsOf, getScalar, getVector, range, SIMD, scalar, setNarrow, setScalar, setVector, vector, widen } from './simd-arrangement.ts';

interface Single {
  readonly name: string;
  readonly does: string;
  readonly U: '0' | '1';
  readonly opcode: string;
  readonly sizes: readonly number[];
  readonly scalars?: readonly number[];
  readonly lane: LaneOpName;
  /** What the lane operation is given: n, d and n, n and zero, or zero and n. */
  readonly given: 'n' | 'dn' | 'n0' | '0n';
}

const BHS = [0, 1, 2], BHSD = [0, 1, 2, 3], D = [3], B = [0];
const row = (U: '0' | '1', opcode: string, name: string, lane: LaneOpName, does: string, sizes: readonly number[],
  scalars: readonly number[] = [], given: Single['given'] = 'n'): Single =>
  ({ U, opcode, name, lane, does, sizes, scalars, given });

const SINGLE: readonly Single[] = [
  row('0', '00011', 'SUQADD', 'suqadd', 'Adds unsigned elements to signed ones with saturation', BHSD, BHSD, 'dn'),
  row('1', '00011', 'USQADD', 'usqadd', 'Adds signed elements to unsigned ones with saturation', BHSD, BHSD, 'dn'),
  row('0', '00100', 'CLS', 'cls', 'Counts the bits that follow the sign and equal it', BHS),
  row('1', '00100', 'CLZ', 'clz', 'Counts leading zeroes', BHS),
  row('0', '00101', 'CNT', 'cnt', 'Counts ones', B),
  row('0', '00111', 'SQABS', 'sqabs', 'Takes absolute values with saturation', BHSD, BHSD),
  row('1', '00111', 'SQNEG', 'sqneg', 'Negates with saturation', BHSD, BHSD),
  row('0', '01000', 'CMGT', 'cmgt', 'Sets elements above zero to all ones', BHSD, D, 'n0'),
  row('1', '01000', 'CMGE', 'cmge', 'Sets elements of zero or above to all ones', BHSD, D, 'n0'),
  row('0', '01001', 'CMEQ', 'cmeq', 'Sets zero elements to all ones', BHSD, D, 'n0'),
  row('1', '01001', 'CMLE', 'cmge', 'Sets elements of zero or below to all ones', BHSD, D, '0n'),
  row('0', '01010', 'CMLT', 'cmgt', 'Sets elements below zero to all ones', BHSD, D, '0n'),
  row('0', '01011', 'ABS', 'abs', 'Takes absolute values', BHSD, D),
  row('1', '01011', 'NEG', 'neg', 'Negates', BHSD, D),
];

const givenTo = <V>(given: Single['given'], zero: V, n: V, d: () => V): readonly [V] | readonly [V, V] =>
  given === 'n' ? [n] : given === 'dn' ? [d(), n] : given === 'n0' ? [n, zero] : [zero, n];
const text = (r: Single) => `${r.name.toLowerCase()} {d}, {n}${r.given === 'n0' || r.given === '0n' ? ', #0' : ''}`;
const title = (r: Single) => (r.given === 'n0' || r.given === '0n' ? ', zero' : '');

const singleRow = (r: Single): Row => instruction({
  ...SIMD,
  name: `${r.name} (vector${title(r)})`,
  doc: `${r.does}.`,
  bits: `0 Q:1 ${r.U} 01110 size:2 10000 ${r.opcode} 10 Rn:5 Rd:5`,
  form: ['Q', 'size'],
  operands: f => (!r.sizes.includes(f.size) || (f.size === 3 && !f.Q) ? null
    : { d: vector(f.Rd, f.Q, f.size), n: vector(f.Rn, f.Q, f.size) }),
  asm: () => text(r),
  does(ops, { Q, size }, { d, n }) {
    const given = givenTo(r.given, ops.vimm(0n), getVector(ops, n, Q), () => getVector(ops, d, Q));
    setVector(ops, d, Q, ops.lanes(r.lane, bitsOf(size), ...given));
  },
});

const scalarRow = (r: Single, sizes: readonly number[]): Row => instruction({
  ...SIMD,
  name: `${r.name} (scalar${title(r)})`,
  doc: `${r.does}, for one element.`,
  bits: `01 ${r.U} 11110 size:2 10000 ${r.opcode} 10 Rn:5 Rd:5`,
  form: ['size'],
  operands: f => (sizes.includes(f.size) ? { d: scalar(f.Rd, f.size), n: scalar(f.Rn, f.size) } : null),
  asm: () => text(r),
  does(ops, { size }, { d, n }) {
    const bits = bitsOf(size), none = ops.imm(0n);
    const [a, b = none] = givenTo(r.given, none, getScalar(ops, bits, n), () => getScalar(ops, bits, d));
    setScalar(ops, bits, d, LANE_OPS[r.lane](ops, bits, a, b, none));
  },
});

/** Estimates of 32-bit fractions. */
const estimateRow = (U: '0' | '1', name: string, lane: LaneOpName, doc: string): Row => instruction({
  ...SIMD,
  name,
  doc,
  bits: `0 Q:1 ${U} 01110 10 10000 11100 10 Rn:5 Rd:5`,
  form: ['Q'],
  operands: f => ({ d: vector(f.Rd, f.Q, 2), n: vector(f.Rn, f.Q, 2) }),
  asm: () => `${name.toLowerCase()} {d}, {n}`,
  does(ops, { Q }, { d, n }) { setVector(ops, d, Q, ops.lanes(lane, 32, ops.vreg(n))); },
});

/** Bits of whole bytes, for which the element size is part of the opcode. */
interface Bitwise { readonly name: string; readonly doc: string; readonly size: '00' | '01'; readonly each: <V>(ops: Ops<V>, n: V) => V }
const BITWISE: readonly Bitwise[] = [
  { size: '00', name: 'NOT', doc: 'Inverts all bits.', each: (ops, n) => ops.vnot(n) },
  { size: '01', name: 'RBIT', doc: 'Reverses the bits of each byte.', each: (ops, n) => ops.lanes('rbit', 8, n) },
];
const bitwiseRow = (r: Bitwise): Row => instruction({
  ...SIMD,
  name: `${r.name} (vector)`,
  doc: r.doc,
  bits: `0 Q:1 1 01110 ${r.size} 10000 00101 10 Rn:5 Rd:5`,
  form: ['Q'],
  operands: f => ({ d: vector(f.Rd, f.Q, 0), n: vector(f.Rn, f.Q, 0) }),
  asm: () => `${r.name === 'NOT' ? 'mvn' : 'rbit'} {d}, {n}`,
  does(ops, { Q }, { d, n }) { setVector(ops, d, Q, r.each(ops, ops.vreg(n))); },
});

interface Reverse { readonly name: string; readonly U: '0' | '1'; readonly opcode: string; readonly container: number }
const REVERSE: readonly Reverse[] = [
  { name: 'REV64', U: '0', opcode: '00000', container: 3 },
  { name: 'REV32', U: '1', opcode: '00000', container: 2 },
  { name: 'REV16', U: '0', opcode: '00001', container: 1 },
];
const reverseRow = (r: Reverse): Row => instruction({
  ...SIMD,
  name: r.name,
  doc: `Reverses the elements inside each group of ${8 << r.container} bits.`,
  bits: `0 Q:1 ${r.U} 01110 size:2 10000 ${r.opcode} 10 Rn:5 Rd:5`,
  form: ['Q', 'size'],
  operands: f => (f.size >= r.container ? null : { d: vector(f.Rd, f.Q, f.size), n: vector(f.Rn, f.Q, f.size) }),
  asm: () => `${r.name.toLowerCase()} {d}, {n}`,
  does(ops, { Q, size }, { d, n }) {
    const flip = ((1 << r.container) - 1) & ~((1 << size) - 1), all = ops.vreg(n);
    setVector(ops, d, Q, ops.shuffle(all, all, range(16).map(i => i ^ flip)));
  },
});

interface Pairs {
  readonly name: string;
  readonly does: string;
  readonly U: '0' | '1';
  readonly opcode: string;
  readonly lane: 'saddlp' | 'uaddlp';
  readonly into: boolean;
}
const PAIRS: readonly Pairs[] = [
  { U: '0', opcode: '00010', name: 'SADDLP', does: 'Adds neighbouring signed elements', lane: 'saddlp', into: false },
  { U: '1', opcode: '00010', name: 'UADDLP', does: 'Adds neighbouring unsigned elements', lane: 'uaddlp', into: false },
  { U: '0', opcode: '00110', name: 'SADALP', does: 'Adds sums of neighbouring signed elements to d', lane: 'saddlp', into: true },
  { U: '1', opcode: '00110', name: 'UADALP', does: 'Adds sums of neighbouring unsigned elements to d', lane: 'uaddlp', into: true },
];
const pairsRow = (r: Pairs): Row => instruction({
  ...SIMD,
  name: r.name,
  doc: `${r.does}, in twice their size.`,
  bits: `0 Q:1 ${r.U} 01110 size:2 10000 ${r.opcode} 10 Rn:5 Rd:5`,
  form: ['Q', 'size'],
  operands: f => (f.size === 3 ? null : { d: vector(f.Rd, f.Q, f.size + 1), n: vector(f.Rn, f.Q, f.size) }),
  asm: () => `${r.name.toLowerCase()} {d}, {n}`,
  does(ops, { Q, size }, { d, n }) {
    const bits = bitsOf(size + 1), sums = ops.lanes(r.lane, bits, ops.vreg(n));
    setVector(ops, d, Q, r.into ? ops.lanes('add', bits, ops.vreg(d), sums) : sums);
  },
});

interface Narrow {
  readonly name: string;
  readonly does: string;
  readonly U: '0' | '1';
  readonly opcode: string;
  readonly lane?: 'sqxtn' | 'sqxtun' | 'uqxtn';
}
const NARROW: readonly Narrow[] = [
  { U: '0', opcode: '10010', name: 'XTN', does: 'Keeps the low half of elements' },
  { U: '1', opcode: '10010', name: 'SQXTUN', does: 'Narrows signed elements to unsigned with saturation', lane: 'sqxtun' },
  { U: '0', opcode: '10100', name: 'SQXTN', does: 'Narrows signed elements with saturation', lane: 'sqxtn' },
  { U: '1', opcode: '10100', name: 'UQXTN', does: 'Narrows unsigned elements with saturation', lane: 'uqxtn' },
];
const narrowRow = (r: Narrow): Row => instruction({
  ...SIMD,
  name: `${r.name}, ${r.name}2`,
  doc: `${r.does}, into the lower or upper half of d.`,
  bits: `0 Q:1 ${r.U} 01110 size:2 10000 ${r.opcode} 10 Rn:5 Rd:5`,
  form: ['Q', 'size'],
  operands: f => (f.size === 3 ? null : { d: vector(f.Rd, f.Q, f.size), n: vector(f.Rn, 1, f.size + 1) }),
  asm: f => `${r.name.toLowerCase()}${f.Q ? '2' : ''} {d}, {n}`,
  does(ops, { Q, size }, { d, n }) {
    const wide = ops.vreg(n);
    setNarrow(ops, d, Q, size, 0, r.lane ? ops.lanes(r.lane, bitsOf(size + 1), wide) : wide);
  },
});
const narrowScalarRow = (r: Narrow, lane: LaneOpName): Row => instruction({
  ...SIMD,
  name: `${r.name} (scalar)`,
  doc: `${r.does}, for one element.`,
  bits: `01 ${r.U} 11110 size:2 10000 ${r.opcode} 10 Rn:5 Rd:5`,
  form: ['size'],
  operands: f => (f.size === 3 ? null : { d: scalar(f.Rd, f.size), n: scalar(f.Rn, f.size + 1) }),
  asm: () => `${r.name.toLowerCase()} {d}, {n}`,
  does(ops, { size }, { d, n }) {
    const wide = bitsOf(size + 1), none = ops.imm(0n);
    setScalar(ops, bitsOf(size), d, LANE_OPS[lane](ops, wide, getScalar(ops, wide, n), none, none));
  },
});

const shiftLeftLong = instruction({
  ...SIMD,
  name: 'SHLL, SHLL2',
  doc: 'Shifts elements left by their size, into twice that size.',
  bits: '0 Q:1 1 01110 size:2 10000 10011 10 Rn:5 Rd:5',
  form: ['Q', 'size'],
  operands: f => (f.size === 3 ? null : { d: vector(f.Rd, 1, f.size + 1), n: vector(f.Rn, f.Q, f.size) }),
  asm: f => `shll${f.Q ? '2' : ''} {d}, {n}, #${8 << f.size}`,
  does(ops, { Q, size }, { d, n }) {
    const wide = bitsOf(size + 1), by = ops.splat(wide, ops.imm(BigInt(bitsOf(size))));
    ops.setVreg(d, ops.lanes('shl', wide, widen(ops, Q, size, false, ops.vreg(n)), by));
  },
});

export const SIMD_TWO_REGISTER_MISC: readonly Row[] = [
  ...SINGLE.map(singleRow), ...SINGLE.flatMap(r => (r.scalars?.length ? [scalarRow(r, r.scalars)] : [])),
  estimateRow('0', 'URECPE', 'urecpe', 'Estimates reciprocals of fractions.'),
  estimateRow('1', 'URSQRTE', 'ursqrte', 'Estimates reciprocal square roots of fractions.'),
  ...BITWISE.map(bitwiseRow), ...REVERSE.map(reverseRow), ...PAIRS.map(pairsRow), shiftLeftLong,
  ...NARROW.map(narrowRow), ...NARROW.flatMap(r => (r.lane ? [narrowScalarRow(r, r.lane)] : [])),
];
