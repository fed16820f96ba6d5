/** What a vCPU's worker thread does: loads, waits for its machine, fills the ports of its side, and runs the machine to its end. */
import { type CompiledTier0, cpuModel, type EngineFactory, hasFusedMultiplyAdd, interpreterEngines, referenceEngines } from '@hypnos/hypervisor';
import { rehearse, runMachine, type ThreadSetup } from '@hypnos/vmm';
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { nodeClock } from './clock.ts';
import { sharedMemory } from './shared-memory.ts';
import { tier0Image } from './tier0-file.ts';

/** What a thread is started with, before there is a machine for it. */
export interface WorkerData {
  /** Where the generated engine is kept. */
  readonly cache: string;
  readonly compileCache: string | undefined;
}

/** A message to a thread that waits: there is time to run a small machine first, so that the real one finds all code compiled. */
export interface Rehearse { readonly rehearse: CompiledTier0 }

/** The last message to a thread: its machine. */
export interface Begin {
  readonly setup: ThreadSetup;
  /** The engine, where the owner has it compiled. */
  readonly engine: CompiledTier0 | null;
}

export function runWorker(): void {
  hasFusedMultiplyAdd();                                                    // while nobody waits for it
  parentPort!.on('message', (message: Begin | Rehearse) => {
    if ('rehearse' in message) return rehearsed(message);
    const { setup, engine } = message;
    parentPort!.removeAllListeners('message');
    runMachine(setup, {
      clock: nodeClock, engine: engineOf(setup, engine), model: cpuModel(setup.cpuModel),
      entropy: into => randomBytesInto(into), post: said => parentPort!.postMessage(said),
    });
    flushCompileCache();
  });
}

function rehearsed({ rehearse: engine }: Rehearse): void {
  rehearse(sharedMemory, memory => ({
    clock: nodeClock, engine: engineOf({ engine: 'interpreter', memory }, engine), model: cpuModel('default'), entropy: into => randomBytesInto(into),
  }));
}

function engineOf({ engine, memory }: Pick<ThreadSetup, 'engine' | 'memory'>, compiled: CompiledTier0 | null): EngineFactory {
  if (engine === 'reference') return referenceEngines();
  // A bundle may have been made on a host that rounds otherwise.
  const image = compiled?.tables.fused === hasFusedMultiplyAdd() ? compiled : tier0Image((workerData as WorkerData).cache);
  return interpreterEngines({ memory: memory.handle, image });
}

/** Node fills no shared memory with entropy. Its module takes ten milliseconds to load: not before a guest asks. */
function randomBytesInto(into: Uint8Array): void { into.set(process.getBuiltinModule('node:crypto').randomFillSync(new Uint8Array(into.length))); }
