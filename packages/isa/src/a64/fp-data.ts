/** Scalar floating point, 1, 2 and 3 sources, compare, select and immediate (DDI 0487 C4.1.96). */
import type { FpSize, Rounding } from '../floating-point.ts';
import { type Row, instruction } from '../instruction.ts';
import { imm, imm8 } from '../operands.ts';
import type { Flags, Ops } from '../ops.ts';
import { fpAbs, fpBits, fpNeg } from './fp-lanes.ts';
import { fpImmediate, fpImmediateText } from './fp-immediate.ts';
import { half } from './half-precision.ts';
import { FP, getScalar, scalar, setScalar } from './simd-arrangement.ts';
import { condition } from './spelling.ts';

interface One {
  readonly name: string;
  readonly doc: string;
  readonly opcode: string;
  readonly each: <V>(ops: Ops<V>, size: FpSize, n: V) => V;
}
const roundInt = (rounding: Rounding, exact = false): One['each'] =>
  (ops, size, n) => ops.fp({ op: 'round-int', size, rounding, exact }, n);
const ONE: readonly One[] = [
  { name: 'FMOV (register)', opcode: '000000', doc: 'Copies a number.', each: (_ops, _size, n) => n },
  { name: 'FABS (scalar)', opcode: '000001', doc: 'Clears the sign.', each: fpAbs },
  { name: 'FNEG (scalar)', opcode: '000010', doc: 'Inverts the sign.', each: fpNeg },
  { name: 'FSQRT (scalar)', opcode: '000011', doc: 'Takes the square root.', each: (ops, size, n) => ops.fp({ op: 'sqrt', size }, n) },
  { name: 'FRINTN (scalar)', opcode: '001000', doc: 'Rounds to an integer, ties to even.', each: roundInt('tie-even') },
  { name: 'FRINTP (scalar)', opcode: '001001', doc: 'Rounds up to an integer.', each: roundInt('plus-infinity') },
  { name: 'FRINTM (scalar)', opcode: '001010', doc: 'Rounds down to an integer.', each: roundInt('minus-infinity') },
  { name: 'FRINTZ (scalar)', opcode: '001011', doc: 'Rounds towards zero to an integer.', each: roundInt('zero') },
  { name: 'FRINTA (scalar)', opcode: '001100', doc: 'Rounds to an integer, ties away from zero.', each: roundInt('tie-away') },
  { name: 'FRINTX (scalar)', opcode: '001110', doc: 'Rounds to an integer by FPCR, saying when inexact.', each: roundInt('fpcr', true) },
  { name: 'FRINTI (scalar)', opcode: '001111', doc: 'Rounds to an integer by FPCR.', each: roundInt('fpcr') },
];
const mnemonic = (name: string) => name.split(' ')[0]!.toLowerCase();

const oneRow = (r: One): Row => instruction({
  ...FP,
  name: r.name,
  doc: r.doc,
  bits: `000 11110 0 sz:1 1 ${r.opcode} 10000 Rn:5 Rd:5`,
  form: ['sz'],
  operands: f => ({ d: scalar(f.Rd, 2 + f.sz), n: scalar(f.Rn, 2 + f.sz) }),
  asm: () => `${mnemonic(r.name)} {d}, {n}`,
  does(ops, { sz }, { d, n }) {
    const bits = fpBits(sz);
    setScalar(ops, bits, d, r.each(ops, bits, getScalar(ops, bits, n)));
  },
});

/** `ftype` and `opc` of FCVT number precisions S, D, (none), H. */
const PRECISION = [2, 3, -1, 1] as const, WIDTH = [32, 64, 0, 16] as const;
const convertPrecision = instruction({
  ...FP,
  name: 'FCVT',
  doc: 'Converts between half, single and double precision.',
  bits: '000 11110 ftype:2 1 0001 opc:2 10000 Rn:5 Rd:5',
  form: ['ftype', 'opc'],
  operands: f => (f.ftype === f.opc || f.ftype === 2 || f.opc === 2 ? null
    : { d: scalar(f.Rd, PRECISION[f.opc]!), n: scalar(f.Rn, PRECISION[f.ftype]!) }),
  asm: () => 'fcvt {d}, {n}',
  does(ops, { ftype, opc }, { d, n }) {
    const from = WIDTH[ftype] as 16 | 32 | 64, to = WIDTH[opc] as 16 | 32 | 64;
    setScalar(ops, to, d, ops.fp({ op: 'convert', from, to }, getScalar(ops, from, n)));
  },
});

interface Two {
  readonly name: string;
  readonly doc: string;
  readonly opcode: string;
  readonly op: 'mul' | 'div' | 'add' | 'sub' | 'max' | 'min' | 'maxnum' | 'minnum';
  readonly negated?: boolean;
}
const TWO: readonly Two[] = [
  { name: 'FMUL', opcode: '0000', doc: 'Multiplies.', op: 'mul' },
  { name: 'FDIV', opcode: '0001', doc: 'Divides.', op: 'div' },
  { name: 'FADD', opcode: '0010', doc: 'Adds.', op: 'add' },
  { name: 'FSUB', opcode: '0011', doc: 'Subtracts.', op: 'sub' },
  { name: 'FMAX', opcode: '0100', doc: 'Takes the larger.', op: 'max' },
  { name: 'FMIN', opcode: '0101', doc: 'Takes the smaller.', op: 'min' },
  { name: 'FMAXNM', opcode: '0110', doc: 'Takes the larger, preferring numbers to quiet NaNs.', op: 'maxnum' },
  { name: 'FMINNM', opcode: '0111', doc: 'Takes the smaller, preferring numbers to quiet NaNs.', op: 'minnum' },
  { name: 'FNMUL', opcode: '1000', doc: 'Multiplies and inverts the sign.', op: 'mul', negated: true },
];

const twoRow = (r: Two): Row => instruction({
  ...FP,
  name: `${r.name} (scalar)`,
  doc: r.doc,
  bits: `000 11110 0 sz:1 1 Rm:5 ${r.opcode} 10 Rn:5 Rd:5`,
  form: ['sz'],
  operands: f => ({ d: scalar(f.Rd, 2 + f.sz), n: scalar(f.Rn, 2 + f.sz), m: scalar(f.Rm, 2 + f.sz) }),
  asm: () => `${r.name.toLowerCase()} {d}, {n}, {m}`,
  does(ops, { sz }, { d, n, m }) {
    const size = fpBits(sz), value = ops.fp({ op: r.op, size }, getScalar(ops, size, n), getScalar(ops, size, m));
    setScalar(ops, size, d, r.negated ? fpNeg(ops, size, value) : value);
  },
});

const THREE = [['fmadd', 'fmsub'], ['fnmadd', 'fnmsub']] as const;
const three = instruction({
  ...FP,
  name: 'FMADD, FMSUB, FNMADD, FNMSUB',
  doc: 'Multiplies and adds or subtracts, rounding once, perhaps with the sign of all inverted.',
  bits: '000 11111 0 sz:1 o1:1 Rm:5 o0:1 Ra:5 Rn:5 Rd:5',
  form: ['sz', 'o1', 'o0'],
  operands: f => ({ d: scalar(f.Rd, 2 + f.sz), n: scalar(f.Rn, 2 + f.sz), m: scalar(f.Rm, 2 + f.sz), a: scalar(f.Ra, 2 + f.sz) }),
  asm: f => `${THREE[f.o1]![f.o0]!} {d}, {n}, {m}, {a}`,
  does(ops, { sz, o1, o0 }, { d, n, m, a }) {
    const size = fpBits(sz), addend = getScalar(ops, size, a), first = getScalar(ops, size, n);
    const value = ops.fp({ op: 'muladd', size },
      o1 ? fpNeg(ops, size, addend) : addend, o1 !== o0 ? fpNeg(ops, size, first) : first, getScalar(ops, size, m));
    setScalar(ops, size, d, value);
  },
});

/** Flags from NZCV in four bits, N highest. */
const flagsOf = <V>(ops: Ops<V>, nzcv: V): Flags<V> => ({
  n: ops.shl(nzcv, ops.imm(60n)),
  z: ops.and(ops.not(nzcv), ops.imm(4n)),
  c: ops.and(ops.lsr(nzcv, ops.imm(1n)), ops.imm(1n)),
  v: ops.shl(nzcv, ops.imm(63n)),
});
const compared = <V>(ops: Ops<V>, size: FpSize, signalAllNaNs: boolean, a: V, b: V): void =>
  ops.setFlags(flagsOf(ops, ops.fp({ op: 'compare', size, signalAllNaNs }, a, b)));

const compare = instruction({
  ...FP,
  name: 'FCMP, FCMPE',
  doc: 'Compares two numbers; FCMPE signals quiet NaNs as well.',
  bits: '000 11110 0 sz:1 1 Rm:5 00 1000 Rn:5 E:1 0 000',
  form: ['sz', 'E'],
  operands: f => ({ n: scalar(f.Rn, 2 + f.sz), m: scalar(f.Rm, 2 + f.sz) }),
  asm: f => `fcmp${f.E ? 'e' : ''} {n}, {m}`,
  does(ops, { sz, E }, { n, m }) { compared(ops, fpBits(sz), E === 1, getScalar(ops, fpBits(sz), n), getScalar(ops, fpBits(sz), m)); },
});

const compareZero = instruction({
  ...FP,
  name: 'FCMP, FCMPE (zero)',
  doc: 'Compares a number with zero; FCMPE signals quiet NaNs as well.',
  // Rm is (0)(0)(0)(0)(0): should be zero, and does not matter.
  bits: '000 11110 0 sz:1 1 Rm:5 00 1000 Rn:5 E:1 1 000',
  form: ['sz', 'E'],
  operands: f => ({ n: scalar(f.Rn, 2 + f.sz) }),
  asm: f => `fcmp${f.E ? 'e' : ''} {n}, #0.0`,
  does(ops, { sz, E }, { n }) { compared(ops, fpBits(sz), E === 1, getScalar(ops, fpBits(sz), n), ops.imm(0n)); },
});

const conditionalCompare = instruction({
  ...FP,
  name: 'FCCMP, FCCMPE',
  doc: 'Compares two numbers if a condition holds, else sets the flags to an immediate.',
  bits: '000 11110 0 sz:1 1 Rm:5 cond:4 01 Rn:5 E:1 nzcv:4',
  form: ['sz', 'E', 'cond'],
  operands: f => ({ n: scalar(f.Rn, 2 + f.sz), m: scalar(f.Rm, 2 + f.sz), nzcv: imm8(f.nzcv) }),
  asm: f => `fccmp${f.E ? 'e' : ''} {n}, {m}, {nzcv}, ${condition(f.cond)}`,
  does(ops, { sz, E, cond }, { n, m, nzcv }) {
    const size = fpBits(sz);
    ops.when(ops.holds(cond),
      () => compared(ops, size, E === 1, getScalar(ops, size, n), getScalar(ops, size, m)),
      () => ops.setFlags(flagsOf(ops, nzcv)));
  },
});

const conditionalSelect = instruction({
  ...FP,
  name: 'FCSEL',
  doc: 'Chooses one number or another by a condition.',
  bits: '000 11110 0 sz:1 1 Rm:5 cond:4 11 Rn:5 Rd:5',
  form: ['sz', 'cond'],
  operands: f => ({ d: scalar(f.Rd, 2 + f.sz), n: scalar(f.Rn, 2 + f.sz), m: scalar(f.Rm, 2 + f.sz) }),
  asm: f => `fcsel {d}, {n}, {m}, ${condition(f.cond)}`,
  does(ops, { sz, cond }, { d, n, m }) {
    const size = fpBits(sz);
    setScalar(ops, size, d, ops.select(ops.holds(cond), getScalar(ops, size, n), getScalar(ops, size, m)));
  },
});

const immediate = instruction({
  ...FP,
  name: 'FMOV (scalar, immediate)',
  doc: 'Sets a number to an immediate of a sign, three bits of exponent and four of fraction.',
  bits: '000 11110 0 sz:1 1 imm8:8 100 00000 Rd:5',
  form: ['sz'],
  operands: f => ({ d: scalar(f.Rd, 2 + f.sz), imm: imm(fpImmediate(fpBits(f.sz), f.imm8), fpImmediateText(f.imm8)) }),
  asm: () => 'fmov {d}, {imm}',
  does(ops, { sz }, { d, imm }) { setScalar(ops, fpBits(sz), d, imm); },
});

const ROWS = [
  ...ONE.map(oneRow), ...TWO.map(twoRow), three, compare, compareZero, conditionalCompare, conditionalSelect, immediate,
];
export const FP_DATA: readonly Row[] = [...ROWS, convertPrecision, ...ROWS.map(row => half(row, ['0 sz:1', '11']))];
