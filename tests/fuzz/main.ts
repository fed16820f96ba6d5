/** The fuzzer's command line: `node tests/fuzz/main.ts --seed 1 --count 100000 --engines reference,interpreter,inline,qemu --rows REGEX`. */
import { parseArgs } from 'node:util';
import { driverNamed } from './drivers.ts';
import { fuzz } from './fuzz.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    count: { type: 'string', default: '20000' },
    engines: { type: 'string', default: 'reference,interpreter,inline,qemu' },
    rows: { type: 'string' },
    show: { type: 'string', default: '10' },
  },
});

const result = fuzz({
  seed: Number(values.seed),
  count: Number(values.count),
  drivers: values.engines.split(',').map(driverNamed),
  ...(values.rows === undefined ? {} : { rows: new RegExp(values.rows) }),
});
for (const difference of result.differences.slice(0, Number(values.show))) console.log(difference);
for (const [row, count] of [...result.byRow].sort((a, b) => b[1] - a[1]).slice(0, 40)) console.log(`${count} differences: ${row}`);
for (const [reason, count] of result.excluded) console.log(`${count} not run: ${reason}`);
console.log(`seed ${values.seed}: ${result.ran} cases, ${result.differences.length} differences`);
process.exitCode = result.differences.length > 0 ? 1 : 0;
