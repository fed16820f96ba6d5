/** The system-mode fuzzer's command line; see docs/system-fuzzing.md. */
import { parseArgs } from 'node:util';
import { type RunnerName, RUNNERS } from './guests.ts';
import { explain, fuzz, summary } from './fuzz.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) }, cases: { type: 'string', default: '500' }, engines: { type: 'string', default: 'reference,interpreter,qemu' },
    explain: { type: 'boolean', default: false }, show: { type: 'string', default: '5' },
  },
});
const engines = values.engines.split(',').filter((name): name is RunnerName => Object.hasOwn(RUNNERS, name));
if (values.explain) console.log(await explain(Number(values.seed), engines));
else {
  const result = await fuzz(Number(values.seed), Number(values.cases), engines);
  for (const seed of result.differences.slice(0, Number(values.show))) console.log(await explain(seed, engines));
  console.log(summary(result));
  process.exitCode = result.differences.length > 0 ? 1 : 0;
}
