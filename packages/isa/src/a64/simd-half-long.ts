/** FEAT_FHM: products of half precision added to single precision, rounded once (DDI 0487 C7.2 FMLAL, FMLSL). */
import { type Row, instruction } from '../instruction.ts';
import { type VReg, v } from '../operands.ts';
import type { Ops } from '../ops.ts';
import { widenHalf } from './fp-formats.ts';
import { fpLanes, fpNeg } from './fp-lanes.ts';
import { countOf, element, pick, range, vector } from './simd-arrangement.ts';
import { elementAt, type IndexFields, indexOf, place, shiftOf } from './simd-by-element.ts';

const FHM = { needs: ['FEAT_AdvSIMD', 'FEAT_FHM'], fp: true } as const;

interface Long { readonly name: string; readonly part: 0 | 1; readonly subtract: 0 | 1 }
const LONG: readonly Long[] = [
  { name: 'FMLAL', part: 0, subtract: 0 }, { name: 'FMLAL2', part: 1, subtract: 0 },
  { name: 'FMLSL', part: 0, subtract: 1 }, { name: 'FMLSL2', part: 1, subtract: 1 },
];
const docOf = (r: Long, by: string) =>
  `Multiplies the ${r.part ? 'upper' : 'lower'} halves${by} and ${r.subtract ? 'subtracts' : 'adds'}, rounding once, into single precision.`;

const source = (n: number, Q: number): VReg => v(n, `v${n}.${countOf(Q, 2)}h`);
/** The lower or upper halfwords of what Q names, each at the bottom of a word. */
const spread = <V>(ops: Ops<V>, Q: number, part: number, all: V): V =>
  pick(ops, 16, all, all, range(countOf(Q, 2)).flatMap(i => [part * countOf(Q, 2) + i, -1]));
/** FPMulAddH. */
const meet = <V>(ops: Ops<V>, r: Long, d: V, n: V, m: V): V =>
  ops.fp({ op: 'muladd', size: 32 }, d, widenHalf(ops, 32, r.subtract ? fpNeg(ops, 16, n) : n), m);

const vectorRow = (r: Long): Row => instruction({
  ...FHM,
  name: `${r.name} (vector)`,
  doc: docOf(r, ''),
  bits: `0 Q:1 ${r.part} 01110 ${r.subtract} 01 Rm:5 ${r.part ? '11001' : '11101'} 1 Rn:5 Rd:5`,
  form: ['Q'],
  operands: f => ({ d: vector(f.Rd, f.Q, 2), n: source(f.Rn, f.Q), m: source(f.Rm, f.Q) }),
  asm: () => `${r.name.toLowerCase()} {d}, {n}, {m}`,
  does(ops, { Q }, { d, n, m }) {
    const a = spread(ops, Q, r.part, ops.vreg(n)), b = spread(ops, Q, r.part, ops.vreg(m));
    ops.setVreg(d, fpLanes(ops, 32, countOf(Q, 2), (old, x, y) => meet(ops, r, old!, x!, widenHalf(ops, 32, y!)), ops.vreg(d), a, b));
  },
});

const halfword = (f: Omit<IndexFields, 'size'>): IndexFields => ({ ...f, size: 1 });
const elementRow = (r: Long): Row => instruction({
  ...FHM,
  name: `${r.name} (by element)`,
  doc: docOf(r, ' by an element'),
  bits: `0 Q:1 ${r.part} 01111 10 L:1 M:1 Rm:4 ${r.part}${r.subtract}00 H:1 0 Rn:5 Rd:5`,
  form: ['Q'],
  derived: f => place(halfword(f)),
  operands: f => ({
    d: vector(f.Rd, f.Q, 2), n: source(f.Rn, f.Q), m: element(f.Rm, 1, indexOf(halfword(f))), shift: shiftOf(halfword(f)),
  }),
  asm: () => `${r.name.toLowerCase()} {d}, {n}, {m}`,
  does(ops, { Q, half }, { d, n, m, shift }) {
    const a = spread(ops, Q, r.part, ops.vreg(n)), by = widenHalf(ops, 32, elementAt(ops, 16, m, half, shift));
    ops.setVreg(d, fpLanes(ops, 32, countOf(Q, 2), (old, x) => meet(ops, r, old!, x!, by), ops.vreg(d), a));
  },
});

export const SIMD_HALF_LONG: readonly Row[] = [...LONG.map(vectorRow), ...LONG.map(elementRow)];
