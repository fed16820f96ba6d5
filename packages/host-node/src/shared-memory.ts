/** The one memory of a machine: WebAssembly's, shared between threads. */
import { HypnosError } from '@hypnos/base';
import type { SharedMemory } from '@hypnos/vmm';

const PAGE = 1 << 16;

/** ENOMEM where the host refuses. */
export function sharedMemory(bytes: number): SharedMemory {
  const pages = Math.ceil(bytes / PAGE);
  try {
    const handle = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    return { handle, buffer: handle.buffer as unknown as SharedArrayBuffer };
  } catch (cause) {
    throw new HypnosError('ENOMEM', `this host refuses ${Math.round(bytes / 2 ** 20)} MiB for the machine: give it less memory.`, { cause });
  }
}
