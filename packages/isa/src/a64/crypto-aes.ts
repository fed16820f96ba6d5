/** Cryptographic AES (DDI 0487 C4.1.96) and the multiplication of long polynomials that goes with it. */
import {
  aesInvMixColumns, aesInvShiftRows, aesInvSubBytes, aesMixColumns, aesShiftRows, aesSubBytes, polynomialProduct64,
} from '../crypto.ts';
import { type Row, instruction } from '../instruction.ts';
import { v } from '../operands.ts';
import type { Ops } from '../ops.ts';
import { vector } from './simd-arrangement.ts';

const AES = { needs: 'FEAT_AES', fp: true } as const;

interface Step {
  readonly name: string;
  readonly opcode: string;
  readonly doc: string;
  readonly each: <V>(ops: Ops<V>, d: () => V, n: V) => V;
}
const STEPS: readonly Step[] = [
  { name: 'AESE', opcode: '00100', doc: 'Adds a round key, shifts rows and substitutes bytes.',
    each: (ops, d, n) => aesSubBytes(ops, aesShiftRows(ops, ops.vxor(d(), n))) },
  { name: 'AESD', opcode: '00101', doc: 'Adds a round key, shifts rows back and substitutes bytes back.',
    each: (ops, d, n) => aesInvSubBytes(ops, aesInvShiftRows(ops, ops.vxor(d(), n))) },
  { name: 'AESMC', opcode: '00110', doc: 'Mixes columns.', each: (ops, _d, n) => aesMixColumns(ops, n) },
  { name: 'AESIMC', opcode: '00111', doc: 'Mixes columns back.', each: (ops, _d, n) => aesInvMixColumns(ops, n) },
];

const stepRow = (r: Step): Row => instruction({
  ...AES,
  name: r.name,
  doc: r.doc,
  bits: `01001110 00 10100 ${r.opcode} 10 Rn:5 Rd:5`,
  form: [],
  operands: f => ({ d: vector(f.Rd, 1, 0), n: vector(f.Rn, 1, 0) }),
  asm: () => `${r.name.toLowerCase()} {d}, {n}`,
  does(ops, _form, { d, n }) { ops.setVreg(d, r.each(ops, () => ops.vreg(d), ops.vreg(n))); },
});

/** The special case of PMULL whose elements are doublewords. */
const multiplyLong = instruction({
  needs: 'FEAT_PMULL', fp: true,
  name: 'PMULL, PMULL2 (1Q)',
  doc: 'Multiplies the lower or upper doublewords as polynomials over {0, 1} into 128 bits.',
  bits: '0 Q:1 0 01110 11 1 Rm:5 1110 00 Rn:5 Rd:5',
  form: ['Q'],
  operands: f => ({ d: v(f.Rd, `v${f.Rd}.1q`), n: vector(f.Rn, f.Q, 3), m: vector(f.Rm, f.Q, 3) }),
  asm: f => `pmull${f.Q ? '2' : ''} {d}, {n}, {m}`,
  does(ops, { Q }, { d, n, m }) {
    const { low, high } = polynomialProduct64(ops, ops.lane(64, ops.vreg(n), Q), ops.lane(64, ops.vreg(m), Q));
    ops.setVreg(d, ops.withLane(64, ops.scalar(64, low), 1, high));
  },
});

export const CRYPTO_AES: readonly Row[] = [...STEPS.map(stepRow), multiplyLong];
