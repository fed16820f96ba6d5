/** The long settings' command line: `node tests/vectors/main.ts telling --parts 0-3`. */
import { HypnosError } from '@hypnos/base';
import { LONG_HELP, longCommand } from '../long/run.ts';
import { LONG_RUNS } from './long.ts';

const [name, ...args] = process.argv.slice(2), long = LONG_RUNS.find(run => run.name === `vectors-${name}`);
if (name === '--help') console.log(`node tests/vectors/main.ts telling|halves|estimates [options]\n${LONG_HELP}`);
else if (!long) throw new HypnosError('EINVAL', `there is no run ${name ?? 'without a name'}: use telling, halves or estimates.`);
else process.exitCode = await longCommand(long, args);
