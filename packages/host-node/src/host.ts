/** The thread that owns machines, on Node: memory, worker threads, timers, entropy, gunzip. */
import { HypnosError } from '@hypnos/base';
import type { Host, MachineThread, ThreadMessage } from '@hypnos/vmm';
import { randomFillSync } from 'node:crypto';
import { getCompileCacheDir } from 'node:module';
import { Worker } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import { cacheFolder } from './cache-folder.ts';
import { nodeClock } from './clock.ts';

const PAGE = 1 << 16;

export interface NodeHostOptions {
  /** Folder where the generated engine is kept from one start to the next. */
  readonly cache?: string;
}

/** What a machine needs of Node. */
export const nodeHost = ({ cache = cacheFolder() }: NodeHostOptions = {}): Host => ({
  clock: nodeClock,
  inflate: (gzip, atMost) => gunzipSync(gzip, { maxOutputLength: atMost }),
  entropy: into => { randomFillSync(into); },
  createMemory(bytes) {
    const pages = Math.ceil(bytes / PAGE);
    try {
      const handle = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
      return { handle, buffer: handle.buffer as unknown as SharedArrayBuffer };
    } catch (cause) {
      throw new HypnosError('ENOMEM', `this host refuses ${Math.round(bytes / 2 ** 20)} MiB for the machine: give it less memory.`, { cause });
    }
  },
  startThread(setup, heard, failed): MachineThread {
    const worker = new Worker(new URL('./machine-worker.ts', import.meta.url), {
      workerData: { setup, cache, compileCache: getCompileCacheDir() }, stdin: true, name: 'hypnos vcpu 0',
    });
    let ended = false;
    worker.on('message', (message: ThreadMessage) => {
      if (message.kind === 'ended') ended = true;
      heard(message);
    });
    worker.on('error', failed);
    worker.on('exit', code => { if (!ended) failed(new Error(`the vCPU's thread ended by itself (exit code ${code})`)); });
    return { terminate: async () => { await worker.terminate(); } };
  },
  timer(milliseconds, then) {
    const timer = setTimeout(then, Math.min(milliseconds, 2 ** 31 - 1));
    return () => clearTimeout(timer);
  },
});
