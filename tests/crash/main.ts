/** Random histories with kills: `--seed S --cases N [--first N]`, and thousands by `--long`, in parts with a results file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../hostile/random.ts';
import { LONG_HELP, type LongRun, longCommand, type PartOutcome } from '../long/run.ts';
import { DEEDS, type DeedName, settled } from './deeds.ts';
import { type Figures, History } from './history.ts';
import { Killing } from './kill.ts';
import { Victims } from './killing.ts';

const HELP = `node tests/crash/main.ts [--seed S] [--cases N] [--first N]     histories of a seed
node tests/crash/main.ts --every                                 one kill at every point of every deed
node tests/crash/main.ts --long                                  two thousand, in parts
${LONG_HELP}`;

const LONG_SEED = 5, CASES_A_PART = 20, PARTS = 100;

async function histories(seed: number, first: number, count: number): Promise<PartOutcome> {
  const scratch = mkdtempSync(join(tmpdir(), 'hypnos-histories-')), home = join(scratch, 'settled'), victims = new Victims(1), figures: Figures = {}, failures: string[] = [];
  try {
    await settled(home);
    for (let number = first; number < first + count; number++) {
      const history = new History(new Random(seed, number), victims, join(scratch, `${number}`));
      await history.run(home);
      for (const [name, figure] of Object.entries(history.figures)) figures[name] = (figures[name] ?? 0) + figure;
      failures.push(...history.wrong.map(text => `history ${number} of seed ${seed}: ${text}`));
    }
  } finally {
    victims.close();
    rmSync(scratch, { recursive: true });
  }
  return { figures, failures };
}

/** Kills at every point of these deeds. */
async function every(deeds: readonly DeedName[]): Promise<number> {
  const scratch = mkdtempSync(join(tmpdir(), 'hypnos-kills-')), home = join(scratch, 'settled'), victims = new Victims(1);
  let failures = 0;
  try {
    await settled(home);
    const killing = new Killing(scratch, home, victims);
    for (const deed of deeds) {
      const from = performance.now(), { death: { points }, wrong } = await killing.kill({ deed, die: 0 }), all = [...wrong];
      for (let die = 1; die <= points.length; die++) {
        const outcome = await killing.kill({ deed, die });
        all.push(...outcome.wrong, ...(outcome.death.signal === 'SIGKILL' ? [] : [`${deed}, point ${die}: it was not killed`]));
      }
      for (const text of all) console.log(text);
      failures += all.length;
      console.log(`${deed}: killed at all of ${points.length} points, ${all.length} failures, ${((performance.now() - from) / 1000).toFixed(0)} s`);
    }
  } finally {
    victims.close();
    rmSync(scratch, { recursive: true });
  }
  return failures > 0 ? 1 : 0;
}

const long: LongRun = {
  name: 'crash', settings: `${CASES_A_PART} histories a part, seed ${LONG_SEED}`, parts: PARTS, run: part => histories(LONG_SEED, part * CASES_A_PART, CASES_A_PART),
};

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(HELP);
    return 0;
  }
  if (args[0] === '--every') return every(Object.keys(DEEDS) as DeedName[]);
  if (args[0] === '--long') return longCommand(long, args.slice(1));
  const text = (fallback: string) => ({ type: 'string', default: fallback }) as const;
  const { values } = parseArgs({ args: [...args], options: { seed: text('1'), cases: text('20'), first: text('0') } });
  const { figures, failures } = await histories(Number(values.seed), Number(values.first), Number(values.cases));
  for (const failure of failures) console.log(failure);
  console.log(Object.entries(figures).sort().map(([name, figure]) => `  ${name}: ${figure}`).join('\n'));
  console.log(`seed ${values.seed}: ${failures.length} failures`);
  return failures.length > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
