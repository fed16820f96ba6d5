/** Compares vectors with the exact unit and with engines. */
import { evaluateFp } from '@hypnos/cpu';
import type { Vectored } from './vectored.ts';
import { ANSWER_BYTES, type Bench } from './bench.ts';
import { type Group, RECORD_BYTES } from './generator.ts';

const WORDS = RECORD_BYTES / 8, ANSWER_WORDS = ANSWER_BYTES / 8;
/** Words of a record: FPCR, flags, three registers of two words, the result's two. */
const FPCR = 0, FLAGS = 1, IN = 2, RESULT = 8;
/** Words of an answer. */
const X6 = 2, FPSR = 3, NZCV = 4;

const hex = (value: bigint | number): string => value.toString(16);

/** Records as words; a copy where they do not stand aligned. */
export function wordsOf(records: Uint8Array): BigUint64Array {
  const aligned = records.byteOffset % 8 === 0 ? records : records.slice();
  return new BigUint64Array(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.length / 8);
}

function told(group: Group, words: BigUint64Array, i: number, who: string, got: string): string {
  const { what } = group, register = (at: number) => `${hex(words[i + at + 1]!)}:${hex(words[i + at]!)}`;
  const registers = [0, 1, 2].slice(0, what.operands).map(n => register(IN + 2 * n)), expected = `${register(RESULT)} flags ${hex(words[i + FLAGS]!)}`;
  return `${what.text} of ${registers.join(', ')} with FPCR ${hex(words[i + FPCR]!)}: MPFR has ${expected}; ${who} ${got}`;
}

/** Where lanes are so wide, lane `n` of two words at `at`. */
const lane = (words: BigUint64Array, at: number, size: number, n: number): bigint =>
  BigInt.asUintN(size, words[at + ((n * size) >> 6)]! >> BigInt((n * size) & 63));

/** The order in which the FpOp has its operands: FPMulAdd's addend is first, the instructions' last. */
const ORDER = { 1: [0], 2: [0, 1], 3: [2, 0, 1] } as const;

export interface Compared { readonly evaluations: number; readonly failures: readonly string[] }

/** The exact unit on every lane. */
export function compareExact(group: Group, words: BigUint64Array): Compared {
  const { what } = group, failures: string[] = [], { op } = what;
  if (!op || (what.lanes !== 'scalar' && what.lanes !== 'all')) return { evaluations: 0, failures };
  const count = what.lanes === 'scalar' ? 1 : 128 / Math.max(what.from, what.to), order = ORDER[what.operands];
  for (let i = 0; i < words.length; i += WORDS) {
    let flags = 0;
    for (let n = 0; n < count; n++) {
      const result = evaluateFp(op, order.map(o => lane(words, i + IN + 2 * o, o === 2 ? what.to : what.from, n)), Number(words[i + FPCR]!));
      flags |= result.flags;
      const expected = lane(words, i + RESULT, what.to, n), got = isMask(what) ? BigInt.asUintN(what.to, -result.value) : result.value;
      if (got !== expected) failures.push(told(group, words, i, 'evaluateFp', `${hex(got)} in lane ${n}`));
    }
    if (BigInt(flags) !== words[i + FLAGS]) failures.push(told(group, words, i, 'evaluateFp', `flags ${hex(flags)}`));
  }
  return { evaluations: (words.length / WORDS) * count, failures };
}
/** Predicates are 1 or 0 to the exact unit, all ones or zeroes to instructions. */
const isMask = ({ op }: Vectored): boolean => op?.op === 'equal' || op?.op === 'greater' || op?.op === 'greater-equal';

/** An engine on the instruction itself; FPSR has what it had before, and the flags. */
export function compareEngine(bench: Bench, group: Group, records: Uint8Array, before: number): Compared {
  if (group.what.answer === 'none') return { evaluations: 0, failures: [] };
  const words = wordsOf(records), answers = bench.run(group.what.text, records, before), failures: string[] = [], held = BigInt(before);
  const isRight = CHECKS[group.what.answer];
  for (let i = 0, a = 0; i < words.length; i += WORDS, a += ANSWER_WORDS) {
    if (isRight(words, i + RESULT, answers, a) && answers[a + FPSR] === (held | words[i + FLAGS]!)) continue;
    const [low, high, x6, fpsr, flags] = [0, 1, X6, FPSR, NZCV].map(at => hex(answers[a + at]!));
    failures.push(told(group, words, i, bench.name, `v3 ${high}:${low} x6 ${x6} FPSR ${fpsr} (before: ${hex(before)}) NZCV ${flags}`));
  }
  return { evaluations: words.length / WORDS, failures };
}

type Check = (words: BigUint64Array, result: number, answers: BigUint64Array, answer: number) => boolean;
const CHECKS: Readonly<Record<Exclude<Vectored['answer'], 'none'>, Check>> = {
  v: (words, result, answers, a) => words[result] === answers[a] && words[result + 1] === answers[a + 1],
  x: (words, result, answers, a) => words[result] === answers[a + X6],
  nzcv: (words, result, answers, a) => words[result]! << 28n === answers[a + NZCV],
  jcvt: (words, result, answers, a) =>
    (words[result]! & 0xffff_ffffn) === answers[a + X6] && (words[result]! >> 32n) << 28n === answers[a + NZCV],
};
