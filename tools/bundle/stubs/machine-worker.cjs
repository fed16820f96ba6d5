/** Entry of a vCPU's worker thread in a bundle: its code comes with what V8 compiled of it. */
'use strict';
const { enableCompileCache } = require('node:module');
const { workerData } = require('node:worker_threads');

if (workerData.compileCache !== undefined) enableCompileCache(workerData.compileCache);
require('./run-worker.cjs').runWorker();
