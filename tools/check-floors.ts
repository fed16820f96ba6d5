/** Checks the packages against tools/floors. `--strict` makes advice (files that are too long) a fault as well. */
import { join } from 'node:path';
import { checkHouse } from './house/check.ts';

const { faults, long } = checkHouse(join(import.meta.dirname, '..'));
const strict = process.argv.includes('--strict');

for (const file of long) console.error(`${strict ? '' : 'advice: '}${file}; split it, or give tools/floors the reason`);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 || (strict && long.length > 0) ? 1 : 0;
