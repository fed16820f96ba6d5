/** A store in memory with a bucket's contract, and what becomes of real ones: bytes rot, answers come short, what was put is put again later. */
import type { Bucket, Content } from '@hypnos/vmm';
import type { Random } from '../hostile/random.ts';
import { digest } from './digest.ts';
import type { Network } from './network.ts';
import type { Process } from './process.ts';
import type { Scheduler } from './scheduler.ts';

/** Objects are never copied: who puts one does not change it any more, and what rots does so in a copy. */
export class MemoryStore {
  readonly objects = new Map<string, Uint8Array>();
  /** Objects whose bytes are not what was put. */
  readonly rotten = new Set<string>();
  /** One answer in so many is short; 0: none. */
  shortIn = 0;
  readonly #deleted: (name: string) => void;

  constructor(deleted: (name: string) => void) {
    this.#deleted = deleted;
  }

  put(name: string, bytes: Uint8Array): 'stored' | 'present' {
    if (this.objects.has(name)) return 'present';
    this.objects.set(name, bytes);
    return 'stored';
  }
  /** One bit of an object turns. */
  rot(name: string, random: Random): void {
    const bytes = this.objects.get(name)?.slice();
    if (!bytes || bytes.length === 0 || this.rotten.has(name)) return;
    this.objects.set(name, bytes);
    bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
    this.rotten.add(name);
  }
  delete(name: string): void {
    if (this.objects.delete(name)) this.#deleted(name);
    this.rotten.delete(name);
  }
  read(name: string, range?: { readonly offset: number; readonly length: number }): Uint8Array | null {
    const bytes = this.objects.get(name);
    return bytes ? bytes.subarray(range?.offset ?? 0, range ? range.offset + range.length : bytes.length) : null;
  }

  /** The store itself, for who looks at it from outside the simulated world. */
  bucket(): Bucket {
    const store = this;
    return {
      get: async (name, range) => store.read(name, range),
      size: async name => store.objects.get(name)?.length ?? null,
      putIfAbsent: async (name, bytes) => store.put(name, bytes),
      list: prefix => listed(async () => store.#list(prefix)),
      delete: async name => store.delete(name),
    };
  }
  #list(prefix: string): readonly { readonly name: string; readonly bytes: number; readonly storedAtNs: bigint }[] {
    return [...this.objects].filter(([name]) => name.startsWith(prefix)).map(([name, { length }]) => ({ name, bytes: length, storedAtNs: 0n }));
  }

  /** The store as a process has it. */
  port(network: Network, scheduler: Scheduler, process: Process, random: Random): Bucket {
    const call = <T>(effect: () => T): Promise<T> => network.call(process, 'store', effect);
    return {
      get: (name, range) =>
        call(() => {
          const bytes = this.read(name, range);
          return bytes && this.shortIn > 0 && random.chance(this.shortIn) ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes;
        }),
      size: name => call(() => this.objects.get(name)?.length ?? null),
      putIfAbsent: (name, bytes) => {
        // What a network repeats, or what a process that is dead by then had sent.
        if (random.chance(16)) scheduler.after(random.below(500), () => void this.put(name, bytes));
        return call(() => this.put(name, bytes));
      },
      list: prefix => listed(() => call(() => this.#list(prefix))),
      delete: name => call(() => this.delete(name)),
    };
  }
}

async function* listed<T>(all: () => Promise<readonly T[]>): AsyncGenerator<T> {
  yield* await all();
}

/** Digests that are quick and nothing is squeezed, for speed; salts are drawn, so that a history is its seed. */
export const contentOf = (random: Random): Content => ({
  sha256: digest,
  compress: bytes => bytes,
  decompress: () => null,
  random: length => Uint8Array.from({ length }, () => random.below(256)),
});
