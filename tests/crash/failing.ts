/** A file system and a ledger that fail at the call they are told, once, and are sound otherwise. */
import { type Files, nodeFiles } from '@hypnos/host-node';
import type { Ledger } from '@hypnos/vmm';

/** What a disk answers where it cannot do what it is asked, and what a person is told of it. */
export const TROUBLES = { ENOSPC: /the disk is full/, EDQUOT: /the disk quota is used up/, EIO: /the disk fails/ } as const;
export type Trouble = keyof typeof TROUBLES;

type Call = 'makeFolder' | 'create' | 'write' | 'sync' | 'link' | 'syncFolder' | 'unlink';
/** What a put makes, and cannot do without. */
const PUTTING: readonly Call[] = ['makeFolder', 'create', 'write', 'sync', 'link', 'syncFolder'];
/** What a deletion makes. */
export const DELETING: readonly Call[] = ['unlink', 'syncFolder'];

/** Which calls have been made, and which one fails. */
export class Failing {
  calls = 0;
  /** The number of the call that fails, from 1; 0 for none. */
  at = 0;
  trouble: Trouble = 'EIO';
  failed: string | null = null;
  readonly #may: readonly Call[];

  /** `may`: the calls that count, and fail. */
  constructor(may: readonly Call[] = PUTTING) { this.#may = may; }

  arm(at: number, trouble: Trouble): void { Object.assign(this, { at, trouble, calls: 0, failed: null }); }
  disarm(): void { this.arm(0, 'EIO'); }

  #meets(name: string): boolean {
    if (++this.calls !== this.at) return false;
    this.failed = name;
    return true;
  }

  get files(): Files {
    const files = { ...nodeFiles };
    for (const name of this.#may) {
      files[name] = (async (...given: unknown[]) => {
        const real = nodeFiles[name] as (...args: unknown[]) => Promise<unknown>;
        if (!this.#meets(name)) return real(...given);
        // A write that fails may have come half way.
        if (name === 'write') await nodeFiles.write(given[0] as Parameters<Files['write']>[0], (given[1] as Uint8Array).subarray(0, 100), given[2] as number);
        throw Object.assign(new Error(`${this.trouble}: a test`), { code: this.trouble });
      }) as never;
    }
    return files;
  }

  /** Its changes fail before they are committed. */
  ledger(ledger: Ledger, failure: () => Error): Ledger {
    return Object.assign(Object.create(ledger) as Ledger, {
      id: ledger.id,
      change: async (name: string, decide: Parameters<Ledger['change']>[1]) => ledger.change(name, view => {
        const change = decide(view);
        if (this.#meets('change')) throw failure();
        return change;
      }),
      view: (name: string) => ledger.view(name), guests: () => ledger.guests(), manifests: () => ledger.manifests(), generations: () => ledger.generations(), close: () => ledger.close(),
    });
  }
}
