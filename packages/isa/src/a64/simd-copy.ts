/** Advanced SIMD copy, vector and scalar (DDI 0487 C4.1.96): DUP, INS, SMOV, UMOV. */
import { type Row, instruction } from '../instruction.ts';
import { imm8, x } from '../operands.ts';
import { bitsOf, element, SIMD, scalar, setScalar, setVector, vector } from './simd-arrangement.ts';
import { elementAt } from './simd-by-element.ts';

/** The lowest one of `imm5` tells the size of elements (B, H, S, D; anything else is unallocated); above it stands the index. */
const sizeOf = (imm5: number) => (imm5 & 15 ? 31 - Math.clz32(imm5 & -imm5) : -1);
const indexOf = (imm5: number) => imm5 >> (sizeOf(imm5) + 1);
/** An element of n is found by which half holds it, a choice of code, and where in that half, an operand. */
const halfOf = (size: number, index: number) => (index << size) >> 3;
const shiftOf = (size: number, index: number) => imm8((index << (3 + size)) & 63);

const from = (f: { readonly imm5: number }) => ({ size: sizeOf(f.imm5), half: halfOf(sizeOf(f.imm5), indexOf(f.imm5)) });

const duplicateElement = instruction({
  ...SIMD,
  name: 'DUP (element)',
  doc: 'Copies one element to all.',
  bits: '0 Q:1 0 01110000 imm5:5 0 0000 1 Rn:5 Rd:5',
  form: ['Q'],
  derived: from,
  operands(f) {
    const size = sizeOf(f.imm5), index = indexOf(f.imm5);
    return size < 0 || (size === 3 && !f.Q) ? null
      : { d: vector(f.Rd, f.Q, size), n: element(f.Rn, size, index), shift: shiftOf(size, index) };
  },
  asm: () => 'dup {d}, {n}',
  does(ops, { Q, size, half }, { d, n, shift }) {
    const bits = bitsOf(size);
    setVector(ops, d, Q, ops.splat(bits, elementAt(ops, bits, n, half, shift)));
  },
});

const duplicateScalar = instruction({
  ...SIMD,
  name: 'DUP (element, scalar)',
  doc: 'Copies one element to a scalar.',
  bits: '01 0 11110000 imm5:5 0 0000 1 Rn:5 Rd:5',
  form: [],
  derived: from,
  operands(f) {
    const size = sizeOf(f.imm5), index = indexOf(f.imm5);
    return size < 0 ? null : { d: scalar(f.Rd, size), n: element(f.Rn, size, index), shift: shiftOf(size, index) };
  },
  asm: () => 'mov {d}, {n}',
  does(ops, { size, half }, { d, n, shift }) { setScalar(ops, bitsOf(size), d, elementAt(ops, bitsOf(size), n, half, shift)); },
});

const duplicateGeneral = instruction({
  ...SIMD,
  name: 'DUP (general)',
  doc: 'Copies a general register to all elements.',
  bits: '0 Q:1 0 01110000 imm5:5 0 0001 1 Rn:5 Rd:5',
  form: ['Q'],
  derived: f => ({ size: sizeOf(f.imm5) }),
  operands(f) {
    const size = sizeOf(f.imm5);
    return size < 0 || (size === 3 && !f.Q) ? null : { d: vector(f.Rd, f.Q, size), n: x(f.Rn, size === 3 ? 1 : 0) };
  },
  asm: () => 'dup {d}, {n}',
  does(ops, { Q, size }, { d, n }) { setVector(ops, d, Q, ops.splat(bitsOf(size), ops.reg(n))); },
});

const insertGeneral = instruction({
  ...SIMD,
  name: 'INS (general)',
  doc: 'Copies a general register to one element, keeping the others.',
  bits: '0 1 0 01110000 imm5:5 0 0011 1 Rn:5 Rd:5',
  form: ['imm5'],
  operands(f) {
    const size = sizeOf(f.imm5);
    return size < 0 ? null : { d: element(f.Rd, size, indexOf(f.imm5)), n: x(f.Rn, size === 3 ? 1 : 0) };
  },
  asm: () => 'mov {d}, {n}',
  does(ops, { imm5 }, { d, n }) { ops.setVreg(d, ops.withLane(bitsOf(sizeOf(imm5)), ops.vreg(d), indexOf(imm5), ops.reg(n))); },
});

const insertElement = instruction({
  ...SIMD,
  name: 'INS (element)',
  doc: 'Copies one element to another, keeping the others.',
  bits: '0 1 1 01110000 imm5:5 0 imm4:4 1 Rn:5 Rd:5',
  form: ['imm5'],
  derived: f => ({ half: halfOf(sizeOf(f.imm5), f.imm4 >> sizeOf(f.imm5)) }),
  operands(f) {
    const size = sizeOf(f.imm5);
    if (size < 0) return null;
    return { d: element(f.Rd, size, indexOf(f.imm5)), n: element(f.Rn, size, f.imm4 >> size), shift: shiftOf(size, f.imm4 >> size) };
  },
  asm: () => 'mov {d}, {n}',
  does(ops, { imm5, half }, { d, n, shift }) {
    const bits = bitsOf(sizeOf(imm5));
    ops.setVreg(d, ops.withLane(bits, ops.vreg(d), indexOf(imm5), elementAt(ops, bits, n, half, shift)));
  },
});

const moveSigned = instruction({
  ...SIMD,
  name: 'SMOV',
  doc: 'Copies an element to a general register with its sign.',
  bits: '0 Q:1 0 01110000 imm5:5 0 0101 1 Rn:5 Rd:5',
  form: ['Q'],
  derived: from,
  operands(f) {
    const size = sizeOf(f.imm5), index = indexOf(f.imm5);
    return size < 0 || size > 1 + f.Q ? null : { d: x(f.Rd, f.Q), n: element(f.Rn, size, index), shift: shiftOf(size, index) };
  },
  asm: () => 'smov {d}, {n}',
  does(ops, { size, half }, { d, n, shift }) {
    const bits = bitsOf(size);
    ops.setReg(d, ops.sext(bits, elementAt(ops, bits, n, half, shift)));
  },
});

const moveUnsigned = instruction({
  ...SIMD,
  name: 'UMOV',
  doc: 'Copies an element to a general register with zeroes above.',
  bits: '0 Q:1 0 01110000 imm5:5 0 0111 1 Rn:5 Rd:5',
  form: [],
  derived: from,
  operands(f) {
    const size = sizeOf(f.imm5), index = indexOf(f.imm5);
    return size < 0 || (size === 3) !== (f.Q === 1) ? null
      : { d: x(f.Rd, f.Q), n: element(f.Rn, size, index), shift: shiftOf(size, index) };
  },
  asm: f => `${sizeOf(f.imm5) < 2 ? 'umov' : 'mov'} {d}, {n}`,
  does(ops, { size, half }, { d, n, shift }) { ops.setReg(d, elementAt(ops, bitsOf(size), n, half, shift)); },
});

export const SIMD_COPY: readonly Row[] = [
  duplicateElement, duplicateScalar, duplicateGeneral, insertGeneral, insertElement, moveSigned, moveUnsigned,
];
