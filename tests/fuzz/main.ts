/** The fuzzer's command line: one run, or with --long the parts of the long one. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RESULTS } from '../long/results.ts';
import { LONG_HELP, longCommand } from '../long/run.ts';
import { addCoverage, coverageReport, readCoverage } from './coverage.ts';
import { HypnosError } from '@hypnos/base';
import { type Engine, ENGINES, interpreterEngine } from './engines.ts';
import { fuzz, type FuzzResult } from './fuzz.ts';
import { describeAll } from './report.ts';

const HELP = `Random instructions and programs on the reference engine, the interpreter and QEMU's user mode; docs/fuzzing.md tells all.

  node tests/fuzz/main.ts [options]         one run
  --seed N                                  what is drawn (default: by the clock)
  --instructions N                          how many to retire in all (default: 1000000)
  --singles N                               how many of them one by one, each from three states (default: a tenth)
  --rows REGEX                              only rows of these names
  --engines interpreter,inline,qemu         what is compared with the reference engine

  node tests/fuzz/main.ts --long [options]  100 parts of 1000000 instructions each
${LONG_HELP}`;

const PARTS = 100, PART = { instructions: 1_000_000, singles: 15_000 } as const;
const SETTINGS = `${PART.instructions} instructions, ${PART.singles} of them single, seed = part`, COVERAGE = join(RESULTS, 'fuzz.coverage.json');

const speed = (count: number, seconds: number): string => `${Math.round(count / Math.max(seconds, 1e-3)).toLocaleString('en')}/s`;

function summary(r: FuzzResult): string {
  const { seconds } = r;
  return [
    `seed ${r.seed}: ${r.retired} instructions retired on each of our engines, ${r.retiredOnQemu} of them on QEMU too; ${r.singles} single; ${r.exceptions} exceptions`,
    `instructions a second of processor time (QEMU: by the clock): ${ENGINES.map(name => `${name} ${speed(name === 'qemu' ? r.retiredOnQemu : r.retired, seconds[name])}`).join(', ')}; all else took ${seconds.drawing.toFixed(1)} s`,
    ...[...r.excused].map(([reason, count]) => `${count} single instructions not on QEMU: ${reason}`),
    coverageReport(r),
    `${r.differences.length} differences`,
  ].join('\n');
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new HypnosError('EINVAL', `--${name} ${text}: give a whole number.`);
  return Number(text);
}

function engineNamed(name: string): Engine | 'qemu' {
  if (name === 'qemu') return name;
  if (name === 'interpreter' || name === 'inline') return interpreterEngine(name);
  throw new HypnosError('EINVAL', `there is no engine ${name}: use interpreter, inline or qemu, with commas between.`);
}

function once(args: readonly string[]): number {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' }, instructions: { type: 'string', default: '1000000' }, singles: { type: 'string' }, rows: { type: 'string' },
      engines: { type: 'string', default: 'interpreter,inline,qemu' },
    },
  });
  const instructions = wholeNumber('instructions', values.instructions);
  const result = fuzz({
    seed: wholeNumber('seed', values.seed ?? `${Date.now() % 1_000_000}`), instructions, singles: wholeNumber('singles', values.singles ?? `${Math.floor(instructions / 10)}`),
    engines: values.engines.split(',').map(engineNamed), ...(values.rows === undefined ? {} : { rows: new RegExp(values.rows) }),
  });
  for (const difference of describeAll(result.seed, result.differences)) console.log(difference);
  console.log(summary(result));
  return result.differences.length > 0 ? 1 : 0;
}

function runPart(part: number): { figures: Record<string, number>; failures: string[] } {
  const result = fuzz({ seed: part, ...PART });
  addCoverage(COVERAGE, SETTINGS, result);
  const { retired, retiredOnQemu, singles, exceptions } = result;
  return { figures: { retired, retiredOnQemu, singles, exceptions }, failures: describeAll(part, result.differences) };
}

async function long(args: readonly string[]): Promise<number> {
  const status = await longCommand({ name: 'fuzz', settings: SETTINGS, parts: PARTS, run: runPart }, args);
  console.log(coverageReport(readCoverage(COVERAGE, SETTINGS)));
  return status;
}

const [first, ...rest] = process.argv.slice(2);
if (first === '--help') console.log(HELP);
else {
  try {
    process.exitCode = first === '--long' ? await long(rest) : once(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof HypnosError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}
