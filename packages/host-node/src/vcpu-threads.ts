/** The workers that vCPUs run on. One can be started ahead of its machine: it loads what it needs and waits for it. */
import type { CompiledTier0 } from '@hypnos/hypervisor';
import type { MachineThread, ThreadMessage, ThreadSetup } from '@hypnos/vmm';
import { getCompileCacheDir } from 'node:module';
import { Worker } from 'node:worker_threads';
import { cacheFolder } from './cache-folder.ts';
import type { Begin, Rehearse, WorkerData } from './run-worker.ts';
import { bundledTier0 } from './tier0-bundled.ts';

/** Sources are TypeScript, and so is the entry beside them; a bundle is plain JavaScript, and brings the engine. */
const IN_BUNDLE = !import.meta.url.endsWith('.ts'), ENTRY = new URL(IN_BUNDLE ? './machine-worker.cjs' : './machine-worker.ts', import.meta.url);

export class VcpuThreads {
  readonly #cache: string;
  readonly #spares: number;
  readonly #waiting = new Set<Worker>();
  /** Compiled once for all threads, which so share what V8 makes of it. */
  #engine: Promise<CompiledTier0> | undefined;

  /** `cache` is where an engine is kept that no bundle brings; `spares` is how many threads wait, once one of them has been taken. */
  constructor({ cache = cacheFolder(), spares = 0 }: { readonly cache?: string; readonly spares?: number } = {}) {
    this.#cache = cache;
    this.#spares = spares;
  }

  /** Starts a thread that waits for its machine, if none does, and has the engine compiled beside it. */
  readonly prepare = (): void => {
    this.#engine ??= compiledEngine(this.#cache);
    while (this.#waiting.size < Math.max(this.#spares, 1)) this.#add(this.#spares > 0);
    this.#engine.catch(() => {});                                           // `start` hears of it
  };

  /** Gives a machine to a thread; `Host.startThread`. */
  readonly start = (setup: ThreadSetup, heard: (message: ThreadMessage) => void, failed: (error: Error) => void): MachineThread => {
    const worker = this.#take();
    let ended = false, begun = false;
    worker.on('message', (message: ThreadMessage) => {
      if (message.kind === 'ended') ended = true;
      heard(message);
      // The next machine's thread loads when this one runs, not beside its start.
      if (!begun && this.#spares > 0) this.prepare();
      begun = true;
    });
    worker.on('error', failed);
    worker.on('exit', code => { if (!ended) failed(new Error(`the vCPU's thread ended by itself (exit code ${code})`)); });
    // From sources and unprepared, the thread itself looks for the engine: that would hold up this one.
    if (IN_BUNDLE) this.#engine ??= compiledEngine(this.#cache);
    const engine = setup.engine === 'interpreter' ? this.#engine : undefined;
    Promise.resolve(engine ?? null).then(compiled => worker.postMessage({ setup, engine: compiled } satisfies Begin), failed);
    return { terminate: async () => { await worker.terminate(); } };
  };

  /** Ends the threads that wait. */
  readonly close = async (): Promise<void> => {
    const workers = [...this.#waiting];
    this.#waiting.clear();
    await Promise.all(workers.map(worker => worker.terminate()));
  };

  /** One that waits has time to rehearse. */
  #add(waits = false): Worker {
    const worker = new Worker(ENTRY, {
      workerData: { cache: this.#cache, compileCache: getCompileCacheDir() } satisfies WorkerData, stdin: true, name: 'hypnos vcpu 0',
    });
    worker.unref();
    // One that cannot even load is no spare; the next machine's own thread will say why.
    const gone = (): void => { this.#waiting.delete(worker); };
    worker.on('error', gone).on('exit', gone);
    this.#waiting.add(worker);
    if (waits) void this.#engine?.then(rehearse => worker.postMessage({ rehearse } satisfies Rehearse), () => {});
    return worker;
  }

  #take(): Worker {
    const [worker = this.#add()] = this.#waiting;
    this.#waiting.delete(worker);
    worker.ref();
    return worker;
  }
}

async function compiledEngine(cache: string): Promise<CompiledTier0> {
  const { bytes, tables } = bundledTier0() ?? (await import('./tier0-file.ts')).tier0Image(cache);
  return { module: await WebAssembly.compile(bytes), tables };
}
