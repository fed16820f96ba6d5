/** The instructions that vectors are made for: arithmetic and comparisons; with those of catalogue-conversions.ts, all. */
import type { FpOp, FpSize } from '@hypnos/isa';
import { BETWEEN_FORMATS, integers, PARTS } from './catalogue-conversions.ts';
import { DIRECTED, everywhere, LETTER, one, SIZES, type Vectored, vectored, whole, written } from './vectored.ts';

/** The mnemonic, the generator's name, and ours. */
const TWO = [
  ['fadd', 'add', 'add'], ['fsub', 'sub', 'sub'], ['fmul', 'mul', 'mul'], ['fdiv', 'div', 'div'], ['fmulx', 'mulx', 'mulx'], ['fabd', 'abd', 'abd'],
  ['fmax', 'max', 'max'], ['fmin', 'min', 'min'], ['fmaxnm', 'maxnm', 'maxnum'], ['fminnm', 'minnm', 'minnum'],
  ['frecps', 'recps', 'recip-step'], ['frsqrts', 'rsqrts', 'rsqrt-step'],
  ['fcmeq', 'eq', 'equal'], ['fcmge', 'ge', 'greater-equal'], ['fcmgt', 'gt', 'greater'],
] as const;
const ONE = [['fsqrt', 'sqrt', 'sqrt'], ['frecpe', 'recpe', 'recip-estimate'], ['frsqrte', 'rsqrte', 'rsqrt-estimate']] as const;

const arithmetic = (size: FpSize): Vectored[] => [
  ...TWO.flatMap(([mnemonic, name, op]) => everywhere(mnemonic, name, size, 2, { op: { op, size } })),
  ...everywhere('fnmul', 'nmul', size, 2, { scalar: true }),
  ...['acge', 'acgt'].flatMap(name => everywhere(`f${name}`, name, size, 2)),
  ...ONE.flatMap(([mnemonic, name, op]) => everywhere(mnemonic, name, size, 1, { op: { op, size } })),
  ...everywhere('frecpx', 'recpx', size, 1, { op: { op: 'recip-exponent', size }, scalar: true }),
];

const fused = (size: FpSize): Vectored[] => {
  const op: FpOp = { op: 'muladd', size };
  return [
    ...everywhere('fmadd', 'madd', size, 3, { op, scalar: true }),
    ...['msub', 'nmadd', 'nmsub'].flatMap(name => everywhere(`f${name}`, name, size, 3, { scalar: true })),
    // The addend is what the destination holds.
    vectored(written('fmla', whole(size), 2), 'madd', size, 3, { op, lanes: 'all' }),
    vectored(written('fmls', whole(size), 2), 'msub', size, 3, { lanes: 'all' }),
  ];
};

const BY_ELEMENT = [['fmul', 'mul', 2], ['fmulx', 'mulx', 2], ['fmla', 'madd', 3], ['fmls', 'msub', 3]] as const;
const byElement = (size: FpSize): Vectored[] => BY_ELEMENT.flatMap(([mnemonic, name, operands]) => {
  const last = `v1.${LETTER[size]}[${128 / size - 1}]`;
  return [
    vectored(`${written(mnemonic, whole(size), 1)}, ${last}`, name, size, operands, { lanes: 'element' }),
    vectored(`${written(mnemonic, one(size), 1)}, ${last}`, name, size, operands, { lanes: 'scalar-element' }),
  ];
});

/** Of neighbours, and of all elements. */
const reductions = (size: FpSize): Vectored[] => ['add', 'max', 'min', 'maxnm', 'minnm'].flatMap(name => [
  vectored(written(`f${name}p`, whole(size), 2), name, size, 2, { lanes: 'pairwise' }),
  vectored(`f${name}p ${one(size)(3)}, v0.2${LETTER[size]}`, name, size, 2, { lanes: 'pairwise-scalar' }),
  ...(name === 'add' || size === 64 ? [] : [vectored(`f${name}v ${one(size)(3)}, ${whole(size)(0)}`, name, size, 2, { lanes: 'across' })]),
]);

const comparisons = (size: FpSize): Vectored[] => {
  const r = one(size);
  return [
    ...['', 'e'].flatMap((e): Vectored[] => {
      const more = { answer: 'nzcv', op: { op: 'compare', size, signalAllNaNs: e === 'e' } } as const;
      return [
        vectored(`fcmp${e} ${r(0)}, ${r(1)}`, `cmp${e}`, size, 2, more), vectored(`fccmp${e} ${r(0)}, ${r(1)}, #5, ne`, `cmp${e}`, size, 2, more),
        vectored(`fcmp${e} ${r(0)}, #0.0`, `cmp${e}0`, size, 1, { answer: 'nzcv' }),
      ];
    }),
    ...['eq', 'ge', 'gt', 'le', 'lt'].flatMap(name => [
      vectored(`${written(`fcm${name}`, r, 1)}, #0.0`, `${name}0`, size, 1),
      vectored(`${written(`fcm${name}`, whole(size), 1)}, #0.0`, `${name}0`, size, 1, { lanes: 'all' }),
    ]),
  ];
};

const roundings = (size: FpSize): Vectored[] => [
  ...DIRECTED.flatMap(([letter, rounding]) =>
    everywhere(`frint${letter}`, 'rint', size, 1, { rounding, op: { op: 'round-int', size, rounding, exact: false } })),
  ...everywhere('frintx', 'rintx', size, 1, { op: { op: 'round-int', size, rounding: 'fpcr', exact: true } }),
  ...everywhere('frinti', 'rint', size, 1, { op: { op: 'round-int', size, rounding: 'fpcr', exact: false } }),
  ...(size === 16 ? [] : [32, 64].flatMap(fractionBits => [
    ...everywhere(`frint${fractionBits}z`, 'rint-to', size, 1, { rounding: 'zero', fractionBits }),
    ...everywhere(`frint${fractionBits}x`, 'rint-to', size, 1, { fractionBits }),
  ])),
];

const complex = (size: FpSize): Vectored[] => [
  ...[90, 270].map(fractionBits => vectored(`${written('fcadd', whole(size), 2)}, #${fractionBits}`, 'add', size, 2, { fractionBits, lanes: 'pairs' })),
  ...[0, 90, 180, 270].flatMap(fractionBits => {
    const element = `v1.${LETTER[size]}[${64 / size - 1}]`;
    return [
      vectored(`${written('fcmla', whole(size), 2)}, #${fractionBits}`, 'madd', size, 3, { fractionBits, lanes: 'pairs' }),
      ...(size === 64 ? []
        : [vectored(`${written('fcmla', whole(size), 1)}, ${element}, #${fractionBits}`, 'madd', size, 3, { fractionBits, lanes: 'pairs-element' })]),
    ];
  }),
];

/** FEAT_FHM. */
const LONG = ['mlal', 'mlsl'].flatMap(name => ['', '2'].flatMap(half => [
  vectored(`f${name}${half} v3.4s, v0.4h, v1.4h`, name, 16, 3, { to: 32, lanes: half ? 'upper' : 'all' }),
  vectored(`f${name}${half} v3.4s, v0.4h, v1.h[7]`, name, 16, 3, { to: 32, lanes: half ? 'upper-element' : 'element' }),
]));

export const CATALOGUE: readonly Vectored[] = [
  ...[arithmetic, fused, byElement, reductions, comparisons, roundings, complex].flatMap(kind => SIZES.flatMap(kind)),
  ...LONG, ...BETWEEN_FORMATS, ...SIZES.flatMap(integers), ...PARTS,
];
