/** The workers that vCPUs run on. One can be started ahead of its machine: it loads what it needs and waits for it. */
import type { MachineThread, SharedMemory, ThreadMessage, ThreadSetup } from '@hypnos/vmm';
import { getCompileCacheDir } from 'node:module';
import { Worker } from 'node:worker_threads';
import { cacheFolder } from './cache-folder.ts';
import type { Begin, WorkerData } from './run-worker.ts';
import { sharedMemory } from './shared-memory.ts';

/** Sources are TypeScript, and so is the entry beside them; a bundle is plain JavaScript. */
const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './machine-worker.ts' : './machine-worker.cjs', import.meta.url);

/** The next machine's thread loads when this one runs, not beside its start. */
const REFILL_MS = 200;

/** A thread without a machine, and the memory that its machine may be built in, which may have been asked for. */
interface Waiting {
  readonly worker: Worker;
  readonly memory?: SharedMemory;
  lent: boolean;
}

export class VcpuThreads {
  readonly #cache: string;
  readonly #spares: number;
  readonly #waiting = new Set<Waiting>();
  #refill: NodeJS.Timeout | undefined;
  /** Of the last machine's memory: the next one's will be as large, where a host is made for many. */
  #memoryBytes: number | undefined;

  /** `cache` is where an engine is kept that no bundle brings; `spares` is how many threads wait, once one of them has been taken. */
  constructor({ cache = cacheFolder(), spares = 0 }: { readonly cache?: string; readonly spares?: number } = {}) {
    this.#cache = cache;
    this.#spares = spares;
  }

  /** Starts a thread that waits for its machine, if none does. */
  readonly prepare = (): void => { while (this.#waiting.size < Math.max(this.#spares, 1)) this.#add(this.#spares > 0); };

  /**
   * Memory for a machine, `Host.createMemory`: that of a thread that waits, if it fits. V8 looks for garbage in every thread that comes to know of
   * hundreds of MiB, for longer than a wake takes, and so has done that already.
   */
  readonly createMemory = (bytes: number): SharedMemory => {
    this.#memoryBytes = bytes;
    const found = [...this.#waiting].find(({ lent, memory }) => !lent && memory?.buffer.byteLength === bytes);
    if (found === undefined) return sharedMemory(bytes);
    found.lent = true;
    return found.memory!;
  };

  /** Gives a machine to a thread; `Host.startThread`. */
  readonly start = ({ memory, ...setup }: ThreadSetup, heard: (message: ThreadMessage) => void, failed: (error: Error) => void): MachineThread => {
    const { worker, memory: known } = this.#take(memory);
    let ended = false;
    worker.on('message', (message: ThreadMessage) => {
      if (message.kind === 'ended') ended = true;
      heard(message);
    });
    worker.on('error', failed);
    worker.on('exit', code => { if (!ended) failed(new Error(`the vCPU's thread ended by itself (exit code ${code})`)); });
    worker.postMessage({ setup, ...(memory !== known && { memory }) } satisfies Begin);
    if (this.#spares > 0) this.#refill ??= setTimeout(() => this.#refilled(), REFILL_MS).unref();
    return { terminate: async () => { await worker.terminate(); } };
  };

  /** Ends the threads that wait. */
  readonly close = async (): Promise<void> => {
    clearTimeout(this.#refill);
    const workers = [...this.#waiting].map(({ worker }) => worker);
    this.#waiting.clear();
    await Promise.all(workers.map(worker => worker.terminate()));
  };

  /** A host that refuses is no trouble before there is a machine: that one will hear of it. */
  #refilled(): void {
    this.#refill = undefined;
    try {
      this.prepare();
    } catch {}
  }

  #add(rehearses: boolean): Waiting {
    const memory = rehearses && this.#memoryBytes !== undefined ? { memory: sharedMemory(this.#memoryBytes) } : {};
    const worker = new Worker(ENTRY, {
      workerData: { cache: this.#cache, compileCache: getCompileCacheDir(), rehearses, ...memory } satisfies WorkerData, stdin: true, name: 'hypnos vcpu 0',
    });
    worker.unref();
    const waiting: Waiting = { worker, ...memory, lent: false };
    // One that cannot even load is no spare; the next machine's own thread will say why.
    const gone = (): void => { this.#waiting.delete(waiting); };
    worker.on('error', gone).on('exit', gone);
    this.#waiting.add(waiting);
    return waiting;
  }

  /** Its own for the memory, or another; last of all one whose memory somebody asked for and did not use yet. */
  #take(memory: SharedMemory): Waiting {
    const all = [...this.#waiting], waiting = all.find(each => each.memory === memory) ?? all.find(({ lent }) => !lent) ?? all[0] ?? this.#add(false);
    this.#waiting.delete(waiting);
    waiting.worker.ref();
    return waiting;
  }
}
