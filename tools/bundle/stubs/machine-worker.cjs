/** Entry of a vCPU's worker thread in a bundle. */
'use strict';
const { load, keepCode } = require('./load.cjs');

load('run-worker.cjs').runWorker(process.env.HYPNOS_KEEP_CODE ? keepCode : () => {});
