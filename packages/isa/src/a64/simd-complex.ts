/** FEAT_FCMA: complex numbers, each a pair of elements with the real part first (DDI 0487 C7.2 FCADD, FCMLA). */
import type { FpSize } from '../floating-point.ts';
import { type Row, instruction } from '../instruction.ts';
import { v } from '../operands.ts';
import type { LaneBits, Ops } from '../ops.ts';
import { fpBits, fpNeg } from './fp-lanes.ts';
import { half } from './half-precision.ts';
import { bitsOf, countOf, range, vector } from './simd-arrangement.ts';
import { elementAt, indexOf, place, shiftOf } from './simd-by-element.ts';

const FCMA = { needs: ['FEAT_AdvSIMD', 'FEAT_FCMA'], fp: true } as const;

interface Complex<V> { readonly real: V; readonly imaginary: V }
const at = <V>(ops: Ops<V>, size: FpSize, all: V, pair: number): Complex<V> =>
  ({ real: ops.lane(size, all, 2 * pair), imaginary: ops.lane(size, all, 2 * pair + 1) });

/** A vector of so many pairs, each computed by its number. */
const pairs = <V>(ops: Ops<V>, size: FpSize, count: number, each: (pair: number) => Complex<V>): V =>
  range(count).reduce((all, i) => {
    const { real, imaginary } = each(i);
    return ops.withLane(size, ops.withLane(size, all, 2 * i, real), 2 * i + 1, imaginary);
  }, ops.vimm(0n));

/** n plus m turned by 90 or 270 degrees. */
function addTurned<V>(ops: Ops<V>, size: FpSize, by270: boolean, n: Complex<V>, m: Complex<V>): Complex<V> {
  const add = (a: V, b: V, negated: boolean) => ops.fp({ op: 'add', size }, a, negated ? fpNeg(ops, size, b) : b);
  return { real: add(n.real, m.imaginary, !by270), imaginary: add(n.imaginary, m.real, by270) };
}

/** d plus one part of n times m turned by a multiple of 90 degrees: the real part for 0 and 180, the imaginary part for 90 and 270. */
function multiplyTurned<V>(ops: Ops<V>, size: FpSize, rot: number, d: Complex<V>, n: Complex<V>, m: Complex<V>): Complex<V> {
  const by = rot & 1 ? n.imaginary : n.real, [first, second] = rot & 1 ? [m.imaginary, m.real] : [m.real, m.imaginary];
  const negated = (part: V, is: boolean) => (is ? fpNeg(ops, size, part) : part);
  return {
    real: ops.fp({ op: 'muladd', size }, d.real, by, negated(first, rot === 1 || rot === 2)),
    imaginary: ops.fp({ op: 'muladd', size }, d.imaginary, by, negated(second, rot >= 2)),
  };
}

type Shape = { readonly Q: number; readonly sz: number };
const operands = (f: Shape & { readonly Rd: number; readonly Rn: number; readonly Rm: number }) => (f.sz === 1 && !f.Q ? null
  : { d: vector(f.Rd, f.Q, 2 + f.sz), n: vector(f.Rn, f.Q, 2 + f.sz), m: vector(f.Rm, f.Q, 2 + f.sz) });
const countOfPairs = (Q: number, sz: number) => countOf(Q, 2 + sz) / 2;

const add = instruction({
  ...FCMA,
  name: 'FCADD',
  doc: 'Adds complex numbers, the second turned by 90 or 270 degrees.',
  bits: '0 Q:1 1 01110 1 sz:1 0 Rm:5 1 11 rot:1 0 1 Rn:5 Rd:5',
  form: ['Q', 'sz', 'rot'],
  operands,
  asm: f => `fcadd {d}, {n}, {m}, #${f.rot ? 270 : 90}`,
  does(ops, { Q, sz, rot }, { d, n, m }) {
    const size = fpBits(sz), a = ops.vreg(n), b = ops.vreg(m);
    ops.setVreg(d, pairs(ops, size, countOfPairs(Q, sz), i => addTurned(ops, size, rot === 1, at(ops, size, a, i), at(ops, size, b, i))));
  },
});

const multiplyAdd = instruction({
  ...FCMA,
  name: 'FCMLA (vector)',
  doc: 'Multiplies complex numbers by half and adds, the second turned by a multiple of 90 degrees.',
  bits: '0 Q:1 1 01110 1 sz:1 0 Rm:5 1 10 rot:2 1 Rn:5 Rd:5',
  form: ['Q', 'sz', 'rot'],
  operands,
  asm: f => `fcmla {d}, {n}, {m}, #${90 * f.rot}`,
  does(ops, { Q, sz, rot }, { d, n, m }) {
    const size = fpBits(sz), old = ops.vreg(d), a = ops.vreg(n), b = ops.vreg(m);
    ops.setVreg(d, pairs(ops, size, countOfPairs(Q, sz), i =>
      multiplyTurned(ops, size, rot, at(ops, size, old, i), at(ops, size, a, i), at(ops, size, b, i))));
  },
});

/** A pair of halves is found as a word, a pair of singles as a doubleword. */
const pairOf = <F extends { readonly sz: number }>(f: F) => ({ ...f, size: 3 + f.sz });
const multiplyAddByElement = instruction({
  ...FCMA,
  name: 'FCMLA (by element)',
  doc: 'Multiplies complex numbers by half with one and adds, the one turned by a multiple of 90 degrees.',
  bits: '0 Q:1 1 01111 1 sz:1 L:1 M:1 Rm:4 0 rot:2 1 H:1 0 Rn:5 Rd:5',
  form: ['Q', 'sz', 'rot'],
  derived: f => place(pairOf(f)),
  operands(f) {
    const isAllocated = f.sz === 0 ? f.L === 0 && f.Q === 1 : f.sz < 0 && (f.H === 0 || f.Q === 1), m = (f.M << 4) | f.Rm;
    return !isAllocated ? null : {
      d: vector(f.Rd, f.Q, 2 + f.sz), n: vector(f.Rn, f.Q, 2 + f.sz),
      m: v(m, `v${m}.${f.sz ? 'h' : 's'}[${indexOf(pairOf(f))}]`), shift: shiftOf(pairOf(f)),
    };
  },
  asm: f => `fcmla {d}, {n}, {m}, #${90 * f.rot}`,
  does(ops, { Q, sz, rot, half }, { d, n, m, shift }) {
    const size = fpBits(sz), old = ops.vreg(d), a = ops.vreg(n), bits: LaneBits = bitsOf(3 + sz);
    const by = at(ops, size, ops.scalar(bits, elementAt(ops, bits, m, half, shift)), 0);
    ops.setVreg(d, pairs(ops, size, countOfPairs(Q, sz), i =>
      multiplyTurned(ops, size, rot, at(ops, size, old, i), at(ops, size, a, i), by)));
  },
});

const ROWS = [add, multiplyAdd, multiplyAddByElement];
export const SIMD_COMPLEX: readonly Row[] = [...ROWS, ...ROWS.map(row => half(row, ['1 sz:1', '01']))];
