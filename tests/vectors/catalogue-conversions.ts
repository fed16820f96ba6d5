/** The instructions that convert: between formats, and to and from integers and fixed point. */
import type { FpOp, FpSize, Rounding } from '@hypnos/isa';
import { DIRECTED, one, SIZES, type Vectored, vectored, whole, written } from './vectored.ts';

const HALF_VECTOR = { 16: '4h', 32: '2s' } as const, UPPER = { 16: '8h', 32: '4s' } as const;

function betweenVectors(wide: 32 | 64, narrow: 16 | 32): Vectored[] {
  const down: FpOp = { op: 'convert', from: wide, to: narrow }, up: FpOp = { op: 'convert', from: narrow, to: wide };
  return [
    vectored(`fcvtn v3.${HALF_VECTOR[narrow]}, ${whole(wide)(0)}`, 'convert', wide, 1, { to: narrow, lanes: 'all', op: down }),
    vectored(`fcvtn2 v3.${UPPER[narrow]}, ${whole(wide)(0)}`, 'convert', wide, 1, { to: narrow, lanes: 'upper' }),
    vectored(`fcvtl ${whole(wide)(3)}, v0.${HALF_VECTOR[narrow]}`, 'convert', narrow, 1, { to: wide, lanes: 'all', op: up }),
    vectored(`fcvtl2 ${whole(wide)(3)}, v0.${UPPER[narrow]}`, 'convert', narrow, 1, { to: wide, lanes: 'upper' }),
  ];
}

const ODD = { to: 32, rounding: 'odd', op: { op: 'convert', from: 64, to: 32, rounding: 'odd' } } as const;

export const BETWEEN_FORMATS: readonly Vectored[] = [
  ...SIZES.flatMap(from => SIZES.filter(to => to !== from).map(to =>
    vectored(`fcvt ${one(to)(3)}, ${one(from)(0)}`, 'convert', from, 1, { to, op: { op: 'convert', from, to } }))),
  ...betweenVectors(32, 16), ...betweenVectors(64, 32),
  vectored('fcvtxn s3, d0', 'convert', 64, 1, ODD),
  vectored('fcvtxn v3.2s, v0.2d', 'convert', 64, 1, { ...ODD, lanes: 'all' }),
  vectored('fcvtxn2 v3.4s, v0.2d', 'convert', 64, 1, { to: 32, rounding: 'odd', lanes: 'upper' }),
  vectored('fjcvtzs w6, d0', 'jcvt', 64, 1, { answer: 'jcvt' }),
];

const places = (width: number): number[] => Array.from({ length: width }, (_, i) => i + 1);
type Wide = 16 | 32 | 64;

const toFixed = (size: FpSize, width: Wide, unsigned: boolean, rounding: Rounding, fractionBits: number): Partial<Vectored> & { readonly to: number } => ({
  to: width, unsigned, rounding, fractionBits, op: { op: 'to-fixed', size, width, unsigned, rounding, fractionBits }, one: fractionBits > 0,
});
const fromFixed = (size: FpSize, width: Wide, unsigned: boolean, fractionBits: number): Partial<Vectored> & { readonly to: number } => ({
  to: size, unsigned, fractionBits, op: { op: 'from-fixed', size, width, unsigned, fractionBits }, one: fractionBits > 0,
});

/** In general registers, without and with every number of fraction bits. */
function generalIntegers(size: FpSize, width: 32 | 64, unsigned: boolean): Vectored[] {
  const r = width === 64 ? 'x' : 'w', s = unsigned ? 'u' : 's', number = one(size);
  return [
    ...DIRECTED.map(([letter, rounding]) =>
      vectored(`fcvt${letter}${s} ${r}6, ${number(0)}`, 'to-fixed', size, 1, { ...toFixed(size, width, unsigned, rounding, 0), answer: 'x' })),
    vectored(`${s}cvtf ${number(3)}, ${r}5`, 'from-fixed', width, 1, fromFixed(size, width, unsigned, 0)),
    ...places(width).flatMap(bits => [
      vectored(`fcvtz${s} ${r}6, ${number(0)}, #${bits}`, 'to-fixed', size, 1, { ...toFixed(size, width, unsigned, 'zero', bits), answer: 'x' }),
      vectored(`${s}cvtf ${number(3)}, ${r}5, #${bits}`, 'from-fixed', width, 1, fromFixed(size, width, unsigned, bits)),
    ]),
  ];
}

/** In vector registers, of the same size. */
function vectorIntegers(size: FpSize, unsigned: boolean): Vectored[] {
  const s = unsigned ? 'u' : 's';
  const forms = (mnemonic: string, name: string, more: Partial<Vectored>): Vectored[] => {
    const by = more.fractionBits ? `, #${more.fractionBits}` : '';
    return [
      vectored(written(mnemonic, one(size), 1) + by, name, size, 1, more),
      vectored(written(mnemonic, whole(size), 1) + by, name, size, 1, { ...more, lanes: 'all' }),
    ];
  };
  return [
    ...DIRECTED.flatMap(([letter, rounding]) => forms(`fcvt${letter}${s}`, 'to-fixed', toFixed(size, size, unsigned, rounding, 0))),
    ...forms(`${s}cvtf`, 'from-fixed', fromFixed(size, size, unsigned, 0)),
    ...places(size).flatMap(bits => [
      ...forms(`fcvtz${s}`, 'to-fixed', toFixed(size, size, unsigned, 'zero', bits)), ...forms(`${s}cvtf`, 'from-fixed', fromFixed(size, size, unsigned, bits)),
    ]),
  ];
}

export const integers = (size: FpSize): Vectored[] => [false, true].flatMap(unsigned =>
  [...generalIntegers(size, 32, unsigned), ...generalIntegers(size, 64, unsigned), ...vectorIntegers(size, unsigned)]);

/** What rows make others of: FCVTZS (fixed-point) on halfwords is of doubles, and FRINT32X asks for the exceptions of a conversion. */
const SHARED: readonly (readonly [FpSize, Wide, boolean, Rounding])[] = [
  [64, 16, false, 'zero'], [64, 16, true, 'zero'],
  ...([32, 64] as const).flatMap(size => ([32, 64] as const).map(width => [size, width, false, 'fpcr'] as const)),
];
export const PARTS: readonly Vectored[] = SHARED.map(([size, width, unsigned, rounding]) => {
  const more = toFixed(size, width, unsigned, rounding, 0);
  return vectored(JSON.stringify(more.op), 'to-fixed', size, 1, { ...more, answer: 'none' });
});
