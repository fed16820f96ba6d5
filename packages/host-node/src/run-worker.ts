/** What a vCPU's worker thread does: fills the ports of its side and runs the machine to its end. */
import { cpuModel, type EngineFactory, interpreterEngines, referenceEngines } from '@hypnos/hypervisor';
import { runMachine, type ThreadSetup } from '@hypnos/vmm';
import { randomFillSync } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { nodeClock } from './clock.ts';
import { tier0Image } from './tier0-file.ts';

export interface WorkerData {
  readonly setup: ThreadSetup;
  /** Where the generated engine is kept. */
  readonly cache: string;
  readonly compileCache: string | undefined;
}

export function runWorker(): void {
  const { setup, cache } = workerData as WorkerData;
  runMachine(setup, {
    clock: nodeClock, engine: engineOf(setup, cache), model: cpuModel(setup.cpuModel),
    entropy: into => randomBytesInto(into), post: message => parentPort!.postMessage(message),
  });
}

const engineOf = ({ engine, memory }: ThreadSetup, cache: string): EngineFactory =>
  (engine === 'reference' ? referenceEngines() : interpreterEngines({ memory: memory.handle, image: tier0Image(cache) }));

/** Node fills no shared memory with entropy. */
function randomBytesInto(into: Uint8Array): void { into.set(randomFillSync(new Uint8Array(into.length))); }
