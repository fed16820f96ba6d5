/** Conversions between floating point and general registers (DDI 0487 C4.1.96): integer, fixed point, and plain moves. */
import type { Rounding } from '../floating-point.ts';
import { type Row, instruction } from '../instruction.ts';
import { imm8, v, x } from '../operands.ts';
import type { Ops } from '../ops.ts';
import { BIAS, exponentOf, FRACTION } from './fp-formats.ts';
import { fromFixedPoint, toFixedPoint } from './fp-fixed-point.ts';
import { fpBits } from './fp-lanes.ts';
import { half } from './half-precision.ts';
import { FP, getScalar, scalar, setScalar } from './simd-arrangement.ts';

const widthOf = (sf: number) => (sf ? 64 : 32);
const suffix = (unsigned: number) => (unsigned ? 'u' : 's');

interface ToInteger {
  readonly name: string;
  readonly rounding: Rounding;
  readonly rmode: string;
  readonly opcode: string;
  readonly how: string;
}
const TO_INTEGER: readonly ToInteger[] = [
  { name: 'FCVTN', rounding: 'tie-even', rmode: '00', opcode: '00', how: 'to nearest, ties to even' },
  { name: 'FCVTP', rounding: 'plus-infinity', rmode: '01', opcode: '00', how: 'up' },
  { name: 'FCVTM', rounding: 'minus-infinity', rmode: '10', opcode: '00', how: 'down' },
  { name: 'FCVTZ', rounding: 'zero', rmode: '11', opcode: '00', how: 'towards zero' },
  { name: 'FCVTA', rounding: 'tie-away', rmode: '00', opcode: '10', how: 'to nearest, ties away from zero' },
];

const toIntegerRow = (r: ToInteger): Row => instruction({
  ...FP,
  name: `${r.name}S, ${r.name}U (scalar, integer)`,
  doc: `Converts to a signed or unsigned integer, rounding ${r.how}.`,
  bits: `sf:1 00 11110 0 sz:1 1 ${r.rmode} ${r.opcode} U:1 000000 Rn:5 Rd:5`,
  form: ['sf', 'sz', 'U'],
  operands: f => ({ d: x(f.Rd, f.sf), n: scalar(f.Rn, 2 + f.sz) }),
  asm: f => `${r.name.toLowerCase()}${suffix(f.U)} {d}, {n}`,
  does(ops, { sf, sz, U }, { d, n }) {
    const size = fpBits(sz);
    ops.setReg(d, ops.fp({ op: 'to-fixed', size, width: widthOf(sf), unsigned: U === 1, rounding: r.rounding, fractionBits: 0 },
      getScalar(ops, size, n)));
  },
});

const fromInteger = instruction({
  ...FP,
  name: 'SCVTF, UCVTF (scalar, integer)',
  doc: 'Converts a signed or unsigned integer.',
  bits: 'sf:1 00 11110 0 sz:1 1 00 01 U:1 000000 Rn:5 Rd:5',
  form: ['sf', 'sz', 'U'],
  operands: f => ({ d: scalar(f.Rd, 2 + f.sz), n: x(f.Rn, f.sf) }),
  asm: f => `${suffix(f.U)}cvtf {d}, {n}`,
  does(ops, { sf, sz, U }, { d, n }) {
    const size = fpBits(sz);
    setScalar(ops, size, d, ops.fp({ op: 'from-fixed', size, width: widthOf(sf), unsigned: U === 1, fractionBits: 0 }, ops.reg(n)));
  },
});

/** 1 to 32 or 64 fraction bits; a W register has no more than 32. */
const fractionBits = (f: { readonly scale: number }) => imm8(64 - f.scale);
const allowed = (f: { readonly sf: number; readonly scale: number }) => f.sf === 1 || f.scale >= 32;

const toFixed = instruction({
  ...FP,
  name: 'FCVTZS, FCVTZU (scalar, fixed-point)',
  doc: 'Converts to signed or unsigned fixed point, towards zero.',
  bits: 'sf:1 00 11110 0 sz:1 0 11 00 U:1 scale:6 Rn:5 Rd:5',
  form: ['sf', 'sz', 'U'],
  operands: f => (allowed(f) ? { d: x(f.Rd, f.sf), n: scalar(f.Rn, 2 + f.sz), by: fractionBits(f) } : null),
  asm: f => `fcvtz${suffix(f.U)} {d}, {n}, {by}`,
  does(ops, { sf, sz, U }, { d, n, by }) {
    ops.setReg(d, toFixedPoint(ops, fpBits(sz), widthOf(sf), U === 1, getScalar(ops, fpBits(sz), n), by));
  },
});

const fromFixed = instruction({
  ...FP,
  name: 'SCVTF, UCVTF (scalar, fixed-point)',
  doc: 'Converts signed or unsigned fixed point.',
  bits: 'sf:1 00 11110 0 sz:1 0 00 01 U:1 scale:6 Rn:5 Rd:5',
  form: ['sf', 'sz', 'U'],
  operands: f => (allowed(f) ? { d: scalar(f.Rd, 2 + f.sz), n: x(f.Rn, f.sf), by: fractionBits(f) } : null),
  asm: f => `${suffix(f.U)}cvtf {d}, {n}, {by}`,
  does(ops, { sf, sz, U }, { d, n, by }) {
    setScalar(ops, fpBits(sz), d, fromFixedPoint(ops, fpBits(sz), widthOf(sf), U === 1, ops.reg(n), by));
  },
});

/** A register has the number's width; of half precision, either. */
const fits = (f: { readonly sf: number; readonly sz: number }) => f.sz < 0 || f.sf === f.sz;

const toGeneral = instruction({
  ...FP,
  name: 'FMOV (to general)',
  doc: 'Copies the bits of a number to a general register.',
  bits: 'sf:1 00 11110 0 sz:1 1 00 110 000000 Rn:5 Rd:5',
  form: ['sf', 'sz'],
  operands: f => (fits(f) ? { d: x(f.Rd, f.sf), n: scalar(f.Rn, 2 + f.sz) } : null),
  asm: () => 'fmov {d}, {n}',
  does(ops, { sz }, { d, n }) { ops.setReg(d, getScalar(ops, fpBits(sz), n)); },
});

const fromGeneral = instruction({
  ...FP,
  name: 'FMOV (from general)',
  doc: 'Copies the bits of a general register to a number.',
  bits: 'sf:1 00 11110 0 sz:1 1 00 111 000000 Rn:5 Rd:5',
  form: ['sf', 'sz'],
  operands: f => (fits(f) ? { d: scalar(f.Rd, 2 + f.sz), n: x(f.Rn, f.sf) } : null),
  asm: () => 'fmov {d}, {n}',
  does(ops, { sz }, { d, n }) { setScalar(ops, fpBits(sz), d, ops.reg(n)); },
});

const upperToGeneral = instruction({
  ...FP,
  name: 'FMOV (upper half to general)',
  doc: 'Copies the upper half of a vector to a general register.',
  bits: '1 00 11110 10 1 01 110 000000 Rn:5 Rd:5',
  form: [],
  operands: f => ({ d: x(f.Rd, 1), n: v(f.Rn, `v${f.Rn}.d[1]`) }),
  asm: () => 'fmov {d}, {n}',
  does(ops, _form, { d, n }) { ops.setReg(d, ops.lane(64, ops.vreg(n), 1)); },
});

const upperFromGeneral = instruction({
  ...FP,
  name: 'FMOV (general to upper half)',
  doc: 'Copies a general register to the upper half of a vector, keeping its lower half.',
  bits: '1 00 11110 10 1 01 111 000000 Rn:5 Rd:5',
  form: [],
  operands: f => ({ d: v(f.Rd, `v${f.Rd}.d[1]`), n: x(f.Rn, 1) }),
  asm: () => 'fmov {d}, {n}',
  does(ops, _form, { d, n }) { ops.setVreg(d, ops.withLane(64, ops.vreg(d), 1, ops.reg(n))); },
});

/** A double's integer part, its low 32 bits: nothing is left of one shifted further than 63 bits, nor of infinities and NaNs. */
function moduloWord<V>(ops: Ops<V>, a: V): V {
  const zero = ops.imm(0n), beyond = ops.imm(64n), exponent = exponentOf(ops, 64, a), unit = ops.imm(BIAS[64] + FRACTION[64]);
  const mantissa = ops.or(ops.zext(52, a), ops.imm(1n << FRACTION[64]));
  const left = ops.sub(exponent, unit), right = ops.sub(unit, exponent);
  const magnitude = ops.select(ops.ult(left, beyond), ops.shl(mantissa, left),
    ops.select(ops.ult(right, beyond), ops.lsr(mantissa, right), zero));
  return ops.zext(32, ops.select(ops.slt(a, zero), ops.sub(zero, magnitude), magnitude));
}

/**
 * FPToFixedJS: the integer towards zero modulo 2^32. FPToFixed raises the same exceptions; Z tells that the answer is the operand, bit for
 * bit, so not minus zero.
 */
const toJavaScript = instruction({
  needs: 'FEAT_JSCVT', fp: true,
  name: 'FJCVTZS',
  doc: 'Converts a double to an integer as JavaScript does, and sets Z if nothing was lost.',
  bits: '0 00 11110 01 1 11 110 000000 Rn:5 Rd:5',
  form: [],
  operands: f => ({ d: x(f.Rd, 0), n: scalar(f.Rn, 3) }),
  asm: () => 'fjcvtzs {d}, {n}',
  does(ops, _form, { d, n }) {
    const a = getScalar(ops, 64, n), zero = ops.imm(0n);
    ops.fp({ op: 'to-fixed', size: 64, width: 32, unsigned: false, rounding: 'zero', fractionBits: 0 }, a);
    const value = moduloWord(ops, a), back = ops.fp({ op: 'from-fixed', size: 64, width: 32, unsigned: false, fractionBits: 0 }, value);
    ops.setReg(d, value);
    ops.setFlags({ n: zero, z: ops.xor(a, back), c: zero, v: zero });
  },
});

const ROWS = [...TO_INTEGER.map(toIntegerRow), fromInteger, toFixed, fromFixed, toGeneral, fromGeneral];
export const FP_CONVERT: readonly Row[] = [
  ...ROWS, upperToGeneral, upperFromGeneral, toJavaScript, ...ROWS.map(row => half(row, ['0 sz:1', '11'])),
];
