/** The instructions that vectors are made for: how each is written, what the generator is asked for, and which FpOp it is, if it is one. */
import type { FpOp, FpSize, Rounding } from '@hypnos/isa';

/** Operands stand in v0, v1 and v2 (a general operand in x5, as in v0), v3 is a copy of v2; the answer comes in v3, x6 or NZCV. */
export interface Vectored {
  readonly text: string;
  /** The generator's name of the operation, and the formats or widths it goes from and to. */
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly unsigned?: boolean;
  readonly rounding?: Rounding | 'odd';
  /** Fraction bits, how far complex numbers are turned, or the width of the integers that FRINT32X and its kin fit. */
  readonly fractionBits?: number;
  /** How operands stand in the registers: see the generator's main.c. */
  readonly lanes: 'scalar' | 'all' | 'element' | 'scalar-element' | 'upper' | 'upper-element' | 'pairwise' | 'pairwise-scalar' | 'across' | 'pairs' | 'pairs-element';
  /** The numbers from each lane; absent where the row does more than one FpOp. */
  readonly op?: FpOp;
  /** `none`: no instruction does just this; rows are made of it. */
  readonly answer: 'v' | 'x' | 'nzcv' | 'jcvt' | 'none';
  readonly operands: 1 | 2 | 3;
  /** One of many of a kind: fewer vectors each. */
  readonly one?: boolean;
}

export const SIZES: readonly FpSize[] = [16, 32, 64];
const LETTER = { 16: 'h', 32: 's', 64: 'd' } as const, VECTOR = { 16: '8h', 32: '4s', 64: '2d' } as const;
const HALF_VECTOR = { 16: '4h', 32: '2s' } as const;
/** Registers as instructions on one number or on a whole vector write them. */
const one = (size: FpSize) => (n: number): string => `${LETTER[size]}${n}`;
const whole = (size: FpSize) => (n: number): string => `v${n}.${VECTOR[size]}`;

type TwoOp = 'add' | 'sub' | 'mul' | 'div' | 'mulx' | 'max' | 'min' | 'maxnum' | 'minnum' | 'abd' | 'recip-step' | 'rsqrt-step';
/** The generator's name, ours, the mnemonic, and whether it is scalar and a vector. */
const TWO: readonly (readonly [name: string, op: TwoOp | null, mnemonic: string, where: 'scalar' | 'both'])[] = [
  ['add', 'add', 'fadd', 'both'], ['sub', 'sub', 'fsub', 'both'], ['mul', 'mul', 'fmul', 'both'], ['nmul', null, 'fnmul', 'scalar'],
  ['div', 'div', 'fdiv', 'both'], ['mulx', 'mulx', 'fmulx', 'both'], ['abd', 'abd', 'fabd', 'both'],
  ['max', 'max', 'fmax', 'both'], ['min', 'min', 'fmin', 'both'], ['maxnm', 'maxnum', 'fmaxnm', 'both'], ['minnm', 'minnum', 'fminnm', 'both'],
  ['recps', 'recip-step', 'frecps', 'both'], ['rsqrts', 'rsqrt-step', 'frsqrts', 'both'],
];
const PREDICATES = [
  ['eq', 'equal', 'fcmeq'], ['ge', 'greater-equal', 'fcmge'], ['gt', 'greater', 'fcmgt'], ['acge', null, 'facge'], ['acgt', null, 'facgt'],
] as const;
const ONE = [
  ['sqrt', 'sqrt', 'fsqrt', 'both'], ['recpe', 'recip-estimate', 'frecpe', 'both'], ['rsqrte', 'rsqrt-estimate', 'frsqrte', 'both'],
  ['recpx', 'recip-exponent', 'frecpx', 'scalar'],
] as const;
const FUSED = [['madd', 'fmadd'], ['msub', 'fmsub'], ['nmadd', 'fnmadd'], ['nmsub', 'fnmsub']] as const;
const DIRECTED: readonly (readonly [string, Rounding])[] = [
  ['n', 'tie-even'], ['p', 'plus-infinity'], ['m', 'minus-infinity'], ['z', 'zero'], ['a', 'tie-away'],
];

/** The same operation on one number and, where there is such an instruction, on every lane of a vector. */
function both(size: FpSize, count: 1 | 2 | 3, mnemonic: string, where: 'scalar' | 'both', more: Pick<Vectored, 'name' | 'rounding' | 'to' | 'fractionBits'> & { readonly op?: FpOp }): Vectored[] {
  const written = (reg: (n: number) => string) => `${mnemonic} ${[3, 0, 1, 2].slice(0, count + 1).map(reg).join(', ')}`;
  const shared = { ...more, from: size, answer: 'v', operands: count } as const;
  return [
    { ...shared, text: written(one(size)), lanes: 'scalar' },
    ...(where === 'both' ? [{ ...shared, text: written(whole(size)), lanes: 'all' } as const] : []),
  ];
}

const arithmetic = (size: FpSize): Vectored[] => [
  ...TWO.flatMap(([name, op, mnemonic, where]) => both(size, 2, mnemonic, where, { name, to: size, ...(op && { op: { op, size } }) })),
  ...PREDICATES.flatMap(([name, op, mnemonic]) => both(size, 2, mnemonic, 'both', { name, to: size, ...(op && { op: { op, size } }) })),
  ...ONE.flatMap(([name, op, mnemonic, where]) => both(size, 1, mnemonic, where, { name, to: size, op: { op, size } })),
  ...FUSED.flatMap(([name, mnemonic]) => both(size, 3, mnemonic, 'scalar', { name, to: size, ...(name === 'madd' && { op: { op: 'muladd', size } }) })),
  ...[['madd', 'fmla'], ['msub', 'fmls']].map(([name, mnemonic]): Vectored => ({
    text: `${mnemonic} ${[3, 0, 1].map(whole(size)).join(', ')}`, name: name!, from: size, to: size, lanes: 'all', answer: 'v', operands: 3,
    ...(name === 'madd' && { op: { op: 'muladd', size } }),
  })),
];

/** The last element of v1. */
const last = (size: FpSize): string => `v1.${LETTER[size]}[${128 / size - 1}]`;
const byElement = (size: FpSize): Vectored[] => [['mul', 'fmul', 2], ['mulx', 'fmulx', 2], ['madd', 'fmla', 3], ['msub', 'fmls', 3]].flatMap(([name, mnemonic, operands]): Vectored[] => {
  const shared = { name: name as string, from: size, to: size, answer: 'v', operands: operands as 2 | 3 } as const;
  return [
    { ...shared, text: `${mnemonic} ${whole(size)(3)}, ${whole(size)(0)}, ${last(size)}`, lanes: 'element' },
    { ...shared, text: `${mnemonic} ${one(size)(3)}, ${one(size)(0)}, ${last(size)}`, lanes: 'scalar-element' },
  ];
});

/** Of neighbours, and of all elements. */
const reductions = (size: FpSize): Vectored[] => [['add', 'fadd'], ['max', 'fmax'], ['min', 'fmin'], ['maxnm', 'fmaxnm'], ['minnm', 'fminnm']].flatMap(([name, mnemonic]): Vectored[] => {
  const shared = { name: name!, from: size, to: size, answer: 'v', operands: 2 } as const;
  return [
    { ...shared, text: `${mnemonic}p ${[3, 0, 1].map(whole(size)).join(', ')}`, lanes: 'pairwise' },
    { ...shared, text: `${mnemonic}p ${one(size)(3)}, v0.2${LETTER[size]}`, lanes: 'pairwise-scalar' },
    ...(name === 'add' || size === 64 ? [] : [{ ...shared, text: `${mnemonic}v ${one(size)(3)}, ${whole(size)(0)}`, lanes: 'across' } as const]),
  ];
});

const comparisonsWithZero = (size: FpSize): Vectored[] => [
  ...['eq', 'ge', 'gt', 'le', 'lt'].flatMap(name => [one(size), whole(size)].map((reg, i): Vectored =>
    ({ text: `fcm${name} ${reg(3)}, ${reg(0)}, #0.0`, name: `${name}0`, from: size, to: size, lanes: i ? 'all' : 'scalar', answer: 'v', operands: 1 }))),
  ...['', 'e'].map((e): Vectored => ({ text: `fcmp${e} ${one(size)(0)}, #0.0`, name: `cmp${e}0`, from: size, to: size, lanes: 'scalar', answer: 'nzcv', operands: 1 })),
];

const comparisons = (size: FpSize): Vectored[] => [false, true].flatMap((signalAllNaNs): Vectored[] => {
  const e = signalAllNaNs ? 'e' : '', r = one(size), compare: FpOp = { op: 'compare', size, signalAllNaNs };
  const shared = { name: `cmp${e}`, from: size, to: size, lanes: 'scalar', answer: 'nzcv', operands: 2, op: compare } as const;
  return [{ ...shared, text: `fcmp${e} ${r(0)}, ${r(1)}` }, { ...shared, text: `fccmp${e} ${r(0)}, ${r(1)}, #5, ne` }];
});

const roundings = (size: FpSize): Vectored[] => [
  ...DIRECTED.flatMap(([letter, rounding]) =>
    both(size, 1, `frint${letter}`, 'both', { name: 'rint', to: size, rounding, op: { op: 'round-int', size, rounding, exact: false } })),
  ...both(size, 1, 'frintx', 'both', { name: 'rintx', to: size, op: { op: 'round-int', size, rounding: 'fpcr', exact: true } }),
  ...both(size, 1, 'frinti', 'both', { name: 'rint', to: size, op: { op: 'round-int', size, rounding: 'fpcr', exact: false } }),
  ...(size === 16 ? [] : [32, 64].flatMap(width => [
    ...both(size, 1, `frint${width}z`, 'both', { name: 'rint-to', to: size, rounding: 'zero', fractionBits: width }),
    ...both(size, 1, `frint${width}x`, 'both', { name: 'rint-to', to: size, fractionBits: width }),
  ])),
];

const CONVERSIONS: readonly Vectored[] = [
  ...SIZES.flatMap(from => SIZES.filter(to => to !== from).map((to): Vectored => ({
    text: `fcvt ${one(to)(3)}, ${one(from)(0)}`, name: 'convert', from, to, lanes: 'scalar', answer: 'v', operands: 1, op: { op: 'convert', from, to },
  }))),
  ...([[32, 16], [64, 32]] as const).flatMap(([wide, narrow]): Vectored[] => [
    {
      text: `fcvtn v3.${HALF_VECTOR[narrow]}, ${whole(wide)(0)}`, name: 'convert', from: wide, to: narrow, lanes: 'all', answer: 'v', operands: 1,
      op: { op: 'convert', from: wide, to: narrow },
    },
    {
      text: `fcvtl ${whole(wide)(3)}, v0.${HALF_VECTOR[narrow]}`, name: 'convert', from: narrow, to: wide, lanes: 'all', answer: 'v', operands: 1,
      op: { op: 'convert', from: narrow, to: wide },
    },
  ]),
  ...(['scalar', 'all'] as const).map((lanes): Vectored => ({
    text: lanes === 'scalar' ? 'fcvtxn s3, d0' : 'fcvtxn v3.2s, v0.2d', name: 'convert', from: 64, to: 32, rounding: 'odd', lanes, answer: 'v', operands: 1,
    op: { op: 'convert', from: 64, to: 32, rounding: 'odd' },
  })),
  { text: 'fjcvtzs w6, d0', name: 'jcvt', from: 64, to: 64, lanes: 'scalar', answer: 'jcvt', operands: 1 },
];

/** Between numbers and integers in general registers, without and with every number of fraction bits. */
function generalIntegers(size: FpSize, width: 32 | 64, unsigned: boolean): Vectored[] {
  const r = width === 64 ? 'x' : 'w', s = unsigned ? 'u' : 's', number = one(size);
  const to = (text: string, rounding: Rounding, fractionBits: number): Vectored => ({
    text, name: 'to-fixed', from: size, to: width, unsigned, rounding, fractionBits, lanes: 'scalar', answer: 'x', operands: 1,
    op: { op: 'to-fixed', size, width, unsigned, rounding, fractionBits }, one: fractionBits > 0,
  });
  const from = (text: string, fractionBits: number): Vectored => ({
    text, name: 'from-fixed', from: width, to: size, unsigned, fractionBits, lanes: 'scalar', answer: 'v', operands: 1,
    op: { op: 'from-fixed', size, width, unsigned, fractionBits }, one: fractionBits > 0,
  });
  return [
    ...DIRECTED.map(([letter, rounding]) => to(`fcvt${letter}${s} ${r}6, ${number(0)}`, rounding, 0)),
    from(`${s}cvtf ${number(3)}, ${r}5`, 0),
    ...places(width).flatMap(bits => [
      to(`fcvtz${s} ${r}6, ${number(0)}, #${bits}`, 'zero', bits), from(`${s}cvtf ${number(3)}, ${r}5, #${bits}`, bits),
    ]),
  ];
}
const places = (width: number): number[] => Array.from({ length: width }, (_, i) => i + 1);

/** Between numbers and integers of the same size in vector registers. */
function vectorIntegers(size: FpSize, unsigned: boolean): Vectored[] {
  const s = unsigned ? 'u' : 's', shared = { from: size, to: size, unsigned, answer: 'v', operands: 1 } as const;
  const forms = (mnemonic: string, more: Pick<Vectored, 'name' | 'op' | 'rounding' | 'fractionBits'>, by: number): Vectored[] => {
    const written = (reg: (n: number) => string) => `${mnemonic} ${reg(3)}, ${reg(0)}${by ? `, #${by}` : ''}`, few = { one: by > 0 };
    return [
      { ...shared, ...more, ...few, text: written(one(size)), lanes: 'scalar' }, { ...shared, ...more, ...few, text: written(whole(size)), lanes: 'all' },
    ];
  };
  const to = (rounding: Rounding, fractionBits: number): Pick<Vectored, 'name' | 'op' | 'rounding' | 'fractionBits'> => ({
    name: 'to-fixed', rounding, fractionBits, op: { op: 'to-fixed', size, width: size, unsigned, rounding, fractionBits },
  });
  const from = (fractionBits: number): Pick<Vectored, 'name' | 'op' | 'fractionBits'> => ({
    name: 'from-fixed', fractionBits, op: { op: 'from-fixed', size, width: size, unsigned, fractionBits },
  });
  return [
    ...DIRECTED.flatMap(([letter, rounding]) => forms(`fcvt${letter}${s}`, to(rounding, 0), 0)), ...forms(`${s}cvtf`, from(0), 0),
    ...places(size).flatMap(bits => [...forms(`fcvtz${s}`, to('zero', bits), bits), ...forms(`${s}cvtf`, from(bits), bits)]),
  ];
}

const complex = (size: FpSize): Vectored[] => [
  ...[90, 270].map((turn): Vectored => ({
    text: `fcadd ${[3, 0, 1].map(whole(size)).join(', ')}, #${turn}`, name: 'add', from: size, to: size, fractionBits: turn, lanes: 'pairs', answer: 'v', operands: 2,
  })),
  ...[0, 90, 180, 270].flatMap((turn): Vectored[] => {
    const shared = { name: 'madd', from: size, to: size, fractionBits: turn, answer: 'v', operands: 3 } as const, registers = [3, 0].map(whole(size)).join(', ');
    return [
      { ...shared, text: `fcmla ${registers}, ${whole(size)(1)}, #${turn}`, lanes: 'pairs' },
      ...(size === 64 ? [] : [{ ...shared, text: `fcmla ${registers}, v1.${LETTER[size]}[${64 / size - 1}], #${turn}`, lanes: 'pairs-element' } as const]),
    ];
  }),
];

/** FEAT_FHM, and conversions, on upper halves of vectors. */
const LONG = [['mlal', 'fmlal'], ['mlsl', 'fmlsl']].flatMap(([name, mnemonic]): Vectored[] => {
  const shared = { name: name!, from: 16, to: 32, answer: 'v', operands: 3 } as const;
  return (['', '2'] as const).flatMap(half => [
    { ...shared, text: `${mnemonic}${half} v3.4s, v0.4h, v1.4h`, lanes: half ? 'upper' : 'all' } as const,
    { ...shared, text: `${mnemonic}${half} v3.4s, v0.4h, v1.h[7]`, lanes: half ? 'upper-element' : 'element' } as const,
  ]);
});
const UPPER = ([['fcvtn2 v3.8h, v0.4s', 32, 16], ['fcvtn2 v3.4s, v0.2d', 64, 32], ['fcvtl2 v3.4s, v0.8h', 16, 32], ['fcvtl2 v3.2d, v0.4s', 32, 64], ['fcvtxn2 v3.4s, v0.2d', 64, 32]] as const)
  .map(([text, from, to]): Vectored => ({ text, name: 'convert', from, to, lanes: 'upper', answer: 'v', operands: 1, ...(text.startsWith('fcvtx') && { rounding: 'odd' }) }));

/** What rows make others of: FCVTZS (fixed-point) on halfwords is of doubles, and FRINT32X asks for the exceptions of a conversion. */
const PARTS: readonly Vectored[] = [
  ...[false, true].map((unsigned): FpOp & { op: 'to-fixed' } => ({ op: 'to-fixed', size: 64, width: 16, unsigned, rounding: 'zero', fractionBits: 0 })),
  ...([32, 64] as const).flatMap(size => ([32, 64] as const).map((width): FpOp & { op: 'to-fixed' } =>
    ({ op: 'to-fixed', size, width, unsigned: false, rounding: 'fpcr', fractionBits: 0 }))),
].map(op => ({
  text: JSON.stringify(op), name: 'to-fixed', from: op.size, to: op.width, unsigned: op.unsigned, rounding: op.rounding, lanes: 'scalar', answer: 'none', operands: 1, op,
}));

export const CATALOGUE: readonly Vectored[] = [
  ...SIZES.flatMap(size => [...arithmetic(size), ...byElement(size), ...reductions(size), ...comparisons(size), ...comparisonsWithZero(size), ...roundings(size), ...complex(size)]),
  ...CONVERSIONS, ...LONG, ...UPPER, ...PARTS,
  ...SIZES.flatMap(size => [false, true].flatMap(unsigned => [
    ...generalIntegers(size, 32, unsigned), ...generalIntegers(size, 64, unsigned), ...vectorIntegers(size, unsigned),
  ])),
];
