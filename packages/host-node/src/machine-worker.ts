/** Entry of a vCPU's worker thread. What it imports comes from the compile cache, hence the import inside. */
import { enableCompileCache, flushCompileCache } from 'node:module';
import { workerData } from 'node:worker_threads';
import type { WorkerData } from './run-worker.ts';

const { compileCache } = workerData as WorkerData;
if (compileCache !== undefined) enableCompileCache(compileCache);
const { runWorker } = await import('./run-worker.ts');
runWorker(flushCompileCache);
