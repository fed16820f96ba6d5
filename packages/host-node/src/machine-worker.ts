/** Entry of a vCPU's worker thread. What it imports comes from the compile cache, hence the import inside. */
import { enableCompileCache } from 'node:module';
import { workerData } from 'node:worker_threads';

const { compileCache } = workerData as { readonly compileCache: string | undefined };
if (compileCache !== undefined) enableCompileCache(compileCache);
const { runWorker } = await import('./run-worker.ts');
await runWorker();
