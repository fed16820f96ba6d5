/** Advanced SIMD permute, extract and table lookup (DDI 0487 C4.1.96): ZIP, UZP, TRN, EXT, TBL, TBX. */
import { type Row, instruction } from '../instruction.ts';
import { type VReg, v } from '../operands.ts';
import { bitsOf, countOf, pick, range, SIMD, setVector, unzip, vector } from './simd-arrangement.ts';

type Choice = (count: number, whole: number, part: number) => readonly number[];
/** Elements of n are numbered from 0, those of m from `whole`. */
const ZIP: Choice = (count, whole, part) => range(count).map(i => (i & 1 ? whole : 0) + (part * count) / 2 + (i >> 1));
const TRN: Choice = (count, whole, part) => range(count).map(i => (i & 1 ? whole : 0) + (i & ~1) + part);

interface Permute { readonly name: string; readonly doc: string; readonly opcode: string; readonly choice?: Choice }
const PERMUTE: readonly Permute[] = [
  { name: 'UZP', opcode: '01', doc: 'Takes every second element of n, then of m.' },
  { name: 'TRN', opcode: '10', doc: 'Takes every second element of n and of m in turn.', choice: TRN },
  { name: 'ZIP', opcode: '11', doc: 'Takes elements of a half of n and of m in turn.', choice: ZIP },
];

const permuteRow = (r: Permute): Row => instruction({
  ...SIMD,
  name: `${r.name}1, ${r.name}2`,
  doc: r.doc,
  bits: `0 Q:1 0 01110 size:2 0 Rm:5 0 op:1 ${r.opcode} 10 Rn:5 Rd:5`,
  form: ['Q', 'size', 'op'],
  operands: f => (f.size === 3 && !f.Q ? null
    : { d: vector(f.Rd, f.Q, f.size), n: vector(f.Rn, f.Q, f.size), m: vector(f.Rm, f.Q, f.size) }),
  asm: f => `${r.name.toLowerCase()}${f.op + 1} {d}, {n}, {m}`,
  does(ops, { Q, size, op }, { d, n, m }) {
    const a = ops.vreg(n), b = ops.vreg(m);
    ops.setVreg(d, r.choice ? pick(ops, bitsOf(size), a, b, r.choice(countOf(Q, size), countOf(1, size), op))
      : unzip(ops, Q, size, op, a, b));
  },
});

const extract = instruction({
  ...SIMD,
  name: 'EXT',
  doc: 'Takes bytes from the middle of n and m joined.',
  bits: '0 Q:1 10 1110 00 0 Rm:5 0 imm4:4 0 Rn:5 Rd:5',
  form: ['Q', 'imm4'],
  operands: f => (f.imm4 > 7 && !f.Q ? null : { d: vector(f.Rd, f.Q, 0), n: vector(f.Rn, f.Q, 0), m: vector(f.Rm, f.Q, 0) }),
  asm: f => `ext {d}, {n}, {m}, #${f.imm4}`,
  does(ops, { Q, imm4 }, { d, n, m }) {
    const count = countOf(Q, 0), bytes = range(count).map(i => (i + imm4 < count ? i + imm4 : i + imm4 - count + 16));
    ops.setVreg(d, pick(ops, 8, ops.vreg(n), ops.vreg(m), bytes));
  },
});

const NAMES = ['n1', 'n2', 'n3', 'n4'] as const;
const names = (count: number) => NAMES.slice(0, count);
/** Consecutive registers, the first after the last; assembly writes them as one list. Only the first `count` names are there. */
const tables = (first: number, count: number) =>
  Object.fromEntries(names(count).map((n, i) =>
    [n, v((first + i) & 31, `v${(first + i) & 31}.16b`)])) as Record<(typeof NAMES)[number], VReg>;

const tableRow = (count: number): Row => instruction({
  ...SIMD,
  name: `TBL, TBX (${count} register${count > 1 ? 's' : ''})`,
  doc: 'Picks bytes from a table by index; where the index is outside, TBL leaves zero and TBX what was there.',
  bits: `0 Q:1 00 1110 00 0 Rm:5 0 ${['00', '01', '10', '11'][count - 1] as '00'} op:1 00 Rn:5 Rd:5`,
  form: ['Q', 'op'],
  operands: f => ({ d: vector(f.Rd, f.Q, 0), m: vector(f.Rm, f.Q, 0), ...tables(f.Rn, count) }),
  asm: f => `${f.op ? 'tbx' : 'tbl'} {d}, { ${names(count).map(n => `{${n}}`).join(', ')} }, {m}`,
  does(ops, { Q, op }, o) {
    const { d, m } = o, all = names(count).map(n => ops.vreg(o[n])), indices = ops.vreg(m);
    setVector(ops, d, Q, op ? ops.tableLookup(all, indices, ops.vreg(d)) : ops.tableLookup(all, indices));
  },
});

export const SIMD_PERMUTE: readonly Row[] = [...PERMUTE.map(permuteRow), extract, ...[1, 2, 3, 4].map(tableRow)];
