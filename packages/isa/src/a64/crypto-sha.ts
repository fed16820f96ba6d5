/** Cryptographic SHA-1 and SHA-256, two and three registers (DDI 0487 C4.1.96); the names within are FIPS 180-4's. */
import { choose, majority, parity, sigma } from '../crypto.ts';
import { type Row, instruction } from '../instruction.ts';
import type { Ops } from '../ops.ts';
import { getScalar, pick, range, scalar, setScalar, vector } from './simd-arrangement.ts';

const SHA1 = { needs: 'FEAT_SHA1', fp: true } as const;
const SHA256 = { needs: 'FEAT_SHA256', fp: true } as const;

const words = <V>(ops: Ops<V>, a: V): V[] => range(4).map(i => ops.lane(32, a, i));
const fromWords = <V>(ops: Ops<V>, lanes: readonly V[]): V =>
  lanes.reduce((all, value, i) => ops.withLane(32, all, i, value), ops.vimm(0n));
/** A sum of words, carries beyond them dropped. */
const sum = <V>(ops: Ops<V>, ...terms: readonly V[]): V => ops.zext(32, terms.reduce((a, b) => ops.add(a, b)));
const rotateLeft = <V>(ops: Ops<V>, a: V, by: number): V => ops.ror(32, a, ops.imm(BigInt(32 - by)));

type Three = <V>(ops: Ops<V>, x: V, y: V, z: V) => V;
interface Hash { readonly name: string; readonly opcode: string; readonly doc: string; readonly f: Three }
const HASHES: readonly Hash[] = [
  { name: 'SHA1C', opcode: '000', doc: 'Four rounds of SHA-1 that choose.', f: choose },
  { name: 'SHA1P', opcode: '001', doc: 'Four rounds of SHA-1 by parity.', f: parity },
  { name: 'SHA1M', opcode: '010', doc: 'Four rounds of SHA-1 by majority.', f: majority },
];

/** d holds a, b, c and d of the hash, n e, and m the words of the schedule with their constants. */
const hashRow = (r: Hash): Row => instruction({
  ...SHA1,
  name: r.name,
  doc: r.doc,
  bits: `01011110 00 0 Rm:5 0 ${r.opcode} 00 Rn:5 Rd:5`,
  form: [],
  operands: f => ({ d: scalar(f.Rd, 4), n: scalar(f.Rn, 2), m: vector(f.Rm, 1, 2) }),
  asm: () => `${r.name.toLowerCase()} {d}, {n}, {m}`,
  does(ops, _form, { d, n, m }) {
    let [a, b, c, D] = words(ops, ops.vreg(d)), e = getScalar(ops, 32, n);
    for (const w of words(ops, ops.vreg(m))) {
      const next = sum(ops, rotateLeft(ops, a!, 5), r.f(ops, b!, c!, D!), e, w);
      [a, b, c, D, e] = [next, a, rotateLeft(ops, b!, 30), c, D!];
    }
    ops.setVreg(d, fromWords(ops, [a!, b!, c!, D!]));
  },
});

const fixedRotate = instruction({
  ...SHA1,
  name: 'SHA1H',
  doc: 'Rotates a word left by 30, as SHA-1 does to become e.',
  bits: '01011110 00 10100 00000 10 Rn:5 Rd:5',
  form: [],
  operands: f => ({ d: scalar(f.Rd, 2), n: scalar(f.Rn, 2) }),
  asm: () => 'sha1h {d}, {n}',
  does(ops, _form, { d, n }) { setScalar(ops, 32, d, rotateLeft(ops, getScalar(ops, 32, n), 30)); },
});

const schedule0 = instruction({
  ...SHA1,
  name: 'SHA1SU0',
  doc: 'The first part of four words of SHA-1\'s schedule.',
  bits: '01011110 00 0 Rm:5 0 011 00 Rn:5 Rd:5',
  form: [],
  operands: f => ({ d: vector(f.Rd, 1, 2), n: vector(f.Rn, 1, 2), m: vector(f.Rm, 1, 2) }),
  asm: () => 'sha1su0 {d}, {n}, {m}',
  does(ops, _form, { d, n, m }) {
    const a = ops.vreg(d), later = pick(ops, 64, a, ops.vreg(n), [1, 2]);
    ops.setVreg(d, ops.vxor(ops.vxor(later, a), ops.vreg(m)));
  },
});

const schedule1 = instruction({
  ...SHA1,
  name: 'SHA1SU1',
  doc: 'The second part of four words of SHA-1\'s schedule, the last of which needs the first.',
  bits: '01011110 00 10100 00001 10 Rn:5 Rd:5',
  form: [],
  operands: f => ({ d: vector(f.Rd, 1, 2), n: vector(f.Rn, 1, 2) }),
  asm: () => 'sha1su1 {d}, {n}',
  does(ops, _form, { d, n }) {
    const from = ops.vreg(n), t = words(ops, ops.vxor(ops.vreg(d), pick(ops, 32, from, from, [1, 2, 3, -1])));
    const turned = t.map(w => rotateLeft(ops, w, 1));
    ops.setVreg(d, fromWords(ops, [...turned.slice(0, 3), ops.xor(turned[3]!, rotateLeft(ops, t[0]!, 2))]));
  },
});

/** Four rounds of SHA-256: x holds a to d, y e to h. */
function rounds<V>(ops: Ops<V>, x: V, y: V, w: V): { readonly x: V; readonly y: V } {
  let [a, b, c, d] = words(ops, x), [e, f, g, h] = words(ops, y);
  for (const word of words(ops, w)) {
    const t1 = sum(ops, h!, sigma(ops, 32, e!, [6, 11, 25]), choose(ops, e!, f!, g!), word);
    const t2 = ops.add(sigma(ops, 32, a!, [2, 13, 22]), majority(ops, a!, b!, c!));
    [a, b, c, d, e, f, g, h] = [sum(ops, t1, t2), a, b, c, sum(ops, d!, t1), e, f, g];
  }
  return { x: fromWords(ops, [a!, b!, c!, d!]), y: fromWords(ops, [e!, f!, g!, h!]) };
}

const hash256 = (opcode: '100' | '101', name: string, doc: string, part: <V>(ops: Ops<V>, d: V, n: V, m: V) => V): Row => instruction({
  ...SHA256,
  name,
  doc,
  bits: `01011110 00 0 Rm:5 0 ${opcode} 00 Rn:5 Rd:5`,
  form: [],
  operands: f => ({ d: scalar(f.Rd, 4), n: scalar(f.Rn, 4), m: vector(f.Rm, 1, 2) }),
  asm: () => `${name.toLowerCase()} {d}, {n}, {m}`,
  does(ops, _form, { d, n, m }) { ops.setVreg(d, part(ops, ops.vreg(d), ops.vreg(n), ops.vreg(m))); },
});

const schedule256First = instruction({
  ...SHA256,
  name: 'SHA256SU0',
  doc: 'The first part of four words of SHA-256\'s schedule.',
  bits: '01011110 00 10100 00010 10 Rn:5 Rd:5',
  form: [],
  operands: f => ({ d: vector(f.Rd, 1, 2), n: vector(f.Rn, 1, 2) }),
  asm: () => 'sha256su0 {d}, {n}',
  does(ops, _form, { d, n }) {
    const old = words(ops, ops.vreg(d)), next = [...old.slice(1), ops.lane(32, ops.vreg(n), 0)];
    ops.setVreg(d, fromWords(ops, old.map((w, i) => sum(ops, w, sigma(ops, 32, next[i]!, [7, 18], 3)))));
  },
});

/** The upper two of the four words need the lower two. */
function schedule256<V>(ops: Ops<V>, d: V, n: V, m: V): V {
  const old = words(ops, d), [, ...ns] = words(ops, n), ms = words(ops, m), seventh = [...ns, ms[0]!];
  const word = (i: number, from: V) => sum(ops, old[i]!, seventh[i]!, sigma(ops, 32, from, [17, 19], 10));
  const lower = [word(0, ms[2]!), word(1, ms[3]!)];
  return fromWords(ops, [...lower, ...lower.map((from, i) => word(2 + i, from))]);
}

const schedule256Second = instruction({
  ...SHA256,
  name: 'SHA256SU1',
  doc: 'The second part of four words of SHA-256\'s schedule.',
  bits: '01011110 00 0 Rm:5 0 110 00 Rn:5 Rd:5',
  form: [],
  operands: f => ({ d: vector(f.Rd, 1, 2), n: vector(f.Rn, 1, 2), m: vector(f.Rm, 1, 2) }),
  asm: () => 'sha256su1 {d}, {n}, {m}',
  does(ops, _form, { d, n, m }) { ops.setVreg(d, schedule256(ops, ops.vreg(d), ops.vreg(n), ops.vreg(m))); },
});

export const CRYPTO_SHA: readonly Row[] = [
  ...HASHES.map(hashRow), fixedRotate, schedule0, schedule1,
  hash256('100', 'SHA256H', 'Four rounds of SHA-256: what becomes of a, b, c and d.', (ops, d, n, m) => rounds(ops, d, n, m).x),
  hash256('101', 'SHA256H2', 'Four rounds of SHA-256: what becomes of e, f, g and h.', (ops, d, n, m) => rounds(ops, n, d, m).y),
  schedule256First, schedule256Second,
];
