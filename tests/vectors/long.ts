/** The long settings: more vectors of each instruction, all halves in all modes, and estimates over all bits they look at. */
import type { LongRun } from '../long/run.ts';
import { MOST_RECORDS } from './bench.ts';
import { CATALOGUE } from './catalogue.ts';
import type { Group } from './generator.ts';
import { type Benches, benches, isUnary, lanesOf, run, tellingGroups } from './vectors.ts';

/** FPCR of one of the 64 modes: RMode, FZ16, FZ, DN and AHP, as the generator turns them. */
const fpcrOf = (mode: number): number => ((mode & 3) << 22) | (((mode >> 2) & 1) << 19) | (((mode >> 3) & 7) << 24);

/** All values of the top bits, in groups that fit. */
function allOf(what: Group['what'], bits: number, fpcr: number): Group[] {
  const records = 2 ** bits / lanesOf(what), groups = Math.ceil(records / MOST_RECORDS);
  const count = Math.min(records, MOST_RECORDS);
  return Array.from({ length: groups }, (_, i) => ({ what, draw: `all:${bits}`, fpcr, seed: i, start: i * MOST_RECORDS, count }));
}

const isEstimate = (name: string): boolean => name === 'recpe' || name === 'rsqrte';
/** The sign, the exponent, and ten bits of fraction: eight of them count, behind up to two that a denormal shifts out. */
const TOP_BITS = { 32: 1 + 8 + 10, 64: 1 + 11 + 10 } as const;
/** The modes an estimate looks at: RMode and FZ. */
const ESTIMATE_MODES = [0, 1, 2, 3].flatMap(rounding => [rounding, rounding | 8]);

const EACH = 4096, OF_MANY = 256;
const SETTINGS: Readonly<Record<string, { readonly settings: string; readonly parts: number; groups(part: number): Group[] }>> = {
  telling: {
    settings: `${EACH} vectors of each instruction, ${OF_MANY} where it is one of many alike`, parts: 64,
    groups: part => tellingGroups({ seed: 1_000_000 + part, each: EACH, ofMany: OF_MANY }),
  },
  halves: {
    settings: 'all halves through every instruction on one, a mode to a part', parts: 64,
    groups: part => CATALOGUE.filter(what => isUnary(what) && what.from === 16).flatMap(what => allOf(what, 16, fpcrOf(part))),
  },
  estimates: {
    settings: 'FRECPE and FRSQRTE over all bits they look at, a mode to a part', parts: ESTIMATE_MODES.length,
    groups: part => CATALOGUE.filter(what => isEstimate(what.name) && what.lanes === 'all' && what.from !== 16)
      .flatMap(what => allOf(what, TOP_BITS[what.from as 32 | 64], fpcrOf(ESTIMATE_MODES[part]!))),
  },
};

let own: Benches | undefined;
export const LONG_RUNS: readonly LongRun[] = Object.entries(SETTINGS).map(([name, { settings, parts, groups }]) => ({
  name: `vectors-${name}`, settings, parts,
  run(part) {
    own ??= benches();
    const { exact, instructions, asked, failures } = run(groups(part), own);
    const figures = { 'numbers by the exact unit': exact, 'instructions by engines': instructions, 'numbers left to the exact unit': asked };
    return { figures, failures };
  },
}));
