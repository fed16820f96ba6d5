/** Advanced SIMD three different, vector and scalar (DDI 0487 C4.1.96): operands or results of twice the element size. */
import { type Row, instruction } from '../instruction.ts';
import { LANE_OPS, type LaneOpName } from '../lanes.ts';
import type { Ops } from '../ops.ts';
import { bitsOf, getScalar, SIMD, scalar, setNarrow, setScalar, vector, widen } from './simd-arrangement.ts';

/** How products and distances meet the destination, by the lane operation that adds them. */
type Into = 'add' | 'sub' | 'sqadd' | 'sqsub';
export interface Long { readonly lane: LaneOpName; readonly isSigned: boolean; readonly into?: Into }

/** Elements already widened meet, and their answer lands in d or is added to it. */
export function meetLong<V>(ops: Ops<V>, r: Long, size: number, d: () => V, n: V, m: V): V {
  const bits = bitsOf(size + 1), value = ops.lanes(r.lane, bits, n, m);
  return r.into === undefined ? value : ops.lanes(r.into, bits, d(), value);
}

/** The same for one element. */
export function meetLongScalar<V>(ops: Ops<V>, r: Long, size: number, d: () => V, n: V, m: V): V {
  const bits = bitsOf(size + 1), none = ops.imm(0n);
  const value = LANE_OPS[r.lane](ops, bits, ops.sext(bitsOf(size), n), ops.sext(bitsOf(size), m), none);
  return r.into === undefined ? value : LANE_OPS[r.into](ops, bits, d(), ops.zext(bits, value), none);
}

interface Different extends Long {
  readonly name: string;
  readonly does: string;
  readonly U: '0' | '1';
  readonly opcode: string;
  readonly sizes: readonly number[];
  readonly scalars?: boolean;
  /** n is already wide. */
  readonly wide?: boolean;
}

const BHS = [0, 1, 2], HS = [1, 2], B = [0];
const both = (opcode: string, name: string, does: (kind: string) => string, lanes: readonly [LaneOpName, LaneOpName],
  more: { readonly into?: Into; readonly wide?: boolean } = {}): Different[] => [
  { U: '0', opcode, name: `S${name}`, does: does('signed'), lane: lanes[0], isSigned: true, sizes: BHS, ...more },
  { U: '1', opcode, name: `U${name}`, does: does('unsigned'), lane: lanes[1], isSigned: false, sizes: BHS, ...more },
];
const doubling = (opcode: string, name: string, does: string, into?: Into): Different =>
  ({ U: '0', opcode, name, does, lane: 'sqdmull', isSigned: true, sizes: HS, scalars: true, ...(into ? { into } : {}) });

const LONG: readonly Different[] = [
  ...both('0000', 'ADDL', s => `Adds ${s} elements into twice their size`, ['add', 'add']),
  ...both('0001', 'ADDW', s => `Adds ${s} elements to elements of twice their size`, ['add', 'add'], { wide: true }),
  ...both('0010', 'SUBL', s => `Subtracts ${s} elements into twice their size`, ['sub', 'sub']),
  ...both('0011', 'SUBW', s => `Subtracts ${s} elements from elements of twice their size`, ['sub', 'sub'], { wide: true }),
  ...both('0101', 'ABAL', s => `Adds distances of ${s} elements to elements of twice their size`, ['sabd', 'uabd'], { into: 'add' }),
  ...both('0111', 'ABDL', s => `Takes distances of ${s} elements into twice their size`, ['sabd', 'uabd']),
  ...both('1000', 'MLAL', s => `Multiplies ${s} elements and adds to elements of twice their size`, ['mul', 'mul'], { into: 'add' }),
  ...both('1010', 'MLSL', s => `Multiplies ${s} elements and subtracts from elements of twice their size`, ['mul', 'mul'], { into: 'sub' }),
  ...both('1100', 'MULL', s => `Multiplies ${s} elements into twice their size`, ['mul', 'mul']),
  doubling('1001', 'SQDMLAL', 'Adds doubled products to elements of twice the size with saturation', 'sqadd'),
  doubling('1011', 'SQDMLSL', 'Subtracts doubled products from elements of twice the size with saturation', 'sqsub'),
  doubling('1101', 'SQDMULL', 'Doubles products into twice the size with saturation'),
  { U: '0', opcode: '1110', name: 'PMULL', does: 'Multiplies elements as polynomials over {0, 1} into twice their size', lane: 'pmul',
    isSigned: false, sizes: B },
];

const longRow = (r: Different): Row => instruction({
  ...SIMD,
  name: `${r.name}, ${r.name}2`,
  doc: `${r.does}, from the lower or upper half.`,
  bits: `0 Q:1 ${r.U} 01110 size:2 1 Rm:5 ${r.opcode} 00 Rn:5 Rd:5`,
  form: ['Q', 'size'],
  operands: f => (!r.sizes.includes(f.size) ? null : {
    d: vector(f.Rd, 1, f.size + 1),
    n: r.wide ? vector(f.Rn, 1, f.size + 1) : vector(f.Rn, f.Q, f.size),
    m: vector(f.Rm, f.Q, f.size),
  }),
  asm: f => `${r.name.toLowerCase()}${f.Q ? '2' : ''} {d}, {n}, {m}`,
  does(ops, { Q, size }, { d, n, m }) {
    const a = ops.vreg(n), b = widen(ops, Q, size, r.isSigned, ops.vreg(m));
    ops.setVreg(d, meetLong(ops, r, size, () => ops.vreg(d), r.wide ? a : widen(ops, Q, size, r.isSigned, a), b));
  },
});

const scalarRow = (r: Different): Row => instruction({
  ...SIMD,
  name: `${r.name} (scalar)`,
  doc: `${r.does}, for one element.`,
  bits: `01 ${r.U} 11110 size:2 1 Rm:5 ${r.opcode} 00 Rn:5 Rd:5`,
  form: ['size'],
  operands: f => (!r.sizes.includes(f.size) ? null : { d: scalar(f.Rd, f.size + 1), n: scalar(f.Rn, f.size), m: scalar(f.Rm, f.size) }),
  asm: () => `${r.name.toLowerCase()} {d}, {n}, {m}`,
  does(ops, { size }, { d, n, m }) {
    const bits = bitsOf(size), wide = bitsOf(size + 1);
    const value = meetLongScalar(ops, r, size, () => getScalar(ops, wide, d), getScalar(ops, bits, n), getScalar(ops, bits, m));
    setScalar(ops, wide, d, value);
  },
});

interface Narrow {
  readonly name: string;
  readonly does: string;
  readonly U: '0' | '1';
  readonly opcode: string;
  readonly lane: 'add' | 'sub';
  readonly rounding: boolean;
}
const NARROW: readonly Narrow[] = [
  { U: '0', opcode: '0100', name: 'ADDHN', does: 'Keeps the high halves of sums', lane: 'add', rounding: false },
  { U: '1', opcode: '0100', name: 'RADDHN', does: 'Keeps the rounded high halves of sums', lane: 'add', rounding: true },
  { U: '0', opcode: '0110', name: 'SUBHN', does: 'Keeps the high halves of differences', lane: 'sub', rounding: false },
  { U: '1', opcode: '0110', name: 'RSUBHN', does: 'Keeps the rounded high halves of differences', lane: 'sub', rounding: true },
];

const narrowRow = (r: Narrow): Row => instruction({
  ...SIMD,
  name: `${r.name}, ${r.name}2`,
  doc: `${r.does}, in the lower or upper half.`,
  bits: `0 Q:1 ${r.U} 01110 size:2 1 Rm:5 ${r.opcode} 00 Rn:5 Rd:5`,
  form: ['Q', 'size'],
  operands: f => (f.size === 3 ? null : { d: vector(f.Rd, f.Q, f.size), n: vector(f.Rn, 1, f.size + 1), m: vector(f.Rm, 1, f.size + 1) }),
  asm: f => `${r.name.toLowerCase()}${f.Q ? '2' : ''} {d}, {n}, {m}`,
  does(ops, { Q, size }, { d, n, m }) {
    const bits = bitsOf(size + 1), exact = ops.lanes(r.lane, bits, ops.vreg(n), ops.vreg(m));
    const half = ops.splat(bits, ops.imm(1n << BigInt(bitsOf(size) - 1)));
    setNarrow(ops, d, Q, size, 1, r.rounding ? ops.lanes('add', bits, exact, half) : exact);
  },
});

export const SIMD_THREE_DIFFERENT: readonly Row[] = [...LONG.map(longRow), ...LONG.filter(r => r.scalars).map(scalarRow),
  ...NARROW.map(narrowRow)];
