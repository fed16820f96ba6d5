/** Cryptographic SHA-512 and SHA-3, two to four registers (DDI 0487 C4.1.96); the names within are FIPS 180-4's. */
import { choose, majority, sigma } from '../crypto.ts';
import { type Row, instruction } from '../instruction.ts';
import { imm8 } from '../operands.ts';
import type { Ops } from '../ops.ts';
import { scalar, vector } from './simd-arrangement.ts';

const SHA512 = { needs: 'FEAT_SHA512', fp: true } as const;
const SHA3 = { needs: 'FEAT_SHA3', fp: true } as const;

type Pair<V> = readonly [low: V, high: V];
const pair = <V>(ops: Ops<V>, a: V): Pair<V> => [ops.lane(64, a, 0), ops.lane(64, a, 1)];
const fromPair = <V>(ops: Ops<V>, [low, high]: Pair<V>): V => ops.withLane(64, ops.scalar(64, low), 1, high);
const sum = <V>(ops: Ops<V>, ...terms: readonly V[]): V => terms.reduce((a, b) => ops.add(a, b));

/** Two rounds as far as they need e, f and g: d holds what is added to each, with h; n f and g; m d and e. */
function firstPart<V>(ops: Ops<V>, d: V, n: V, m: V): V {
  const [k0, k1] = pair(ops, d), [f, g] = pair(ops, n), [D, e] = pair(ops, m);
  const round = (x: V, y: V, z: V, k: V) => sum(ops, choose(ops, x, y, z), sigma(ops, 64, x, [14, 18, 41]), k);
  const t1 = round(e, f, g, k1), next = ops.add(t1, D);
  return fromPair(ops, [round(next, e, f, k0), t1]);
}
/** What they need of a, b and c: d holds the first part, n c, m a and b. */
function secondPart<V>(ops: Ops<V>, d: V, n: V, m: V): V {
  const [t0, t1] = pair(ops, d), [c] = pair(ops, n), [a, b] = pair(ops, m);
  const round = (x: V, y: V, z: V, t: V) => sum(ops, majority(ops, x, y, z), sigma(ops, 64, x, [28, 34, 39]), t);
  const next = round(a, b, c, t1);
  return fromPair(ops, [round(next, a, b, t0), next]);
}

const hashRow = (name: string, opcode: '00' | '01', doc: string, part: typeof firstPart): Row => instruction({
  ...SHA512,
  name,
  doc,
  bits: `11001110 011 Rm:5 1 0 00 ${opcode} Rn:5 Rd:5`,
  form: [],
  operands: f => ({ d: scalar(f.Rd, 4), n: scalar(f.Rn, 4), m: vector(f.Rm, 1, 3) }),
  asm: () => `${name.toLowerCase()} {d}, {n}, {m}`,
  does(ops, _form, { d, n, m }) { ops.setVreg(d, part(ops, ops.vreg(d), ops.vreg(n), ops.vreg(m))); },
});

const scheduleFirst = instruction({
  ...SHA512,
  name: 'SHA512SU0',
  doc: 'The first part of two words of SHA-512\'s schedule.',
  bits: '11001110 110 00000 1000 00 Rn:5 Rd:5',
  form: [],
  operands: f => ({ d: vector(f.Rd, 1, 3), n: vector(f.Rn, 1, 3) }),
  asm: () => 'sha512su0 {d}, {n}',
  does(ops, _form, { d, n }) {
    const [w0, w1] = pair(ops, ops.vreg(d)), [w2] = pair(ops, ops.vreg(n)), sigma0 = (w: typeof w0) => sigma(ops, 64, w, [1, 8], 7);
    ops.setVreg(d, fromPair(ops, [ops.add(w0, sigma0(w1)), ops.add(w1, sigma0(w2))]));
  },
});

const scheduleSecond = instruction({
  ...SHA512,
  name: 'SHA512SU1',
  doc: 'The second part of two words of SHA-512\'s schedule.',
  bits: '11001110 011 Rm:5 1 0 00 10 Rn:5 Rd:5',
  form: [],
  operands: f => ({ d: vector(f.Rd, 1, 3), n: vector(f.Rn, 1, 3), m: vector(f.Rm, 1, 3) }),
  asm: () => 'sha512su1 {d}, {n}, {m}',
  does(ops, _form, { d, n, m }) {
    const [w0, w1] = pair(ops, ops.vreg(d)), [x0, x1] = pair(ops, ops.vreg(n)), [y0, y1] = pair(ops, ops.vreg(m));
    const sigma1 = (x: typeof x0) => sigma(ops, 64, x, [19, 61], 6);
    ops.setVreg(d, fromPair(ops, [sum(ops, w0, sigma1(x0), y0), sum(ops, w1, sigma1(x1), y1)]));
  },
});

/** Both doublewords rotated to the right by 1 to 63. */
const rotated = <V>(ops: Ops<V>, a: V, by: V): V => {
  const [low, high] = pair(ops, a);
  return fromPair(ops, [ops.ror(64, low, by), ops.ror(64, high, by)]);
};

const rotateAndXor = instruction({
  ...SHA3,
  name: 'RAX1',
  doc: 'Rotates doublewords left by one and adds others without carries.',
  bits: '11001110 011 Rm:5 1 0 00 11 Rn:5 Rd:5',
  form: [],
  operands: f => ({ d: vector(f.Rd, 1, 3), n: vector(f.Rn, 1, 3), m: vector(f.Rm, 1, 3) }),
  asm: () => 'rax1 {d}, {n}, {m}',
  does(ops, _form, { d, n, m }) { ops.setVreg(d, ops.vxor(ops.vreg(n), rotated(ops, ops.vreg(m), ops.imm(63n)))); },
});

const xorAndRotate = instruction({
  ...SHA3,
  name: 'XAR',
  doc: 'Adds doublewords without carries and rotates them right.',
  bits: '11001110 100 Rm:5 imm6:6 Rn:5 Rd:5',
  form: [],
  operands: f => ({ d: vector(f.Rd, 1, 3), n: vector(f.Rn, 1, 3), m: vector(f.Rm, 1, 3), by: imm8(f.imm6) }),
  asm: () => 'xar {d}, {n}, {m}, {by}',
  does(ops, _form, { d, n, m, by }) { ops.setVreg(d, rotated(ops, ops.vxor(ops.vreg(n), ops.vreg(m)), by)); },
});

interface Four { readonly name: string; readonly op: '00' | '01'; readonly doc: string; readonly each: <V>(ops: Ops<V>, m: V, a: V) => V }
const FOUR: readonly Four[] = [
  { name: 'EOR3', op: '00', doc: 'Exclusive OR of three vectors.', each: (ops, m, a) => ops.vxor(m, a) },
  { name: 'BCAX', op: '01', doc: 'Clears the bits of m that a sets, and adds n without carries.', each: (ops, m, a) => ops.vand(m, ops.vnot(a)) },
];
const fourRow = (r: Four): Row => instruction({
  ...SHA3,
  name: r.name,
  doc: r.doc,
  bits: `11001110 0 ${r.op} Rm:5 0 Ra:5 Rn:5 Rd:5`,
  form: [],
  operands: f => ({ d: vector(f.Rd, 1, 0), n: vector(f.Rn, 1, 0), m: vector(f.Rm, 1, 0), a: vector(f.Ra, 1, 0) }),
  asm: () => `${r.name.toLowerCase()} {d}, {n}, {m}, {a}`,
  does(ops, _form, { d, n, m, a }) { ops.setVreg(d, ops.vxor(ops.vreg(n), r.each(ops, ops.vreg(m), ops.vreg(a)))); },
});

export const CRYPTO_SHA512: readonly Row[] = [
  hashRow('SHA512H', '00', 'Two rounds of SHA-512: what comes of e, f and g.', firstPart),
  hashRow('SHA512H2', '01', 'Two rounds of SHA-512: what comes of a, b and c.', secondPart),
  scheduleFirst, scheduleSecond, rotateAndXor, xorAndRotate, ...FOUR.map(fourRow),
];
