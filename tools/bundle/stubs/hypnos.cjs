/** A bundle's command. */
'use strict';
const { openSync } = require('node:fs');
const { load } = require('./load.cjs');

// Held open to the end: a folder that a process has open is in use and is not removed (tools/bundle/unused.ts).
openSync(__dirname, 'r');
void load('command.cjs').command(process.argv.slice(2));
