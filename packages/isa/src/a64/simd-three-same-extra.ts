/** Advanced SIMD three same extra, vector and scalar (DDI 0487 C4.1.96), and those of its instructions that go by element. */
import { type Row, instruction } from '../instruction.ts';
import { LANE_OPS } from '../lanes.ts';
import { v } from '../operands.ts';
import { elementAt, indexOf, place, shiftOf } from './simd-by-element.ts';
import { bitsOf, getScalar, getVector, SIMD, scalar, setScalar, setVector, vector } from './simd-arrangement.ts';

interface Doubling {
  readonly name: string;
  readonly does: string;
  readonly opcode: string;
  readonly lane: 'sqrdmlah' | 'sqrdmlsh';
}
const DOUBLING: readonly Doubling[] = [
  { name: 'SQRDMLAH', opcode: '0000', lane: 'sqrdmlah', does: 'Adds doubled products, keeping the rounded high half, with saturation' },
  { name: 'SQRDMLSH', opcode: '0001', lane: 'sqrdmlsh', does: 'Subtracts doubled products, keeping the rounded high half, with saturation' },
];
const halvesOrWords = (f: { readonly size: number }) => f.size === 1 || f.size === 2;

const doublingRow = (r: Doubling): Row => instruction({
  ...SIMD, needs: 'FEAT_RDM',
  name: `${r.name} (vector)`,
  doc: `${r.does}.`,
  bits: `0 Q:1 1 01110 size:2 0 Rm:5 1 ${r.opcode} 1 Rn:5 Rd:5`,
  form: ['Q', 'size'],
  operands: f => (halvesOrWords(f) ? { d: vector(f.Rd, f.Q, f.size), n: vector(f.Rn, f.Q, f.size), m: vector(f.Rm, f.Q, f.size) } : null),
  asm: () => `${r.name.toLowerCase()} {d}, {n}, {m}`,
  does(ops, { Q, size }, { d, n, m }) {
    setVector(ops, d, Q, ops.lanes(r.lane, bitsOf(size), getVector(ops, d, Q), getVector(ops, n, Q), getVector(ops, m, Q)));
  },
});

const doublingScalarRow = (r: Doubling): Row => instruction({
  ...SIMD, needs: 'FEAT_RDM',
  name: `${r.name} (scalar)`,
  doc: `${r.does}, for one element.`,
  bits: `01 1 11110 size:2 0 Rm:5 1 ${r.opcode} 1 Rn:5 Rd:5`,
  form: ['size'],
  operands: f => (halvesOrWords(f) ? { d: scalar(f.Rd, f.size), n: scalar(f.Rn, f.size), m: scalar(f.Rm, f.size) } : null),
  asm: () => `${r.name.toLowerCase()} {d}, {n}, {m}`,
  does(ops, { size }, { d, n, m }) {
    const bits = bitsOf(size), [a, b, c] = [d, n, m].map(register => getScalar(ops, bits, register));
    setScalar(ops, bits, d, LANE_OPS[r.lane](ops, bits, a!, b!, c!));
  },
});

const dotText = (U: number) => `${U ? 'u' : 's'}dot {d}, {n}, {m}`;

const dotRow = instruction({
  ...SIMD, needs: 'FEAT_DotProd',
  name: 'SDOT, UDOT (vector)',
  doc: 'Adds the products of four signed or unsigned bytes to each word.',
  bits: '0 Q:1 U:1 01110 10 0 Rm:5 1 0010 1 Rn:5 Rd:5',
  form: ['Q', 'U'],
  operands: f => ({ d: vector(f.Rd, f.Q, 2), n: vector(f.Rn, f.Q, 0), m: vector(f.Rm, f.Q, 0) }),
  asm: f => dotText(f.U),
  does(ops, { Q, U }, { d, n, m }) { setVector(ops, d, Q, ops.lanes(U ? 'udot' : 'sdot', 32, ops.vreg(d), ops.vreg(n), ops.vreg(m))); },
});

const words = <F extends object>(f: F) => ({ ...f, size: 2 });
const dotByElement = instruction({
  ...SIMD, needs: 'FEAT_DotProd',
  name: 'SDOT, UDOT (by element)',
  doc: 'Adds the products of four signed or unsigned bytes with those of one word to each word.',
  bits: '0 Q:1 U:1 01111 10 L:1 M:1 Rm:4 1110 H:1 0 Rn:5 Rd:5',
  form: ['Q', 'U'],
  derived: f => place(words(f)),
  operands: f => {
    const m = (f.M << 4) | f.Rm;
    return { d: vector(f.Rd, f.Q, 2), n: vector(f.Rn, f.Q, 0), m: v(m, `v${m}.4b[${indexOf(words(f))}]`), shift: shiftOf(words(f)) };
  },
  asm: f => dotText(f.U),
  does(ops, { Q, U, half }, { d, n, m, shift }) {
    const by = ops.splat(32, elementAt(ops, 32, m, half, shift));
    setVector(ops, d, Q, ops.lanes(U ? 'udot' : 'sdot', 32, ops.vreg(d), ops.vreg(n), by));
  },
});

export const SIMD_THREE_SAME_EXTRA: readonly Row[] = [...DOUBLING.map(doublingRow), ...DOUBLING.map(doublingScalarRow), dotRow, dotByElement];
