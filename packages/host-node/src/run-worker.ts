/** What a vCPU's worker thread does: loads, waits for its machine, fills the ports of its side, and runs the machine to its end. */
import { type CompiledTier0, cpuModel, type EngineFactory, interpreterEngines } from '@hypnos/hypervisor';
import { rehearse, runMachine, type SharedMemory, type ThreadHost, type ThreadSetup } from '@hypnos/vmm';
import { parentPort, workerData } from 'node:worker_threads';
import { nodeClock } from './clock.ts';
import { compiledEngine } from './compiled-engine.ts';
import { sharedMemory } from './shared-memory.ts';

/** What a thread is started with, before there is a machine for it. */
export interface WorkerData {
  /** Where the generated engine is kept. */
  readonly cache: string;
  readonly compileCache: string | undefined;
  /** There is time to run a small machine first, so that the real one finds all code compiled. */
  readonly rehearses: boolean;
  /** What its machine will be built in, where that is known. */
  readonly memory?: SharedMemory;
}

/** The message to a thread that waits: its machine. `memory` is left out where the thread has it. */
export interface Begin {
  readonly setup: Omit<ThreadSetup, 'memory'>;
  readonly memory?: SharedMemory;
}

/** Node fills no shared memory with entropy. Its module takes ten milliseconds to load: not before a guest asks. */
const world: Pick<ThreadHost, 'clock' | 'entropy'> = {
  clock: nodeClock, entropy: into => { into.set(process.getBuiltinModule('node:crypto').randomFillSync(new Uint8Array(into.length))); },
};

/** `keepCode` is called at the end: what V8 has compiled by then may be worth keeping. */
export function runWorker(keepCode: () => void): void {
  const { memory: known } = workerData as WorkerData, ready = prepared();   // while nobody waits for it
  // Listened to from the beginning: a thread that listens to nobody may end while something it waits for is on its way.
  parentPort!.once('message', ({ setup, memory = known! }: Begin) => { void ready.then(image => begin({ ...setup, memory }, image, keepCode)); });
}

async function prepared(): Promise<CompiledTier0> {
  const { cache, rehearses } = workerData as WorkerData, image = await compiledEngine(cache);
  if (rehearses) rehearse(sharedMemory, memory => ({ ...world, engine: interpreterEngines({ memory: memory.handle, image }), model: cpuModel('default') }));
  return image;
}

async function begin(setup: ThreadSetup, image: CompiledTier0, keepCode: () => void): Promise<void> {
  runMachine(setup, {
    ...world, engine: await engineOf(setup, image), model: cpuModel(setup.cpuModel),
    post(said) {
      if (said.kind === 'ended') keepCode();                     // whoever hears of the end ends this thread
      parentPort!.postMessage(said);
    },
  });
}

async function engineOf({ engine, memory }: ThreadSetup, image: CompiledTier0): Promise<EngineFactory> {
  if (engine === 'reference') return (await import('@hypnos/hypervisor/reference')).referenceEngines();
  return interpreterEngines({ memory: memory.handle, image });
}
