/** Entry of the hypnos command. What it imports comes from the compile cache under build/, hence the import inside. */
import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { root } from './places.ts';

if (process.env['NODE_COMPILE_CACHE'] === undefined && existsSync(join(root, 'build'))) enableCompileCache(join(root, 'build', 'compile-cache'));
const { command } = await import('./command.ts');
await command(process.argv.slice(2));
