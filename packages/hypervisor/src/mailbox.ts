/**
 * The attention word of each CPU: how other threads reach a vCPU. Last in the lock order (device, GIC, mailbox) and
 * itself lock-free: bits are set with atomics, and whoever waits on the word is notified.
 */
import { ATTENTION, at, type MemoryMap } from '@hypnos/cpu';

export class Mailbox {
  readonly #words: readonly Int32Array<ArrayBufferLike>[];

  constructor(memory: ArrayBufferLike, map: MemoryMap) {
    this.#words = Array.from({ length: map.cpus }, (_, i) => new Int32Array(memory, map.cpu(i) + at('attention'), 1));
  }

  raise(cpuIndex: number, bits: number): void {
    const word = this.#words[cpuIndex]!;
    Atomics.or(word, 0, bits);
    Atomics.notify(word, 0);
  }

  raised(cpuIndex: number, bits: number): boolean {
    return (Atomics.load(this.#words[cpuIndex]!, 0) & bits) !== 0;
  }

  /** Clears bits and answers which of them were set. */
  take(cpuIndex: number, bits: number): number {
    return Atomics.and(this.#words[cpuIndex]!, 0, ~bits) & bits;
  }

  /** Waits for any bit: what the idle port of a Worker is made of. */
  wait(cpuIndex: number, milliseconds: number): 'notified' | 'timeout' {
    return Atomics.wait(this.#words[cpuIndex]!, 0, 0, milliseconds) === 'timed-out' ? 'timeout' : 'notified';
  }

  kick(cpuIndex: number): void { this.raise(cpuIndex, ATTENTION.kick); }
}
