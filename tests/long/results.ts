/** The results file of long runs: one JSON line for each finished part, appended when the part ends, so that a run that is cut off loses one part at most. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HypnosError } from '@hypnos/base';

export const RESULTS: string = join(import.meta.dirname, '..', '..', 'build', 'results');

/** One finished part. Figures are counts, which add up over parts. */
export interface PartResult {
  /** The run's name, and the settings that change what a part does; a part of other settings is another part. */
  readonly run: string;
  readonly settings: string;
  readonly part: number;
  /** The commit it ran on, with a `+` where the tree had changes. */
  readonly commit: string;
  /** When it ended, as ISO 8601. */
  readonly ended: string;
  readonly seconds: number;
  readonly figures: Readonly<Record<string, number>>;
  /** What was found wrong, a text each; empty when the part is good. */
  readonly failures: readonly string[];
}

/** Appends a line; one that a run was cut off in is taken away first, or it would spoil this one. */
export function appendResult(file: string, result: PartResult): void {
  mkdirSync(dirname(file), { recursive: true });
  const text = existsSync(file) ? readFileSync(file) : Buffer.alloc(0), whole = text.lastIndexOf('\n') + 1;
  if (whole < text.length) truncateSync(file, whole);
  appendFileSync(file, `${JSON.stringify(result)}\n`);
}

/** The parts of one run in `file`, the newest line of each; a last line that was cut off is left out. */
export function readResults(file: string, run: string, settings: string): PartResult[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n'), byPart = new Map<number, PartResult>();
  lines.forEach((line, at) => {
    if (line === '') return;
    const result = parsed(line);
    if (!result && at === lines.length - 1) return;
    if (!result) throw new HypnosError('EINVAL', `line ${at + 1} of ${file} is not a result: remove the line, and its part runs again.`);
    if (result.run === run && result.settings === settings) byPart.set(result.part, result);
  });
  return [...byPart.values()].sort((a, b) => a.part - b.part);
}

function parsed(line: string): PartResult | null {
  try {
    const value = JSON.parse(line) as PartResult;
    return Number.isInteger(value.part) && Array.isArray(value.failures) ? value : null;
  } catch {
    return null;
  }
}

/** `0-4, 7` of 0, 1, 2, 3, 4 and 7. */
export function ranges(parts: readonly number[]): string {
  const out: string[] = [];
  for (let from = 0, to = 0; from < parts.length; from = to + 1) {
    for (to = from; parts[to + 1] === parts[to]! + 1; ) to++;
    out.push(from === to ? `${parts[from]}` : `${parts[from]}-${parts[to]}`);
  }
  return out.join(', ');
}

export function summary(results: readonly PartResult[], parts: number): string {
  const totals = new Map<string, number>();
  for (const { figures } of results) for (const [name, count] of Object.entries(figures)) totals.set(name, (totals.get(name) ?? 0) + count);
  const failures = results.flatMap(r => r.failures), seconds = results.reduce((sum, r) => sum + r.seconds, 0);
  const commits = [...new Set(results.map(r => r.commit))].join(', ');
  return [
    `${results.length} of ${parts} parts ran (${ranges(results.map(r => r.part)) || 'none'})${commits && ` on ${commits}`}, ${Math.round(seconds)} s in all`,
    ...[...totals].map(([name, count]) => `  ${name}: ${count.toLocaleString('en')}`),
    failures.length ? `  ${failures.length} failures` : '  0 failures',
  ].join('\n');
}
