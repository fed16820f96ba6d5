/**
 * A disk in memory whose power may be cut. What a process sees and what is durable are kept apart: bytes become durable when their file is synced, names when
 * their folder is. Of everything else a cut keeps any part: some of the writes, whole, torn or as zeroes, and some of the names, in any order.
 * It keeps a journal, so that a test may cut at any moment of a run, and as often as it likes. (POSIX promises no more than that; file systems do.)
 */
import type { Files } from '@hypnos/host-node';
import type { Dirent } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Random } from '../hostile/random.ts';

type Act =
  | { readonly do: 'make'; readonly path: string } | { readonly do: 'create'; readonly path: string } | { readonly do: 'unlink'; readonly path: string }
  | { readonly do: 'write'; readonly path: string; readonly position: number; readonly bytes: Uint8Array } | { readonly do: 'sync'; readonly path: string }
  | { readonly do: 'link'; readonly path: string; readonly to: string } | { readonly do: 'sync-folder'; readonly path: string };
/** Which acts a disk answers, and does not do; the second is the act's place in the journal. */
export type Lies = (act: Act, at: number) => boolean;

interface File {
  readonly kind: 'file';
  bytes: Uint8Array;
  synced: Uint8Array;
  /** Since it was synced. */
  writes: { readonly position: number; readonly bytes: Uint8Array }[];
}
interface Folder {
  readonly kind: 'folder';
  readonly names: Map<string, Entry>;
  readonly durable: Map<string, Entry>;
  /** Since it was synced: names given, and taken away. */
  changes: { readonly name: string; readonly entry: Entry | null }[];
}
type Entry = File | Folder;

const folder = (): Folder => ({ kind: 'folder', names: new Map(), durable: new Map(), changes: [] });
const SECTOR = 512;

const failure = (code: string, path: string): Error => Object.assign(new Error(`${code}: ${path}`), { code });

/** The bytes with a write in them. */
function written(bytes: Uint8Array, position: number, more: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.max(bytes.length, position + more.length));
  out.set(bytes);
  out.set(more, position);
  return out;
}

export class Disk {
  /** Everything that changed it, in order. */
  readonly journal: Act[] = [];
  readonly #root: Folder;

  constructor(root = folder()) { this.#root = root; }

  /** A disk after these acts; those that `lies` says of are answered and not done. */
  static after(acts: readonly Act[], lies: Lies = () => false): Disk {
    const disk = new Disk();
    acts.forEach((act, at) => { if (!lies(act, at)) disk.apply(act); });
    return disk;
  }

  #find(path: string): Entry | undefined {
    let at: Entry | undefined = this.#root;
    for (const name of path.split('/').filter(n => n !== '')) at = at?.kind === 'folder' ? at.names.get(name) : undefined;
    return at;
  }
  #folder(path: string): Folder {
    const found = this.#find(path);
    if (found?.kind !== 'folder') throw failure('ENOENT', path);
    return found;
  }
  #file(path: string): File {
    const found = this.#find(path);
    if (found === undefined) throw failure('ENOENT', path);
    if (found.kind !== 'file') throw failure('EISDIR', path);
    return found;
  }
  #name(path: string, entry: Entry | null): void {
    const { names, changes } = this.#folder(dirname(path)), name = basename(path);
    if (entry) names.set(name, entry);
    else names.delete(name);
    changes.push({ name, entry });
  }

  apply(act: Act): void {
    this.#change(act);
    this.journal.push(act);
  }

  #change(act: Act): void {
    const { path } = act;
    switch (act.do) {
      case 'make':
        if (this.#find(path)) return;
        if (!this.#find(dirname(path))) this.apply({ do: 'make', path: dirname(path) });
        return this.#name(path, folder());
      case 'create':
        if (this.#find(path)) throw failure('EEXIST', path);
        return this.#name(path, { kind: 'file', bytes: new Uint8Array(), synced: new Uint8Array(), writes: [] });
      case 'write': {
        const file = this.#file(path), bytes = act.bytes.slice();
        file.bytes = written(file.bytes, act.position, bytes);
        file.writes.push({ position: act.position, bytes });
        return;
      }
      case 'sync': {
        const file = this.#file(path);
        file.synced = file.bytes;
        file.writes = [];
        return;
      }
      case 'link':
        if (this.#find(act.to)) throw failure('EEXIST', act.to);
        return this.#name(act.to, this.#file(path));
      case 'unlink':
        this.#file(path);
        return this.#name(path, null);
      case 'sync-folder': {
        const { names, durable, changes } = this.#folder(path);
        durable.clear();
        for (const [name, entry] of names) durable.set(name, entry);
        changes.length = 0;
      }
    }
  }

  /** What is there after a power cut: a disk on which all that is there is durable. */
  cut(random: Random): Disk {
    const files = new Map<File, File>();
    const fileOf = (file: File): File => {
      const known = files.get(file), bytes = known ? known.bytes : survived(file, random), made: File = known ?? { kind: 'file', bytes, synced: bytes, writes: [] };
      files.set(file, made);
      return made;
    };
    const folderOf = ({ durable, changes }: Folder): Folder => {
      const left = new Map(durable), made = folder();
      for (const { name, entry } of changes) {
        if (random.chance(2)) continue;
        if (entry) left.set(name, entry);
        else left.delete(name);
      }
      for (const [name, entry] of left) {
        const kept = entry.kind === 'file' ? fileOf(entry) : folderOf(entry);
        made.names.set(name, kept);
        made.durable.set(name, kept);
      }
      return made;
    };
    return new Disk(folderOf(this.#root));
  }

  /** The calls that a store makes. */
  get files(): Files {
    const paths = new WeakMap<FileHandle, string>();
    const handle = (path: string): FileHandle => {
      const file = this.#file(path);
      const made = {
        stat: async () => ({ size: file.bytes.length, isFile: () => true }), close: async () => {},
        async read(into: Uint8Array, offset: number, length: number, position: number) {
          const some = file.bytes.subarray(position, position + length);
          into.set(some, offset);
          return { bytesRead: some.length };
        },
      } as unknown as FileHandle;
      paths.set(made, path);
      return made;
    };
    return {
      makeFolder: async path => this.apply({ do: 'make', path }),
      create: async path => { this.apply({ do: 'create', path }); return handle(path); },
      open: async path => handle(path),
      write: async (file, bytes, position) => { this.apply({ do: 'write', path: paths.get(file)!, bytes, position }); return bytes.length; },
      sync: async file => this.apply({ do: 'sync', path: paths.get(file)! }),
      link: async (path, to) => this.apply({ do: 'link', path, to }),
      unlink: async path => this.apply({ do: 'unlink', path }),
      syncFolder: async path => this.apply({ do: 'sync-folder', path }),
      entries: async path => [...this.#folder(path).names].map(([name, { kind }]) => ({ name, isFile: () => kind === 'file', isDirectory: () => kind === 'folder' }) as Dirent),
      stat: async path => {
        const found = this.#find(path);
        if (!found) throw failure('ENOENT', path);
        return { size: found.kind === 'file' ? found.bytes.length : 0, mtimeNs: 0n, isFile: found.kind === 'file', isFolder: found.kind === 'folder' };
      },
    };
  }
}

/** What is left of a file: each write since it was synced is there, or not, or as zeroes, or as far as some sector. */
function survived({ synced, writes }: File, random: Random): Uint8Array {
  let bytes = synced;
  for (const { position, bytes: more } of writes) {
    const kept = [more, null, new Uint8Array(more.length), more.subarray(0, SECTOR * random.below(1 + Math.ceil(more.length / SECTOR)))][random.below(4)];
    if (kept) bytes = written(bytes, position, kept);
  }
  return bytes;
}
