/** One run over the catalogue: every instruction's vectors on the exact unit, the interpreter and, for some of them, the other engines. */
import { type Bench, bench, MOST_RECORDS } from './bench.ts';
import { CATALOGUE } from './catalogue.ts';
import { compareEngine, compareExact, wordsOf } from './compare.ts';
import { generate, type Group, RECORD_BYTES } from './generator.ts';
import type { Vectored } from './vectored.ts';

export interface Setting {
  readonly seed: number;
  /** Records of each instruction, and of each that is one of many alike: half have the default FPCR, the rest all 64 modes by turns. */
  readonly each: number;
  readonly ofMany: number;
}

/** IXC, after which the interpreter's fast paths do not ask whether a result is exact; QC, which is none of floating point's, stays. */
const INEXACT_BEFORE = (1 << 27) | 16;
/** The slower engines get a few of each group. */
const OTHERS_EVERY = 64, OTHERS_LEAST = 8;

export interface Tally {
  /** Numbers computed by the exact unit; instructions run by engines; numbers that the interpreter's fast paths left to the exact unit. */
  exact: number;
  instructions: number;
  asked: number;
  readonly failures: string[];
  /** By instruction: the share of its numbers that fast paths gave, with FPCR and FPSR.IXC as they have it. */
  readonly fast: Map<string, number>;
}

/** The interpreter with its handlers in line, and the other engines: the handlers' functions, and the reference. */
export interface Benches { readonly interpreter: Bench; readonly others: readonly Bench[] }
export const benches = (): Benches => ({ interpreter: bench('interpreter'), others: [bench('functions'), bench('reference')] });

/** Distinct for every group, and nothing that neighbouring seeds share. */
const seedOf = (seed: number, group: number): number => seed * 100_000 + group;

export const tellingGroups = ({ seed, each, ofMany }: Setting): Group[] => CATALOGUE.map((what, i) =>
  ({ what, draw: 'telling', fpcr: 'mixed', seed: seedOf(seed, i), start: 0, count: what.one ? ofMany : each }));

export const isUnary = (what: Vectored): boolean => what.operands === 1 && what.name !== 'from-fixed' && !what.one;
/** Numbers that an instruction computes. */
export function lanesOf({ lanes, from, to }: Vectored): number {
  const all = 128 / Math.max(from, to);
  return lanes === 'across' ? all - 1 : lanes === 'scalar' || lanes === 'scalar-element' || lanes === 'pairwise-scalar' ? 1 : all;
}

/** Every half-precision number through every vector instruction on one operand: each in one of the modes, which the seed turns. */
export const allHalves = (seed: number): Group[] =>
  CATALOGUE.filter(what => isUnary(what) && what.from === 16 && what.lanes === 'all')
    .map(what => ({ what, draw: 'all:16', fpcr: 'turned', seed, start: 0, count: 65_536 / lanesOf(what) }));

export function run(groups: readonly Group[], { interpreter, others }: Benches): Tally {
  const start = interpreter.asked(), tally: Tally = { exact: 0, instructions: 0, asked: 0, failures: [], fast: new Map() };
  for (const [group, records] of generate(groups)) {
    if (group.count > MOST_RECORDS) throw new Error(`${group.what.text}: ${group.count} records do not fit; ask for ${MOST_RECORDS} at most`);
    const exact = compareExact(group, wordsOf(records)), few = Math.max(OTHERS_LEAST, Math.ceil(group.count / OTHERS_EVERY));
    const plain = compareEngine(interpreter, group, records, 0), before = interpreter.asked();
    const inexact = compareEngine(interpreter, group, records, INEXACT_BEFORE), asked = interpreter.asked() - before;
    const first = records.subarray(0, few * RECORD_BYTES), engines = [plain, inexact, ...others.map(other => compareEngine(other, group, first, 0))];
    tally.exact += exact.evaluations;
    for (const { evaluations } of engines) tally.instructions += evaluations;
    tally.fast.set(group.what.text, 1 - asked / (group.count * lanesOf(group.what)));
    for (const { failures } of [exact, ...engines]) tally.failures.push(...failures);
  }
  tally.asked = interpreter.asked() - start;
  return tally;
}
