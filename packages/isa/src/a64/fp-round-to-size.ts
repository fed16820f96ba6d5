/** FEAT_FRINTTS: rounding to integers that fit 32 or 64 bits, scalar and vector (DDI 0487 C4.1.96). */
import type { FpSize, Rounding } from '../floating-point.ts';
import { type Row, instruction } from '../instruction.ts';
import type { Ops } from '../ops.ts';
import { BIAS, exponentOf, FRACTION } from './fp-formats.ts';
import { fpBits, fpLanes } from './fp-lanes.ts';
import { countOf, getScalar, scalar, setScalar, vector } from './simd-arrangement.ts';

const FRINTTS = { needs: 'FEAT_FRINTTS', fp: true } as const;

/**
 * FPRoundIntN: what does not fit is the most negative integer. FPToFixed raises the same exceptions; FPRoundInt gives the value, whose
 * exponent tells whether it fits.
 */
function roundToSize<V>(ops: Ops<V>, size: FpSize, width: 32 | 64, rounding: Rounding, a: V): V {
  ops.fp({ op: 'to-fixed', size, width, unsigned: false, rounding, fractionBits: 0 }, a);
  const whole = ops.fp({ op: 'round-int', size, rounding, exact: false }, a), tooLarge = BIAS[size] + BigInt(width - 1);
  const most = (1n << BigInt(size - 1)) | (tooLarge << FRACTION[size]);
  return ops.select(ops.ult(exponentOf(ops, size, whole), ops.imm(tooLarge)), whole, ops.imm(most));
}

interface Round {
  readonly name: string;
  readonly op: '00' | '01' | '10' | '11';
  readonly width: 32 | 64;
  readonly rounding: Rounding;
  readonly how: string;
}
const ROUNDS: readonly Round[] = [
  { name: 'FRINT32Z', op: '00', width: 32, rounding: 'zero', how: 'towards zero' },
  { name: 'FRINT32X', op: '01', width: 32, rounding: 'fpcr', how: 'by FPCR' },
  { name: 'FRINT64Z', op: '10', width: 64, rounding: 'zero', how: 'towards zero' },
  { name: 'FRINT64X', op: '11', width: 64, rounding: 'fpcr', how: 'by FPCR' },
];

const scalarRow = (r: Round): Row => instruction({
  ...FRINTTS,
  name: `${r.name} (scalar)`,
  doc: `Rounds ${r.how} to an integer of ${r.width} bits.`,
  bits: `000 11110 0 sz:1 1 0100 ${r.op} 10000 Rn:5 Rd:5`,
  form: ['sz'],
  operands: f => ({ d: scalar(f.Rd, 2 + f.sz), n: scalar(f.Rn, 2 + f.sz) }),
  asm: () => `${r.name.toLowerCase()} {d}, {n}`,
  does(ops, { sz }, { d, n }) {
    const size = fpBits(sz);
    setScalar(ops, size, d, roundToSize(ops, size, r.width, r.rounding, getScalar(ops, size, n)));
  },
});

const vectorRow = (r: Round): Row => instruction({
  ...FRINTTS,
  name: `${r.name} (vector)`,
  doc: `Rounds ${r.how} to integers of ${r.width} bits.`,
  bits: `0 Q:1 ${r.op[1] as '0' | '1'} 01110 0 sz:1 10000 1111 ${r.op[0] as '0' | '1'} 10 Rn:5 Rd:5`,
  form: ['Q', 'sz'],
  operands: f => (f.sz && !f.Q ? null : { d: vector(f.Rd, f.Q, 2 + f.sz), n: vector(f.Rn, f.Q, 2 + f.sz) }),
  asm: () => `${r.name.toLowerCase()} {d}, {n}`,
  does(ops, { Q, sz }, { d, n }) {
    const size = fpBits(sz);
    ops.setVreg(d, fpLanes(ops, size, countOf(Q, 2 + sz), a => roundToSize(ops, size, r.width, r.rounding, a!), ops.vreg(n)));
  },
});

export const FP_ROUND_TO_SIZE: readonly Row[] = [...ROUNDS.map(scalarRow), ...ROUNDS.map(vectorRow)];
