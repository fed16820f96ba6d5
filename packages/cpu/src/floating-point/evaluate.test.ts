/** Every floating-point operation against the real instruction: special values in all modes, and seeded random operands. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FpOp, type FpSize, fpKey, randomFrom, type Rounding } from '@hypnos/isa';
import { assemble, freshState, oracleMissing, runOnOracle } from '../../test/oracle.ts';
import { evaluateFp } from './evaluate.ts';

/** An operation and the instruction that does it to v0, v1, v2 (or x0), with the answer in v3, x3 or NZCV. */
interface Case {
  readonly op: FpOp;
  readonly text: string;
  readonly operands: number;
  readonly width?: number;
  readonly answer: 'v' | 'x' | 'nzcv' | 'mask';
}

const SIZES: readonly FpSize[] = [16, 32, 64];
const LETTER = { 16: 'h', 32: 's', 64: 'd' } as const;
const DIRECTED: readonly (readonly [string, Rounding])[] = [['n', 'tie-even'], ['p', 'plus-infinity'], ['m', 'minus-infinity'],
  ['z', 'zero'], ['a', 'tie-away']];

const BINARY = { add: 'fadd', sub: 'fsub', mul: 'fmul', div: 'fdiv', mulx: 'fmulx', max: 'fmax', min: 'fmin', maxnum: 'fmaxnm',
  minnum: 'fminnm', abd: 'fabd' } as const;
const STEPS = { 'recip-step': 'frecps', 'rsqrt-step': 'frsqrts' } as const;
const UNARY = { sqrt: 'fsqrt', 'recip-estimate': 'frecpe', 'recip-exponent': 'frecpx', 'rsqrt-estimate': 'frsqrte' } as const;
const PREDICATES = { equal: 'fcmeq', 'greater-equal': 'fcmge', greater: 'fcmgt' } as const;
const entries = <K extends string>(table: Readonly<Record<K, string>>) => Object.entries(table) as [K, string][];

function casesOf(size: FpSize): Case[] {
  const l = LETTER[size], three = (name: string) => `${name} ${l}3, ${l}0, ${l}1`, two = (name: string) => `${name} ${l}3, ${l}0`;
  return [
    ...entries(BINARY).map(([op, name]): Case => ({ op: { op, size }, text: three(name), operands: 2, answer: 'v' })),
    ...entries(STEPS).map(([op, name]): Case => ({ op: { op, size }, text: three(name), operands: 2, answer: 'v' })),
    ...entries(UNARY).map(([op, name]): Case => ({ op: { op, size }, text: two(name), operands: 1, answer: 'v' })),
    ...entries(PREDICATES).map(([op, name]): Case => ({ op: { op, size }, text: three(name), operands: 2, answer: 'mask' })),
    { op: { op: 'muladd', size }, text: `fmadd ${l}3, ${l}1, ${l}2, ${l}0`, operands: 3, answer: 'v' },
    { op: { op: 'compare', size, signalAllNaNs: false }, text: `fcmp ${l}0, ${l}1`, operands: 2, answer: 'nzcv' },
    { op: { op: 'compare', size, signalAllNaNs: true }, text: `fcmpe ${l}0, ${l}1`, operands: 2, answer: 'nzcv' },
    ...DIRECTED.map(([letter, rounding]): Case =>
      ({ op: { op: 'round-int', size, rounding, exact: false }, text: two(`frint${letter}`), operands: 1, answer: 'v' })),
    { op: { op: 'round-int', size, rounding: 'fpcr', exact: true }, text: two('frintx'), operands: 1, answer: 'v' },
    { op: { op: 'round-int', size, rounding: 'fpcr', exact: false }, text: two('frinti'), operands: 1, answer: 'v' },
    ...SIZES.filter(to => to !== size).map((to): Case =>
      ({ op: { op: 'convert', from: size, to }, text: `fcvt ${LETTER[to]}3, ${l}0`, operands: 1, answer: 'v' })),
    ...fixedCases(size),
  ];
}

function fixedCases(size: FpSize): Case[] {
  const l = LETTER[size];
  return ([32, 64] as const).flatMap(width => [false, true].flatMap((unsigned): Case[] => {
    const r = width === 64 ? 'x' : 'w', s = unsigned ? 'u' : 's';
    const to = (rounding: Rounding, fractionBits: number): FpOp => ({ op: 'to-fixed', size, width, unsigned, rounding, fractionBits });
    const from = (fractionBits: number): FpOp => ({ op: 'from-fixed', size, width, unsigned, fractionBits });
    return [
      ...DIRECTED.map(([letter, rounding]): Case =>
        ({ op: to(rounding, 0), text: `fcvt${letter}${s} ${r}3, ${l}0`, operands: 1, answer: 'x' })),
      { op: from(0), text: `${s}cvtf ${l}3, ${r}0`, operands: 1, width, answer: 'v' },
      ...[1, 13, width].flatMap((bits): Case[] => [
        { op: to('zero', bits), text: `fcvtz${s} ${r}3, ${l}0, #${bits}`, operands: 1, answer: 'x' },
        { op: from(bits), text: `${s}cvtf ${l}3, ${r}0, #${bits}`, operands: 1, width, answer: 'v' },
      ]),
    ];
  }));
}

/** FCVTXN, and 16-bit integers, which only vectors have. */
const OTHERS: readonly Case[] = [
  { op: { op: 'convert', from: 64, to: 32, rounding: 'odd' }, text: 'fcvtxn s3, d0', operands: 1, answer: 'v' },
  ...[false, true].flatMap((unsigned): Case[] => {
    const s = unsigned ? 'u' : 's';
    return [
      ...DIRECTED.map(([letter, rounding]): Case =>
        ({ op: { op: 'to-fixed', size: 16, width: 16, unsigned, rounding, fractionBits: 0 }, text: `fcvt${letter}${s} h3, h0`,
          operands: 1, answer: 'v' })),
      { op: { op: 'from-fixed', size: 16, width: 16, unsigned, fractionBits: 0 }, text: `${s}cvtf h3, h0`, operands: 1, answer: 'v' },
      { op: { op: 'from-fixed', size: 16, width: 16, unsigned, fractionBits: 5 }, text: `${s}cvtf h3, h0, #5`, operands: 1, answer: 'v' },
    ];
  }),
];
const CASES: readonly Case[] = [...SIZES.flatMap(casesOf), ...OTHERS];

const sizeOf = ({ op }: Case): number => (op.op === 'convert' ? op.from : op.size);
const FRACTION: Readonly<Record<number, number>> = { 16: 10, 32: 23, 64: 52 };

/** Patterns around every border: zeroes, denormals, the least and largest normals, one, integers, infinities, NaNs of both kinds. */
function specials(size: number): bigint[] {
  const fraction = BigInt(FRACTION[size]!), all = (1n << BigInt(size - 1)) - (1n << fraction), bias = all / 2n & ~((1n << fraction) - 1n),
    one = bias;
  const quiet = 1n << (fraction - 1n), unit = 1n << fraction;
  const positive = [
    0n, 1n, quiet - 1n, quiet, unit - 1n, unit, unit + 1n, 2n * unit - 1n, 3n * unit, one - unit, one - unit + 1n, one - 1n, one,
    one + 1n, one + quiet, one + unit, one + unit + quiet, one + 5n * unit + 3n, one + fraction * unit + 1n, one + (fraction - 1n) * unit + 1n,
    one + 31n * unit,
    one + 30n * unit - 1n,
    all - unit, all - unit - 1n, all - 2n * unit, all - 1n, all, all | 1n, all | quiet, all | quiet | 5n, all | (quiet - 1n),
  ].map(n => BigInt.asUintN(size - 1, n));
  return positive.flatMap(n => [n, n | (1n << BigInt(size - 1))]);
}
const INTEGERS = [0n, 1n, 2n, 3n, 0x7fn, 0xffffn, 0x7fffn, 0x8000n, 0x1000001n, 0x1000003n, 0x7fffffffn, 0x80000000n, 0xffffffffn,
  0x7fffff80n, 0x7fffffc0n, 0x20000000000001n, 0x20000000000003n, 0x7fffffffffffffffn, 0x8000000000000000n, 0xffffffffffffffffn,
  0xfffffffffffffc00n,
  0xfffffe8000000000n];

/** All rounding modes with and without FZ, FZ16, DN and AHP. */
const MODES = [0, 1, 2, 3].map(mode => mode << 22);
const SWITCHES = [0, 1 << 24, 1 << 25, (1 << 24) | (1 << 25), 1 << 19, 1 << 26, (1 << 19) | (1 << 24) | (1 << 26)];
const FPCRS = MODES.flatMap(mode => SWITCHES.map(switches => mode | switches));

const RANDOM_PER_MODE = 40;

type Random = (below: number) => number;
function randomOperand(random: Random, c: Case): bigint {
  const size = c.width ?? sizeOf(c), bits = (random(0x10000) * 2 ** 32 + random(0x10000) * 2 ** 16 + random(0x10000));
  const whole = BigInt.asUintN(size, (BigInt(bits) << 16n) | BigInt(random(0x10000)));
  if (c.width !== undefined || c.op.op === 'from-fixed') return random(2) ? whole >> BigInt(random(size)) : whole;
  // Half of them near one, where cancellation, ties and integers are.
  const fraction = BigInt(FRACTION[size]!), low = BigInt.asUintN(Number(fraction), whole);
  const sparse = random(2) ? (low >> BigInt(random(Number(fraction)))) << BigInt(random(Number(fraction))) : low;
  const bias = (1n << BigInt(size - 2 - Number(fraction))) - 1n,
    near = BigInt.asUintN(size - 1 - Number(fraction), bias + BigInt(random(64) - 24));
  if (random(2)) return whole;
  return (BigInt(random(2)) << BigInt(size - 1)) | (near << fraction) | BigInt.asUintN(Number(fraction), sparse);
}

/** Operand tuples: special values met with each other, then random ones, some of them equal or next to each other. */
function* operandsOf(c: Case, random: Random, randomCount: number): Generator<readonly bigint[]> {
  const values = c.op.op === 'from-fixed' ? INTEGERS : specials(sizeOf(c));
  const pick = () => values[random(values.length)]!;
  if (c.operands === 1) for (const a of values) yield [a];
  if (c.operands === 2) for (const a of values) for (let i = 0; i < 3; i++) yield [a, pick()];
  if (c.operands === 3) for (const a of values) for (let i = 0; i < 6; i++) yield [a, pick(), pick()];
  for (let i = 0; i < randomCount; i++) {
    const drawn = Array.from({ length: c.operands }, () => randomOperand(random, c));
    if (random(8) === 0) drawn[drawn.length - 1] = drawn[0]! ^ BigInt(random(3));
    if (random(8) === 0) drawn[random(drawn.length)] = pick();
    yield drawn;
  }
}

interface Trial { readonly operands: readonly bigint[]; readonly fpcr: number }
function* trialsOf(c: Case): Generator<Trial> {
  const random = randomFrom([...fpKey(c.op)].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) | 0, 7));
  for (const fpcr of FPCRS) for (const operands of operandsOf(c, random, RANDOM_PER_MODE)) yield { operands, fpcr };
}

function stateOf(c: Case, { operands, fpcr }: Trial) {
  const state = freshState();
  state.fpcr = BigInt(fpcr);
  operands.forEach((value, i) => {
    state.v[i * 2] = value;
    if (c.width !== undefined) state.x[i] = value;
  });
  return state;
}

/** FPSR's cumulative bits. */
const EXCEPTIONS = 0x9fn;

function differences(c: Case, word: number): string[] {
  const trials = [...trialsOf(c)], theirStates = runOnOracle(trials.map(trial => ({ word, state: stateOf(c, trial) })));
  return trials.flatMap((trial, i) => {
    const ours = evaluateFp(c.op, trial.operands, trial.fpcr), theirs = theirStates[i]!;
    const value = { x: theirs.x[3]!, v: theirs.v[6]!, nzcv: theirs.nzcv >> 28n, mask: theirs.v[6]! & 1n }[c.answer];
    const flags = Number(theirs.fpsr & EXCEPTIONS);
    if (value === ours.value && flags === ours.flags) return [];
    const hex = (n: bigint | number) => n.toString(16);
    const answers = `ours ${hex(ours.value)} flags ${hex(ours.flags)}, theirs ${hex(value)} flags ${hex(flags)}`;
    return [`fpcr ${hex(trial.fpcr)} ${trial.operands.map(hex).join(' ')}: ${answers}`];
  });
}

test('floating point is the real thing', { skip: oracleMissing }, async t => {
  const words = assemble(CASES.map(c => c.text));
  for (const [i, c] of CASES.entries()) {
    await t.test(c.text, () => {
      const found = differences(c, words[i]!);
      assert.deepEqual(found.slice(0, 10), [], `${found.length} differences`);
    });
  }
});
