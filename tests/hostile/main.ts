/** The command line of hostile guests: `--seed S --cases N [--first N]`, one case by `--seed S --case N`, and the million by `--long`. */
import { parseArgs } from 'node:util';
import { LONG_HELP, type LongRun, longCommand } from '../long/run.ts';
import { type Figures, firstDifference, runCase, runCases } from './hostile.ts';
import { HostileMachines } from './machine.ts';
import { held, heldText } from './process-memory.ts';

const HELP = `node tests/hostile/main.ts [--seed S] [--cases N] [--first N]   cases of a seed
node tests/hostile/main.ts --seed S --case N                     one case, also on the other engine
node tests/hostile/main.ts --long                                a million, in parts
${LONG_HELP}`;

const LONG_SEED = 3,
  CASES_A_PART = 10_000;

/** A million cases. */
const long = (machines: HostileMachines): LongRun => ({
  name: 'hostile',
  settings: `${CASES_A_PART} cases a part, seed ${LONG_SEED}`,
  parts: 100,
  run: part => {
    const outcome = runCases(machines, LONG_SEED, part * CASES_A_PART, CASES_A_PART);
    console.error(heldText(held()));
    return outcome;
  },
});

async function some(machines: HostileMachines, seed: number, first: number, count: number): Promise<number> {
  const { failures, figures } = runCases(machines, seed, first, count);
  for (const failure of failures.slice(0, 20)) console.log(failure);
  for (const [name, figure] of Object.entries(figures).sort()) console.log(`  ${name}: ${figure.toLocaleString('en')}`);
  console.log(`seed ${seed}, cases ${first} to ${first + count - 1}: ${failures.length} failures; ${heldText(held())}`);
  return failures.length > 0 ? 1 : 0;
}

function one(machines: HostileMachines, seed: number, number: number): number {
  const figures: Figures = {},
    failures = runCase(machines, seed, number, figures, true);
  console.log(failures.length > 0 ? failures.join('\n') : `case ${number} of seed ${seed}: nothing is wrong`);
  console.log(
    Object.entries(figures)
      .map(([name, figure]) => `${name} ${figure}`)
      .join(', '),
  );
  if (failures.length > 0) console.log(firstDifference(machines, seed, number));
  return failures.length > 0 ? 1 : 0;
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(HELP);
    return 0;
  }
  const machines = await HostileMachines.start();
  try {
    if (args[0] === '--long') return await longCommand(long(machines), args.slice(1));
    const { values } = parseArgs({
      args: [...args],
      options: {
        seed: { type: 'string', default: '1' },
        cases: { type: 'string', default: '2000' },
        first: { type: 'string', default: '0' },
        case: { type: 'string' },
      },
    });
    const seed = Number(values.seed);
    return values.case === undefined
      ? await some(machines, seed, Number(values.first), Number(values.cases))
      : one(machines, seed, Number(values.case));
  } finally {
    await machines.stop();
  }
}

process.exitCode = await main(process.argv.slice(2));
