/** A bundle's command: its code comes with what V8 compiled of it. */
'use strict';
const { openSync } = require('node:fs');
const { enableCompileCache } = require('node:module');
const { join } = require('node:path');

// Held open to the end: a folder that a process has open is in use and is not removed (tools/bundle/unused.ts).
openSync(__dirname, 'r');
if (process.env.NODE_COMPILE_CACHE === undefined) enableCompileCache(join(__dirname, 'compile-cache'));
void require('./command.cjs').command(process.argv.slice(2));
