/** npm run guest-suites: runs Debian's programs in the guest; `npm run guest-suites -- --help` tells. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HypnosError } from '@hypnos/base';
import { RESULTS } from '../long/results.ts';
import { commitOfTree } from '../long/run.ts';
import { suites } from './index.ts';
import { type Chosen, choose } from './choose.ts';
import { known, runParts } from './run.ts';

const HELP = `Runs real programs from Debian arm64 inside the guest, and judges what they print.

Usage: npm run guest-suites -- [options] [SUITE | SUITE/PART | SUITE/PREFIX*]…

Without names everything that has no result yet is run. Suites:
${suites.map(({ name, parts, doc }) => `  ${name.padEnd(12)} ${doc} (${parts.length} parts)`).join('\n')}

  --ci             only the short choice that CI runs
  --qemu           run on qemu-system-aarch64 as well what need not be compared: a failure that is QEMU's too is told apart
  --list           run nothing; say which parts there are
  --minutes N      start no further part after so long
  --again          run parts that are in the results file as well
  --report         run nothing; say which parts ran, and with what
  --results FILE   where a line for each finished part goes (default: build/results/guest-suites.jsonl)
  --json           the parts' results as JSON on standard output
  --help           this text

Consoles are kept in build/results/guest-suites/. A guest is made when it is first needed, with npm run guest's tools.
Exit status: 0 all chosen parts that ran are good, 1 one is not, 2 a mistake on the command line.
`;

// By an exit of its own, so that no machine stays behind.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const { values, positionals } = parsed();
if (values.help) process.stdout.write(HELP);
else process.exitCode = await told(() => main(choose(suites, positionals, values.ci)));

/** A mistake of the caller's is told in its sentence; our own keep their stack. */
async function told(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof HypnosError)) throw error;
    console.error(error.message);
    return error.code === 'EINVAL' ? 2 : 1;
  }
}

async function main(chosen: readonly Chosen[]): Promise<number> {
  const file = values.results ?? join(RESULTS, 'guest-suites.jsonl'), { qemu } = values;
  if (values.list) {
    for (const { suite, part } of chosen) console.log(`${suite.name}/${part.name}  ${part.judge}${part.ci ? ', in CI' : ''}`);
    return 0;
  }
  if (!values.report) {
    const until = values.minutes === undefined ? Infinity : Date.now() + Number(values.minutes) * 60_000;
    await runParts(chosen, { file, commit: commitOfTree(), qemu, again: values.again, until, say: line => console.error(line) });
  }
  const found = chosen.map(one => ({ ...one, result: known(file, one, qemu) })), results = found.flatMap(one => one.result ?? []);
  console.log(values.json ? JSON.stringify(results) : suites.flatMap(suite => summaryOf(found.filter(one => one.suite === suite))).join('\n'));
  return results.some(result => result.failures.length > 0) ? 1 : 0;
}

function summaryOf(found: readonly (Chosen & { result: ReturnType<typeof known> })[]): string[] {
  const results = found.flatMap(one => one.result ?? []), missing = found.filter(one => !one.result).map(one => one.part.name), totals = new Map<string, number>();
  if (found.length === 0) return [];
  for (const { figures } of results) for (const [name, count] of Object.entries(figures)) totals.set(name, (totals.get(name) ?? 0) + count);
  totals.delete('parts');
  const failures = results.flatMap(result => result.failures), seconds = results.reduce((sum, result) => sum + result.seconds, 0);
  const commits = [...new Set(results.map(result => result.commit))].join(', ');
  return [
    `${found[0]!.suite.name}: ${results.length} of ${found.length} parts ran${commits && ` on ${commits}`}, ${Math.round(seconds)} s in all; ${failures.length} failures`,
    ...[...totals].map(([name, count]) => `  ${name}: ${count}`),
    ...(missing.length > 0 && results.length > 0 ? [`  not run: ${missing.slice(0, 10).join(', ')}${missing.length > 10 ? ` and ${missing.length - 10} more` : ''}`] : []),
    ...failures.map(failure => `  FAILED ${failure.replaceAll('\n', '\n    ')}`),
  ];
}

function parsed() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        ci: { type: 'boolean', default: false }, qemu: { type: 'boolean', default: false }, list: { type: 'boolean', default: false }, minutes: { type: 'string' },
        again: { type: 'boolean', default: false }, report: { type: 'boolean', default: false }, results: { type: 'string' }, json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    console.error(`${(error as Error).message} See npm run guest-suites -- --help.`);
    process.exit(2);
  }
}
