/** The workers that vCPUs run on. One can be started ahead of its machine: it loads what it needs and waits for it. */
import type { CompiledTier0 } from '@hypnos/hypervisor';
import type { MachineThread, ThreadMessage, ThreadSetup } from '@hypnos/vmm';
import { getCompileCacheDir } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { Begin, WorkerData } from './run-worker.ts';
import { bundledTier0 } from './tier0-bundled.ts';

/** A bundle is plain JavaScript; sources are TypeScript, and so is the entry beside them. */
const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './machine-worker.ts' : './machine-worker.cjs', import.meta.url);

export class VcpuThreads {
  readonly #cache: string;
  readonly #spares: number;
  readonly #waiting = new Set<Worker>();
  #engine: Promise<CompiledTier0 | null> | undefined;

  constructor(cache: string, spares: number) {
    this.#cache = cache;
    this.#spares = spares;
  }

  /** Starts a thread that waits for its machine, if none does, and has the engine compiled beside it. */
  readonly prepare = (): void => {
    while (this.#waiting.size < Math.max(this.#spares, 1)) this.#add();
    void this.#compiled().catch(() => {});                                 // `start` hears of it
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
    const engine = setup.engine === 'interpreter' ? this.#compiled() : Promise.resolve(null);
    engine.then(compiled => worker.postMessage({ setup, engine: compiled } satisfies Begin), failed);
    return { terminate: async () => { await worker.terminate(); } };
  };

  /** Ends the threads that wait. */
  readonly close = async (): Promise<void> => {
    const workers = [...this.#waiting];
    this.#waiting.clear();
    await Promise.all(workers.map(worker => worker.terminate()));
  };

  #add(): Worker {
    const worker = new Worker(ENTRY, {
      workerData: { cache: this.#cache, compileCache: getCompileCacheDir() } satisfies WorkerData, stdin: true, name: 'hypnos vcpu 0',
    });
    worker.unref();
    // One that cannot even load is no spare; the next machine's own thread will say why.
    const gone = (): void => { this.#waiting.delete(worker); };
    worker.on('error', gone).on('exit', gone);
    this.#waiting.add(worker);
    return worker;
  }

  #take(): Worker {
    const [worker = this.#add()] = this.#waiting;
    this.#waiting.delete(worker);
    worker.ref();
    return worker;
  }

  /** The engine's module, compiled once for all threads, which so share what V8 makes of it; null where each thread must find the engine itself. */
  #compiled(): Promise<CompiledTier0 | null> {
    this.#engine ??= (async () => {
      const image = bundledTier0();
      return image && { module: await WebAssembly.compile(image.bytes), tables: image.tables };
    })();
    return this.#engine;
  }
}
