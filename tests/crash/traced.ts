/** A run whose disk and ledger are written down act by act, so that its power may be cut at any moment, in any way. */
import { collect, fork, remove } from '@hypnos/parking';
import type { Ledger } from '@hypnos/vmm';
import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../hostile/random.ts';
import { STRIDE } from './counter.ts';
import { Disk, type Lies } from './disk.ts';
import { born, type Home, listening, lives, openHome, STORE } from './home.ts';

/** SQLite's two files. Without the second all is in the first. */
interface LedgerFiles { readonly main: Uint8Array; readonly wal: Uint8Array }

/** What had happened by some moment: so many acts of the disk, and the ledger as its last commit left it. */
export interface Moment {
  readonly acts: number;
  readonly ledger: LedgerFiles;
}

export interface Trace {
  readonly folder: string;
  readonly disk: Disk;
  /** In order; each is a commit of the ledger's. */
  readonly commits: readonly Moment[];
}

const filesOf = (folder: string): LedgerFiles => {
  const file = join(folder, 'ledger.sqlite'), wal = `${file}-wal`;
  return { main: readFileSync(file), wal: existsSync(wal) ? readFileSync(wal) : new Uint8Array() };
};

/** Commits are written down behind each change. */
const tracing = (ledger: Ledger, committed: () => void): Ledger => Object.assign(Object.create(ledger) as Ledger, {
  id: ledger.id,
  change: (...given: Parameters<Ledger['change']>) => ledger.change(...given).finally(committed),
  collect: () => ledger.collect().finally(committed),
  view: (name: string) => ledger.view(name), guests: () => ledger.guests(), manifests: () => ledger.manifests(), generations: () => ledger.generations(), close: () => ledger.close(),
});

/** The number a guest of the run is parked at. `twin` is forked from the second generation. */
export const tracedCount = (guest: string, generation: number): number => STRIDE * (guest === 'twin' ? 2 : generation);
const same = <T>(sections: T): T => sections;

/** Parks, wakes, forks, removes and collects with the real thing; the store is on a disk in memory. */
export async function traced(folder: string): Promise<Trace> {
  const disk = new Disk(), commits: Moment[] = [], told = listening();
  const home = openHome(folder, {
    files: disk.files, ledger: ledger => tracing(ledger, () => { commits.push({ acts: disk.journal.length, ledger: filesOf(folder) }); }),
  }), { stores } = home;
  await born(home, 'dev', told);
  await lives(home, 'dev', told);
  await fork(stores, 'dev', 'twin', { renewed: same });
  await fork(stores, 'dev', 'gone', { renewed: same });
  await remove(stores, 'gone');
  await lives(home, 'dev', told);
  await collect(stores, STORE);
  await lives(home, 'dev', told);
  await collect(stores, STORE);
  await stores.ledger.close();
  return { folder, disk, commits };
}

/** A home as it is after a cut; each in a folder of its own, whose store is the one of the trace. */
export class Cuts {
  readonly #trace: Trace;
  readonly #folder: string;
  #count = 0;

  constructor(trace: Trace, folder: string) {
    this.#trace = trace;
    this.#folder = folder;
  }

  /** The ledger at the cut: its last commit, and of the next one's log any part that may have been written (all of it: then that is committed). */
  #ledger(acts: number, random: Random, forgets: boolean): string {
    const { commits } = this.#trace, next = commits.findIndex(c => c.acts > acts), newest = next === -1 ? commits.length - 1 : next - 1;
    const last = forgets ? random.below(newest + 1) : newest;
    const folder = join(this.#folder, `cut-${++this.#count}`), file = join(folder, 'ledger.sqlite'), had = commits[last]?.ledger, will = commits[last + 1];
    mkdirSync(folder);
    if (!had) return folder;
    writeFileSync(file, had.main);
    writeFileSync(`${file}-wal`, had.wal);
    // The next commit appends to the log if it does not begin it anew, and is under way only behind all that it needs of the disk.
    const appends = will && will.acts === acts && will.ledger.wal.length > had.wal.length && Buffer.compare(will.ledger.wal.subarray(0, had.wal.length), had.wal) === 0;
    if (appends) {
      writeFileSync(`${file}-wal`, will.ledger.wal);
      truncateSync(`${file}-wal`, had.wal.length + random.below(will.ledger.wal.length - had.wal.length));
    }
    return folder;
  }

  /**
   * Cuts the power behind so many acts of the disk, and looks with `use`. A home whose ledger had no commit yet is left out. `forgets`: the ledger's disk lied,
   * too, and the ledger is as some earlier commit left it.
   */
  async after<T>(acts: number, random: Random, lies: Lies | undefined, use: (home: Home) => Promise<T>, forgets = false): Promise<T | null> {
    const folder = this.#ledger(acts, random, forgets), cut = Disk.after(this.#trace.disk.journal.slice(0, acts), lies).cut(random);
    try {
      if (!existsSync(join(folder, 'ledger.sqlite'))) return null;
      const home = openHome(folder, { files: cut.files, ownerIsDead: () => true, storeFolder: join(this.#trace.folder, STORE) });
      try {
        return await use(home);
      } finally {
        await home.stores.ledger.close();
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

