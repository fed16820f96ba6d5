/** The system-mode fuzzer's command line; see docs/system-fuzzing.md. */
import { parseArgs } from 'node:util';
import { LONG_HELP, type LongRun, longCommand } from '../long/run.ts';
import { explain, fuzz, summary } from './fuzz.ts';
import { type RunnerName, RUNNERS } from './guests.ts';

const HELP = `node tests/system/main.ts [options]
  --seed N         draws the cases (default: from the clock); with --explain, the seed of one case
  --cases N        how many (default: 500)
  --engines A,B    of ${Object.keys(RUNNERS).join(', ')} (default: reference,interpreter,qemu)
  --explain        runs one case on all engines, and tells each step that is different, value by value
  --show N         explains so many differences (default: 5)
  --long           all of it, in parts; with:
${LONG_HELP}`;

/** A part's cases: many for interpreter and QEMU, and some for the reference engine, which is slow. */
const CASES = 2000,
  JUDGED = 100,
  PARTS = 500,
  STEPS = 12;

const long: LongRun = {
  name: 'system-fuzz',
  parts: PARTS,
  // The last number goes up when cases are drawn otherwise.
  settings: `${CASES} cases on interpreter and QEMU, ${JUDGED} on the reference engine too, ${STEPS} steps each, drawing 4`,
  async run(part) {
    const seed = 1_000_000 + 2 * part;
    const judged = await fuzz(seed, JUDGED, ['reference', 'interpreter', 'qemu']),
      more = await fuzz(seed + 1, CASES - JUDGED, ['interpreter', 'qemu']);
    const failures: string[] = [];
    for (const different of judged.differences) failures.push(await explain(different, ['reference', 'interpreter', 'qemu']));
    for (const different of more.differences) failures.push(await explain(different, ['interpreter', 'qemu']));
    return {
      figures: {
        cases: judged.cases + more.cases,
        steps: judged.steps + more.steps,
        'steps on the reference engine': judged.steps,
        ...counts(judged.kinds, more.kinds),
      },
      failures,
    };
  },
};

/** What the steps met, as figures that add up. */
function counts(...all: readonly ReadonlyMap<string, number>[]): Record<string, number> {
  const out: Record<string, number> = {};
  for (const kinds of all) for (const [kind, count] of kinds) out[kind] = (out[kind] ?? 0) + count;
  return out;
}

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    cases: { type: 'string', default: '500' },
    engines: { type: 'string', default: 'reference,interpreter,qemu' },
    explain: { type: 'boolean', default: false },
    show: { type: 'string', default: '5' },
    help: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
  },
  strict: !process.argv.includes('--long'),
});
const engines = String(values.engines)
  .split(',')
  .filter((name): name is RunnerName => Object.hasOwn(RUNNERS, name));

if (values.help) console.log(HELP);
else if (values.long)
  process.exitCode = await longCommand(
    long,
    process.argv.slice(2).filter(arg => arg !== '--long'),
  );
else if (values.explain) console.log(await explain(Number(values.seed), engines));
else {
  const result = await fuzz(Number(values.seed), Number(values.cases), engines);
  for (const seed of result.differences.slice(0, Number(values.show))) console.log(await explain(seed, engines));
  console.log(summary(result));
  process.exitCode = result.differences.length > 0 ? 1 : 0;
}
