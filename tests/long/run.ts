/** Runs the parts of a long run that are not in its results file yet; the command line of every long setting. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HypnosError } from '@hypnos/base';
import { appendResult, readResults, RESULTS, summary } from './results.ts';

export interface LongRun {
  readonly name: string;
  /** What one part does and how it is drawn: `1000000 instructions` for example. */
  readonly settings: string;
  /** How many parts make the whole. */
  readonly parts: number;
  /** Runs one part, which depends on nothing but its number. */
  run(part: number): Promise<PartOutcome> | PartOutcome;
}

export interface PartOutcome {
  /** Counts, which add up over parts. */
  readonly figures: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
}

export const LONG_HELP = `  --parts A-B      only these parts (default: all)
  --minutes N      start no further part after so long
  --again          run parts that are in the results file as well
  --report         run nothing; say which parts ran, and with what
  --results FILE   where a line for each finished part goes (default: build/results/NAME.jsonl)
  --json           the parts' results as JSON on standard output`;

/** The command line; answers the exit status: 1 where a part of the run failed. */
export async function longCommand(long: LongRun, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      parts: { type: 'string' }, minutes: { type: 'string' }, again: { type: 'boolean', default: false },
      report: { type: 'boolean', default: false }, results: { type: 'string' }, json: { type: 'boolean', default: false },
    },
  });
  const file = values.results ?? join(RESULTS, `${long.name}.jsonl`), [first, last] = chosen(values.parts, long.parts);
  const until = values.minutes === undefined ? Infinity : Date.now() + Number(values.minutes) * 60_000;
  const known = () => readResults(file, long.name, long.settings);
  const done = new Set(values.again ? [] : known().map(r => r.part));
  for (let part = first; part <= last && !values.report && Date.now() < until; part++) {
    if (!done.has(part)) await runPart(long, part, file, line => console.error(line));
  }
  const results = known();
  console.log(values.json ? JSON.stringify(results) : `${long.name} (${long.settings}): ${summary(results, long.parts)}`);
  return results.some(r => r.failures.length > 0) ? 1 : 0;
}

async function runPart(long: LongRun, part: number, file: string, say: (line: string) => void): Promise<void> {
  const from = Date.now(), commit = commitOfTree(), { figures, failures } = await long.run(part);
  const seconds = (Date.now() - from) / 1000;
  appendResult(file, { run: long.name, settings: long.settings, part, commit, ended: new Date().toISOString(), seconds, figures, failures });
  for (const failure of failures.slice(0, 10)) say(failure);
  say(`part ${part} of ${long.parts}: ${Object.entries(figures).map(([name, count]) => `${name} ${count}`).join(', ')}; ${failures.length} failures, ${seconds.toFixed(0)} s`);
}

function chosen(text: string | undefined, parts: number): readonly [number, number] {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text ?? `0-${parts - 1}`), first = Number(match?.[1]), last = Number(match?.[2] ?? match?.[1]);
  if (!match || first > last || last >= parts) throw new HypnosError('EINVAL', `${text} is no choice of parts: use N or A-B, from 0 to ${parts - 1}.`);
  return [first, last];
}

/** The commit that the tree is at, with a `+` where it has changes. */
export function commitOfTree(): string {
  const git = (...args: string[]) => spawnSync('git', args, { encoding: 'utf8', cwd: import.meta.dirname }).stdout?.trim() ?? '';
  return (git('rev-parse', '--short', 'HEAD') || 'unknown') + (git('status', '--porcelain', '--untracked-files=no') ? '+' : '');
}
