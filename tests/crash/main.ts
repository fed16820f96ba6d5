/** Random histories with kills: `--seed S --cases N [--first N]`, and thousands by `--long`, in parts with a results file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../hostile/random.ts';
import { LONG_HELP, type LongRun, longCommand, type PartOutcome } from '../long/run.ts';
import { type Figures, History } from './history.ts';
import { ready } from './kill.ts';
import type { Victims } from './killing.ts';

const HELP = `node tests/crash/main.ts [--seed S] [--cases N] [--first N]     histories of a seed
node tests/crash/main.ts --long                                  two thousand, in parts
${LONG_HELP}`;

const LONG_SEED = 5, CASES_A_PART = 20, PARTS = 100;

/** A home to begin with and victims, for all histories of a process. */
interface Stage { readonly scratch: string; readonly home: string; readonly victims: Victims }

async function histories({ scratch, home, victims }: Stage, seed: number, first: number, count: number): Promise<PartOutcome> {
  const figures: Figures = {}, failures: string[] = [];
  for (let number = first; number < first + count; number++) {
    const history = new History(new Random(seed, number), victims, join(scratch, `${number}`));
    await history.run(home);
    for (const [name, figure] of Object.entries(history.figures)) figures[name] = (figures[name] ?? 0) + figure;
    failures.push(...history.wrong.map(text => `history ${number} of seed ${seed}: ${text}`));
  }
  return { figures, failures };
}

const long = (stage: Stage): LongRun => ({
  name: 'crash', settings: `${CASES_A_PART} histories a part, seed ${LONG_SEED}`, parts: PARTS, run: part => histories(stage, LONG_SEED, part * CASES_A_PART, CASES_A_PART),
});

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(HELP);
    return 0;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'hypnos-histories-')), stage: Stage = { scratch, ...await ready(scratch) };
  try {
    if (args[0] === '--long') return await longCommand(long(stage), args.slice(1));
    return await some(stage, args);
  } finally {
    stage.victims.close();
    rmSync(scratch, { recursive: true });
  }
}

async function some(stage: Stage, args: readonly string[]): Promise<number> {
  const text = (fallback: string) => ({ type: 'string', default: fallback }) as const;
  const { values } = parseArgs({ args: [...args], options: { seed: text('1'), cases: text('20'), first: text('0') } });
  const { figures, failures } = await histories(stage, Number(values.seed), Number(values.first), Number(values.cases));
  for (const failure of failures) console.log(failure);
  console.log(Object.entries(figures).sort().map(([name, figure]) => `  ${name}: ${figure}`).join('\n'));
  console.log(`seed ${values.seed}: ${failures.length} failures`);
  return failures.length > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
