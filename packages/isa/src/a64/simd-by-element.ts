/** Advanced SIMD vector and scalar by indexed element (DDI 0487 C4.1.96): every element of n meets one element of m. */
import type { Feature } from '../features.ts';
import { type Row, instruction } from '../instruction.ts';
import { LANE_OPS, type LaneOpName } from '../lanes.ts';
import { imm8, type VReg } from '../operands.ts';
import type { LaneBits, Ops } from '../ops.ts';
import { type FpEach, fpBits, fpLanes, multiplyAdd, plain } from './fp-lanes.ts';
import { half } from './half-precision.ts';
import { bitsOf, countOf, element, getScalar, getVector, SIMD, scalar, setScalar, setVector, vector, widen } from './simd-arrangement.ts';
import { type Long, meetLong, meetLongScalar } from './simd-three-different.ts';

export interface IndexFields { readonly size: number; readonly L: number; readonly M: number; readonly Rm: number; readonly H: number }
/** H, L and M are the index as far as the size needs them; what is left names the register. */
export const indexOf = (f: IndexFields) => (f.size === 1 ? (f.H << 2) | (f.L << 1) | f.M : f.size === 2 ? (f.H << 1) | f.L : f.H);
export const elementOf = (f: IndexFields) => element(f.size === 1 ? f.Rm : (f.M << 4) | f.Rm, f.size, indexOf(f));
/** Which half of the register holds the element is a choice of code; where in it, an operand. */
export const shiftOf = (f: IndexFields) => imm8((indexOf(f) << (3 + f.size)) & 63);
export const place = (f: IndexFields) => ({ half: (indexOf(f) << f.size) >> 3 });

export const elementAt = <V>(ops: Ops<V>, bits: LaneBits, m: VReg, half: number, shift: V): V => {
  const whole = ops.lane(64, ops.vreg(m), half);
  return bits === 64 ? whole : ops.zext(bits, ops.lsr(whole, shift));
};

interface ByElement {
  readonly name: string;
  readonly does: string;
  readonly U: '0' | '1';
  readonly opcode: string;
  readonly scalars?: boolean;
}
interface Plain extends ByElement {
  readonly lane: LaneOpName;
  readonly into?: 'add' | 'sub';
  /** The lane operation begins with d. */
  readonly accumulates?: boolean;
  readonly needs?: Feature;
}
const PLAIN: readonly Plain[] = [
  { U: '1', opcode: '0000', name: 'MLA', does: 'Multiplies by an element and adds', lane: 'mul', into: 'add' },
  { U: '1', opcode: '0100', name: 'MLS', does: 'Multiplies by an element and subtracts', lane: 'mul', into: 'sub' },
  { U: '0', opcode: '1000', name: 'MUL', does: 'Multiplies by an element', lane: 'mul' },
  { U: '0', opcode: '1100', name: 'SQDMULH', does: 'Keeps the high half of doubled products with an element, with saturation',
    lane: 'sqdmulh', scalars: true },
  { U: '0', opcode: '1101', name: 'SQRDMULH', does: 'Keeps the rounded high half of doubled products with an element, with saturation',
    lane: 'sqrdmulh', scalars: true },
  { U: '1', opcode: '1101', name: 'SQRDMLAH', does: 'Adds doubled products with an element, keeping the rounded high half, with saturation',
    lane: 'sqrdmlah', scalars: true, accumulates: true, needs: 'FEAT_RDM' },
  { U: '1', opcode: '1111', name: 'SQRDMLSH', 
    does: 'Subtracts doubled products with an element, keeping the rounded high half, with saturation',
    lane: 'sqrdmlsh', scalars: true, accumulates: true, needs: 'FEAT_RDM' },
];
const needs = (r: { readonly needs?: Feature }) => (r.needs ? { needs: r.needs } : {});

const integers = (f: { readonly size: number }) => f.size === 1 || f.size === 2;

const plainRow = (r: Plain): Row => instruction({
  ...SIMD, ...needs(r),
  name: `${r.name} (by element)`,
  doc: `${r.does}.`,
  bits: `0 Q:1 ${r.U} 01111 size:2 L:1 M:1 Rm:4 ${r.opcode} H:1 0 Rn:5 Rd:5`,
  form: ['Q', 'size'],
  derived: place,
  operands: f => (integers(f) ? { d: vector(f.Rd, f.Q, f.size), n: vector(f.Rn, f.Q, f.size), m: elementOf(f), shift: shiftOf(f) } : null),
  asm: () => `${r.name.toLowerCase()} {d}, {n}, {m}`,
  does(ops, { Q, size, half }, { d, n, m, shift }) {
    const bits = bitsOf(size), by = ops.splat(bits, elementAt(ops, bits, m, half, shift));
    const value = ops.lanes(r.lane, bits, ...(r.accumulates ? [getVector(ops, d, Q)] : []), getVector(ops, n, Q), by);
    setVector(ops, d, Q, r.into ? ops.lanes(r.into, bits, ops.vreg(d), value) : value);
  },
});

const plainScalarRow = (r: Plain): Row => instruction({
  ...SIMD, ...needs(r),
  name: `${r.name} (scalar, by element)`,
  doc: `${r.does}, for one element.`,
  bits: `01 ${r.U} 11111 size:2 L:1 M:1 Rm:4 ${r.opcode} H:1 0 Rn:5 Rd:5`,
  form: ['size'],
  derived: place,
  operands: f => (integers(f) ? { d: scalar(f.Rd, f.size), n: scalar(f.Rn, f.size), m: elementOf(f), shift: shiftOf(f) } : null),
  asm: () => `${r.name.toLowerCase()} {d}, {n}, {m}`,
  does(ops, { size, half }, { d, n, m, shift }) {
    const bits = bitsOf(size), by = elementAt(ops, bits, m, half, shift);
    const a = getScalar(ops, bits, n), lane = LANE_OPS[r.lane];
    setScalar(ops, bits, d, r.accumulates ? lane(ops, bits, getScalar(ops, bits, d), a, by) : lane(ops, bits, a, by, ops.imm(0n)));
  },
});

const LONG: readonly (ByElement & Long)[] = [
  { U: '0', opcode: '0010', name: 'SMLAL', does: 'Multiplies signed elements by one and adds to elements of twice their size',
    lane: 'mul', isSigned: true, into: 'add' },
  { U: '1', opcode: '0010', name: 'UMLAL', does: 'Multiplies unsigned elements by one and adds to elements of twice their size',
    lane: 'mul', isSigned: false, into: 'add' },
  { U: '0', opcode: '0110', name: 'SMLSL', does: 'Multiplies signed elements by one and subtracts from elements of twice their size',
    lane: 'mul', isSigned: true, into: 'sub' },
  { U: '1', opcode: '0110', name: 'UMLSL', does: 'Multiplies unsigned elements by one and subtracts from elements of twice their size',
    lane: 'mul', isSigned: false, into: 'sub' },
  { U: '0', opcode: '1010', name: 'SMULL', does: 'Multiplies signed elements by one into twice their size', lane: 'mul', isSigned: true },
  { U: '1', opcode: '1010', name: 'UMULL', does: 'Multiplies unsigned elements by one into twice their size', lane: 'mul',
    isSigned: false },
  { U: '0', opcode: '0011', name: 'SQDMLAL', does: 'Adds doubled products with an element, with saturation', lane: 'sqdmull',
    isSigned: true, into: 'sqadd', scalars: true },
  { U: '0', opcode: '0111', name: 'SQDMLSL', does: 'Subtracts doubled products with an element, with saturation', lane: 'sqdmull',
    isSigned: true, into: 'sqsub', scalars: true },
  { U: '0', opcode: '1011', name: 'SQDMULL', does: 'Doubles products with an element, with saturation', lane: 'sqdmull', isSigned: true,
    scalars: true },
];

const longRow = (r: ByElement & Long): Row => instruction({
  ...SIMD,
  name: `${r.name}, ${r.name}2 (by element)`,
  doc: `${r.does}, from the lower or upper half.`,
  bits: `0 Q:1 ${r.U} 01111 size:2 L:1 M:1 Rm:4 ${r.opcode} H:1 0 Rn:5 Rd:5`,
  form: ['Q', 'size'],
  derived: place,
  operands: f => (integers(f) ? { d: vector(f.Rd, 1, f.size + 1), n: vector(f.Rn, f.Q, f.size), m: elementOf(f), shift: shiftOf(f) }
    : null),
  asm: f => `${r.name.toLowerCase()}${f.Q ? '2' : ''} {d}, {n}, {m}`,
  does(ops, { Q, size, half }, { d, n, m, shift }) {
    const one = elementAt(ops, bitsOf(size), m, half, shift);
    const by = ops.splat(bitsOf(size + 1), r.isSigned ? ops.sext(bitsOf(size), one) : one);
    ops.setVreg(d, meetLong(ops, r, size, () => ops.vreg(d), widen(ops, Q, size, r.isSigned, ops.vreg(n)), by));
  },
});

const longScalarRow = (r: ByElement & Long): Row => instruction({
  ...SIMD,
  name: `${r.name} (scalar, by element)`,
  doc: `${r.does}, for one element.`,
  bits: `01 ${r.U} 11111 size:2 L:1 M:1 Rm:4 ${r.opcode} H:1 0 Rn:5 Rd:5`,
  form: ['size'],
  derived: place,
  operands: f => (integers(f) ? { d: scalar(f.Rd, f.size + 1), n: scalar(f.Rn, f.size), m: elementOf(f), shift: shiftOf(f) } : null),
  asm: () => `${r.name.toLowerCase()} {d}, {n}, {m}`,
  does(ops, { size, half }, { d, n, m, shift }) {
    const bits = bitsOf(size), wide = bitsOf(size + 1), by = elementAt(ops, bits, m, half, shift);
    setScalar(ops, wide, d, meetLongScalar(ops, r, size, () => getScalar(ops, wide, d), getScalar(ops, bits, n), by));
  },
});

const FLOATING: readonly (ByElement & { readonly each: FpEach })[] = [
  { U: '0', opcode: '0001', name: 'FMLA', does: 'Multiplies by an element and adds, rounding once', each: multiplyAdd(false) },
  { U: '0', opcode: '0101', name: 'FMLS', does: 'Multiplies by an element and subtracts, rounding once', each: multiplyAdd(true) },
  { U: '0', opcode: '1001', name: 'FMUL', does: 'Multiplies by an element', each: plain('mul') },
  { U: '1', opcode: '1001', name: 'FMULX', does: 'Multiplies by an element, where zero times infinity is two', each: plain('mulx') },
];

/** The same with `sz` for the size. */
const fpPlace = <F extends Omit<IndexFields, 'size'> & { readonly sz: number }>(f: F): IndexFields => ({ ...f, size: 2 + f.sz });

const fpRow = (r: ByElement & { readonly each: FpEach }): Row => instruction({
  ...SIMD,
  name: `${r.name} (by element)`,
  doc: `${r.does}.`,
  bits: `0 Q:1 ${r.U} 01111 1 sz:1 L:1 M:1 Rm:4 ${r.opcode} H:1 0 Rn:5 Rd:5`,
  form: ['Q', 'sz'],
  derived: f => place(fpPlace(f)),
  operands: f => (f.sz === 1 && (f.L || !f.Q) ? null
    : { d: vector(f.Rd, f.Q, 2 + f.sz), n: vector(f.Rn, f.Q, 2 + f.sz), m: elementOf(fpPlace(f)), shift: shiftOf(fpPlace(f)) }),
  asm: () => `${r.name.toLowerCase()} {d}, {n}, {m}`,
  does(ops, { Q, sz, half }, { d, n, m, shift }) {
    const bits = fpBits(sz), by = elementAt(ops, bits, m, half, shift);
    ops.setVreg(d, fpLanes(ops, bits, countOf(Q, 2 + sz), (a, old) => r.each(ops, bits, a!, by, old!), ops.vreg(n), ops.vreg(d)));
  },
});

const fpScalarRow = (r: ByElement & { readonly each: FpEach }): Row => instruction({
  ...SIMD,
  name: `${r.name} (scalar, by element)`,
  doc: `${r.does}, for one element.`,
  bits: `01 ${r.U} 11111 1 sz:1 L:1 M:1 Rm:4 ${r.opcode} H:1 0 Rn:5 Rd:5`,
  form: ['sz'],
  derived: f => place(fpPlace(f)),
  operands: f => (f.sz === 1 && f.L ? null
    : { d: scalar(f.Rd, 2 + f.sz), n: scalar(f.Rn, 2 + f.sz), m: elementOf(fpPlace(f)), shift: shiftOf(fpPlace(f)) }),
  asm: () => `${r.name.toLowerCase()} {d}, {n}, {m}`,
  does(ops, { sz, half }, { d, n, m, shift }) {
    const bits = fpBits(sz), by = elementAt(ops, bits, m, half, shift);
    setScalar(ops, bits, d, r.each(ops, bits, getScalar(ops, bits, n), by, getScalar(ops, bits, d)));
  },
});

const FP_ROWS = [...FLOATING.map(fpRow), ...FLOATING.map(fpScalarRow)];

export const SIMD_BY_ELEMENT: readonly Row[] = [
  ...PLAIN.map(plainRow), ...PLAIN.filter(r => r.scalars).map(plainScalarRow),
  ...LONG.map(longRow), ...LONG.filter(r => r.scalars).map(longScalarRow),
  ...FP_ROWS, ...FP_ROWS.map(row => half(row, ['1 sz:1', '00'])),
];
