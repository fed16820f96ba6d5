/** What the world must fill for a machine to run: once on the thread that owns it (`Host`), once on the thread of its vCPU (`ThreadHost`). */
import type { CpuModel, EngineFactory, GuestMemoryPorts } from '@hypnos/hypervisor';
import type { Inflate } from './boot/kernel-image.ts';
import type { ThreadMessage, ThreadSetup } from './thread-setup.ts';

/** Host time. Devices and CPU see only what the machine makes of it. */
export interface HostClock {
  /** Monotonic nanoseconds, the same zero on every thread. */
  monotonicNs(): bigint;
  /** Nanoseconds since 1970, UTC. */
  wallNs(): bigint;
}

/** The thread that owns a machine: files, terminals, timers. */
export interface Host {
  readonly clock: HostClock;
  readonly inflate: Inflate;
  entropy(into: Uint8Array): void;
  /** A shared WebAssembly memory of this many bytes. Throws ENOMEM if the host refuses. */
  createMemory(bytes: number): SharedMemory;
  /** Starts a thread that calls `runMachine` with this set-up and passes its messages on. `failed` tells that it ended by itself. */
  startThread(setup: ThreadSetup, heard: (message: ThreadMessage) => void, failed: (error: Error) => void): MachineThread;
  /** Calls `then` after so many milliseconds, or earlier where the host's timers do not reach that far; answers how to call it off. */
  timer(milliseconds: number, then: () => void): () => void;
}

/** `handle` is what engines import (a WebAssembly.Memory); `buffer` is its SharedArrayBuffer. */
export interface SharedMemory {
  readonly handle: unknown;
  readonly buffer: SharedArrayBuffer;
}

export interface MachineThread {
  /** Ends the thread wherever it is. */
  terminate(): Promise<void>;
}

/** The thread of a vCPU. It may block; nothing here calls back. */
export interface ThreadHost {
  readonly clock: HostClock;
  readonly engine: EngineFactory;
  readonly model: CpuModel;
  /** Hooks on RAM pages: brings in absent ones, hears of writes to watched ones. */
  readonly guestMemory?: GuestMemoryPorts;
  entropy(into: Uint8Array): void;
  post(message: ThreadMessage): void;
}
