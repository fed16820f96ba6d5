/** What a vCPU's worker thread does: loads, waits for its machine, fills the ports of its side, and runs the machine to its end. */
import { type CompiledTier0, cpuModel, type EngineFactory, hasFusedMultiplyAdd, interpreterEngines, referenceEngines } from '@hypnos/hypervisor';
import { runMachine, type ThreadSetup } from '@hypnos/vmm';
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { nodeClock } from './clock.ts';
import { tier0Image } from './tier0-file.ts';

/** What a thread is started with, before there is a machine for it. */
export interface WorkerData {
  /** Where the generated engine is kept. */
  readonly cache: string;
  readonly compileCache: string | undefined;
}

/** The one message to a thread: its machine. */
export interface Begin {
  readonly setup: ThreadSetup;
  /** The engine, where the owner has it compiled. */
  readonly engine: CompiledTier0 | null;
}

export function runWorker(): void {
  hasFusedMultiplyAdd();                                                    // while nobody waits for it
  parentPort!.once('message', ({ setup, engine }: Begin) => {
    runMachine(setup, {
      clock: nodeClock, engine: engineOf(setup, engine), model: cpuModel(setup.cpuModel),
      entropy: into => randomBytesInto(into), post: message => parentPort!.postMessage(message),
    });
    flushCompileCache();
  });
}

function engineOf({ engine, memory }: ThreadSetup, compiled: CompiledTier0 | null): EngineFactory {
  if (engine === 'reference') return referenceEngines();
  // A bundle may have been made on a host that rounds otherwise.
  const image = compiled?.tables.fused === hasFusedMultiplyAdd() ? compiled : tier0Image((workerData as WorkerData).cache);
  return interpreterEngines({ memory: memory.handle, image });
}

/** Node fills no shared memory with entropy. Its module takes ten milliseconds to load: not before a guest asks. */
function randomBytesInto(into: Uint8Array): void { into.set(process.getBuiltinModule('node:crypto').randomFillSync(new Uint8Array(into.length))); }
