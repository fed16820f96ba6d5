/** The command line of hostile snapshots: `--seed S --cases N [--first N]`, one case by `--seed S --case N [--keep NAME]`, files by `--file`, and many by `--long`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LONG_HELP, type LongRun, longCommand } from '../../long/run.ts';
import { held, heldText } from '../process-memory.ts';
import { SnapshotMachines } from './machines.ts';
import { Cases, judge, runCase, runCases } from './snapshots.ts';
import { fromFile, toFile } from './store.ts';

const HELP = `node tests/hostile/snapshots/main.ts [--seed S] [--cases N] [--first N]   cases of a seed
node tests/hostile/snapshots/main.ts --seed S --case N [--keep NAME]      one case; its store is kept in corpus/NAME.store
node tests/hostile/snapshots/main.ts --file FILE                          a store that was kept
node tests/hostile/snapshots/main.ts --long                               two hundred thousand, in parts
${LONG_HELP}`;

const LONG_SEED = 3,
  CASES_A_PART = 2000;

const long = (machines: SnapshotMachines): LongRun => ({
  name: 'hostile-snapshots',
  settings: `${CASES_A_PART} cases a part, seed ${LONG_SEED}`,
  parts: 100,
  async run(part) {
    const { figures, failures } = await runCases(machines, LONG_SEED, part * CASES_A_PART, CASES_A_PART);
    console.error(heldText(held()));
    return { figures, failures };
  },
});

async function some(machines: SnapshotMachines, seed: number, first: number, count: number): Promise<number> {
  const { failures, figures } = await runCases(machines, seed, first, count, failure => console.log(failure));
  for (const [name, figure] of Object.entries(figures).sort()) console.log(`  ${name}: ${figure.toLocaleString('en')}`);
  console.log(`seed ${seed}, cases ${first} to ${first + count - 1}: ${failures.length} failures; ${heldText(held())}`);
  return failures.length > 0 ? 1 : 0;
}

async function one(machines: SnapshotMachines, seed: number, number: number, keep: string | undefined): Promise<number> {
  const cases = new Cases(machines, seed), figures = {}, found = await runCase(machines, cases, number, figures);
  console.log(found?.failure ?? `case ${number} of seed ${seed}: nothing is wrong`, figures);
  const store = found?.store ?? (await cases.draw(number))?.store;
  if (keep !== undefined && store) writeFileSync(join(import.meta.dirname, 'corpus', `${keep}.store`), toFile(store));
  return found ? 1 : 0;
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(HELP);
    return 0;
  }
  const machines = new SnapshotMachines();
  try {
    if (args[0] === '--long') return await longCommand(long(machines), args.slice(1));
    const { values } = parseArgs({
      args: [...args],
      options: {
        seed: { type: 'string', default: '1' }, cases: { type: 'string', default: '500' }, first: { type: 'string', default: '0' },
        case: { type: 'string' }, keep: { type: 'string' }, file: { type: 'string' },
      },
    });
    const seed = Number(values.seed);
    if (values.file !== undefined) {
      console.log((await judge(machines, fromFile(readFileSync(values.file)), { config: {}, engines: ['interpreter', 'reference'] })) || 'it lives');
      return 0;
    }
    return values.case === undefined ? await some(machines, seed, Number(values.first), Number(values.cases)) : await one(machines, seed, Number(values.case), values.keep);
  } finally {
    await machines.stop();
  }
}

process.exitCode = await main(process.argv.slice(2));
