/** A bundle's first run: command lines one after the other in one process, so that what V8 keeps of it holds the code of them all. */
'use strict';
const { load, keepCode } = require('./load.cjs');

process.env.HYPNOS_KEEP_CODE = '1';
process.once('exit', keepCode);
// A thread that waits rehearses, and then has compiled what a wake needs, too.
void (async () => { for (const args of JSON.parse(process.argv[2])) await load('command.cjs').command(args, { spares: 1 }); })();
