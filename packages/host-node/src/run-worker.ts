/** What a vCPU's worker thread does: fills the ports of its side and runs the machine to its end. */
import { runMachine, type ThreadSetup } from '@hypnos/vmm';
import { randomFillSync } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { nodeClock } from './clock.ts';
import type { EnginesModule } from './engines.ts';

export async function runWorker(): Promise<void> {
  const { setup, engines: url } = workerData as { readonly setup: ThreadSetup; readonly engines: string };
  const { engines } = (await import(url)) as { readonly engines: EnginesModule };
  runMachine(setup, {
    clock: nodeClock, engine: engines.engine(setup), model: engines.model(setup),
    entropy: into => randomBytesInto(into), post: message => parentPort!.postMessage(message),
  });
}

/** Node fills no shared memory with entropy. */
function randomBytesInto(into: Uint8Array): void { into.set(randomFillSync(new Uint8Array(into.length))); }
