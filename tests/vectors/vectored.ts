/** An instruction as vectors see it: how it is written, what the generator is asked for, and which FpOp it is, if it is one. */
import type { FpOp, FpSize, Rounding } from '@hypnos/isa';

/** How operands stand in the registers: see the generator's main.c. */
export type Lanes = 'scalar' | 'all' | 'element' | 'scalar-element' | 'upper' | 'upper-element' | 'pairwise' | 'pairwise-scalar' | 'across' |
  'pairs' | 'pairs-element';

/** Operands stand in v0, v1 and v2 (a general operand in x5, as in v0), v3 is a copy of v2; the answer comes in v3, x6 or NZCV. */
export interface Vectored {
  readonly text: string;
  /** The generator's name of the operation, and the formats or widths it goes from and to. */
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly operands: 1 | 2 | 3;
  readonly lanes: Lanes;
  /** `none`: no instruction does just this; rows are made of it. */
  readonly answer: 'v' | 'x' | 'nzcv' | 'jcvt' | 'none';
  readonly unsigned?: boolean;
  readonly rounding?: Rounding | 'odd';
  /** Fraction bits, how far complex numbers are turned, or the width of the integers that FRINT32X and its kin fit. */
  readonly fractionBits?: number;
  /** The numbers from each lane; absent where the row does more than one FpOp. */
  readonly op?: FpOp;
  /** One of many of a kind: fewer vectors each. */
  readonly one?: boolean;
}

type More = Partial<Omit<Vectored, 'text' | 'name' | 'from' | 'operands'>>;
/** Scalar, from a format to itself and in v3, where nothing else is said. */
export const vectored = (text: string, name: string, from: number, operands: 1 | 2 | 3, more: More = {}): Vectored =>
  ({ text, name, from, operands, to: from, lanes: 'scalar', answer: 'v', ...more });

export const SIZES: readonly FpSize[] = [16, 32, 64];
/** The roundings that instructions name, by the letter they have for it. */
export const DIRECTED: readonly (readonly [string, Rounding])[] = [
  ['n', 'tie-even'], ['p', 'plus-infinity'], ['m', 'minus-infinity'], ['z', 'zero'], ['a', 'tie-away'],
];
export const LETTER = { 16: 'h', 32: 's', 64: 'd' } as const;
const VECTOR = { 16: '8h', 32: '4s', 64: '2d' } as const;

export type Register = (n: number) => string;
/** Registers as instructions on one number or on a whole vector write them. */
export const one = (size: FpSize): Register => n => `${LETTER[size]}${n}`;
export const whole = (size: FpSize): Register => n => `v${n}.${VECTOR[size]}`;
/** The result, then the operands. */
export const written = (mnemonic: string, register: Register, operands: 1 | 2 | 3): string =>
  `${mnemonic} ${[3, 0, 1, 2].slice(0, operands + 1).map(register).join(', ')}`;

/** The same operation on one number and, unless it is only scalar, on every lane of a vector. */
export function everywhere(mnemonic: string, name: string, size: FpSize, operands: 1 | 2 | 3, more: More & { readonly scalar?: true } = {}): Vectored[] {
  const { scalar, ...rest } = more, text = (register: Register) => written(mnemonic, register, operands);
  return [
    vectored(text(one(size)), name, size, operands, rest),
    ...(scalar ? [] : [vectored(text(whole(size)), name, size, operands, { ...rest, lanes: 'all' })]),
  ];
}
