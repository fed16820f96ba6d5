/** The thread that owns machines, on Node: memory, worker threads, timers, entropy, gunzip. */
import type { Host } from '@hypnos/vmm';
import { nodeClock } from './clock.ts';
import { VcpuThreads } from './vcpu-threads.ts';

export interface NodeHostOptions {
  /** Folder where the generated engine is kept from one start to the next. */
  readonly cache?: string;
  /** Threads kept ready for machines to come, so that they begin within milliseconds: 0 unless told. */
  readonly spares?: number;
  /** Threads that were made before there was time to load the rest, in the place of the other options. */
  readonly threads?: VcpuThreads;
}

export interface NodeHost extends Host {
  /** A machine is about to start: its thread loads meanwhile. It never keeps the process alive. */
  prepare(): void;
  /** Ends the threads that wait for a machine. */
  close(): Promise<void>;
}

/** What a machine needs of Node. Modules that not every start needs are loaded when they are called for: some take ten milliseconds. */
export function nodeHost(options: NodeHostOptions = {}): NodeHost {
  const threads = options.threads ?? new VcpuThreads(options);
  if (options.spares) threads.prepare();
  return { ...OUTSIDE, createMemory: threads.createMemory, startThread: threads.start, prepare: threads.prepare, close: threads.close };
}

const OUTSIDE: Omit<Host, 'startThread' | 'createMemory'> = {
  clock: nodeClock,
  inflate: (gzip, atMost) => process.getBuiltinModule('node:zlib').gunzipSync(gzip, { maxOutputLength: atMost }),
  entropy: into => { process.getBuiltinModule('node:crypto').randomFillSync(into); },
  timer(milliseconds, then) {
    const timer = setTimeout(then, Math.min(milliseconds, 2 ** 31 - 1));
    return () => clearTimeout(timer);
  },
};
