/** The command line of hostile guests: `--seed S --cases N`, one case by `--seed S --case N`, and the million by `--long`. */
import { parseArgs } from 'node:util';
import { type Figures, firstDifference, runCase, runCases } from './hostile.ts';
import { HostileMachines } from './machine.ts';

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, cases: { type: 'string', default: '2000' }, first: { type: 'string', default: '0' }, case: { type: 'string' } },
});
const machines = await HostileMachines.start(), seed = Number(values.seed);
const figures: Figures = {};
const failures = values.case !== undefined ? runCase(machines, seed, Number(values.case), figures, true) : [];
if (values.case === undefined) {
  const from = process.hrtime.bigint();
  let last = from;
  const verdict = runCases(machines, seed, Number(values.first), Number(values.cases), number => {
    const now = process.hrtime.bigint();
    if (now - last > 500_000_000n) console.log('slow', number, Number(now - last) / 1e6);
    last = now;
  });
  for (const failure of verdict.failures.slice(0, 20)) console.log(failure);
  console.log(verdict.figures, `${verdict.failures.length} failures, ms each`, Number(process.hrtime.bigint() - from) / 1e6 / Number(values.cases));
}
for (const failure of failures) console.log(failure);
if (values.case !== undefined) console.log(figures, firstDifference(machines, seed, Number(values.case)));
await machines.stop();
