/** The command line of the simulation: `--seed S --histories N [--first N]`, one history by `--seed S --history N`, and the million by `--long`. */
import { parseArgs } from 'node:util';
import { LONG_HELP, type LongRun, longCommand } from '../long/run.ts';
import { draw } from './history.ts';
import { runHistories, runHistory } from './run.ts';
import { shrink } from './shrink.ts';

const HELP = `node tests/simulation/main.ts [--seed S] [--histories N] [--first N]   histories of a seed
node tests/simulation/main.ts --seed S --history N                       one history, told; if it fails, the least of it that does
node tests/simulation/main.ts --long                                     a million, in parts
${LONG_HELP}`;

const LONG_SEED = 4,
  HISTORIES_A_PART = 2000;

const long: LongRun = {
  name: 'simulation',
  settings: `${HISTORIES_A_PART} histories a part, seed ${LONG_SEED}`,
  parts: 500,
  run: part => runHistories(LONG_SEED, part * HISTORIES_A_PART, HISTORIES_A_PART),
};

async function some(seed: number, first: number, count: number): Promise<number> {
  const from = process.cpuUsage().user,
    { failures, figures } = await runHistories(seed, first, count),
    seconds = (process.cpuUsage().user - from) / 1e6;
  for (const failure of failures.slice(0, 20)) console.log(failure);
  for (const [name, figure] of Object.entries(figures).sort()) console.log(`  ${name}: ${figure.toLocaleString('en')}`);
  console.log(`seed ${seed}, histories ${first} to ${first + count - 1}: ${failures.length} failures; ${Math.round(count / seconds)} a second of processor time`);
  return failures.length > 0 ? 1 : 0;
}

async function one(seed: number, number: number): Promise<number> {
  const plan = draw(seed, number),
    faults = await runHistory(plan, console.log);
  console.log(faults.length > 0 ? faults.join('\n') : `history ${number} of seed ${seed}: nothing is wrong`);
  if (faults.length === 0) return 0;
  const { operations, ...rest } = await shrink(plan);
  console.log(`the least of it: ${JSON.stringify(rest)}\n${operations.map(operation => JSON.stringify(operation)).join(',\n')}`);
  return 1;
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(HELP);
    return 0;
  }
  if (args[0] === '--long') return longCommand(long, args.slice(1));
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: '1' },
      histories: { type: 'string', default: '1000' },
      first: { type: 'string', default: '0' },
      history: { type: 'string' },
    },
  });
  const seed = Number(values.seed);
  return values.history === undefined ? some(seed, Number(values.first), Number(values.histories)) : one(seed, Number(values.history));
}

process.exitCode = await main(process.argv.slice(2));
