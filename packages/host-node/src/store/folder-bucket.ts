/**
 * A store in a folder. An object is written under a temporary name, made durable, and then given its own name by a link, which fails where
 * there is one already: so an object is there whole, or not at all. Links in the folder are not followed.
 */
import { HypnosError } from '@hypnos/base';
import { type Bucket, isObjectName } from '@hypnos/vmm';
import { randomUUID } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Files, nodeFiles } from './files.ts';

const UNFINISHED = 'unfinished';
/** A writer that has not touched its file for so long is taken for dead; if it lives, it finds its file gone and writes it again. */
const ABANDONED_NS = 24n * 3600n * 1_000_000_000n;
const WRITINGS = 3;
/** More than any object has. */
const MOST_BYTES = 2 ** 30;

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full', EDQUOT: 'the disk quota is used up', EROFS: 'the disk is read-only', EACCES: 'you may not', EPERM: 'you may not',
  ELOOP: 'it is a link, and the store has none', EIO: 'the disk fails',
};
const troubled = (doing: string, error: unknown): HypnosError =>
  new HypnosError('EIO', `cannot ${doing}: ${REASONS[codeOf(error)] ?? (error as Error).message}.`, { cause: error });

export class FolderBucket implements Bucket {
  readonly #root: string;
  readonly #files: Files;
  /** Folders that are known to be ones. */
  readonly #folders = new Set<string>();
  /** Those whose own names, and those above them, are durable. */
  readonly #durable = new Set<string>();

  /** `root` is made when something is put into it. */
  constructor(root: string, files: Files = nodeFiles) {
    this.#root = root;
    this.#files = files;
  }

  #path(name: string): string {
    if (!isObjectName(name)) throw new HypnosError('EINVAL', `'${name}' is no name of an object in a store.`);
    return join(this.#root, name);
  }

  /** The path of an object in a folder that is one, and not a link out of the store. */
  async #inside(name: string): Promise<string> {
    const path = this.#path(name), parts = name.split('/').slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++) await this.#checkFolder(join(this.#root, ...parts.slice(0, depth)));
    return path;
  }

  async #checkFolder(path: string): Promise<void> {
    if (this.#folders.has(path)) return;
    const found = await this.#stat(path);
    if (found === null) return;
    if (!found.isFolder) throw new HypnosError('EIO', `${path} is no folder: a store has no links and no files in the place of folders.`);
    this.#folders.add(path);
  }

  async #stat(path: string): Promise<Awaited<ReturnType<Files['stat']>> | null> {
    try {
      return await this.#files.stat(path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null;
      throw troubled(`look at ${path}`, error);
    }
  }

  async get(name: string, range?: { readonly offset: number; readonly length: number }): Promise<Uint8Array | null> {
    const path = await this.#inside(name), there = await this.#stat(path);
    if (there === null || there.isFolder) return null;
    // Opened, a device would already do something.
    if (!there.isFile) throw new HypnosError('EIO', `cannot read ${path}: it is a link, a pipe or a device, and the store has none.`);
    return this.#reading(path, async file => {
      const found = await file.stat(), { size } = found;
      if (!found.isFile()) return null;
      const { offset, length } = range ?? { offset: 0, length: size };
      if (length > MOST_BYTES) throw new HypnosError('EIO', `${path} has ${size} bytes: it is no object of a store.`);
      if (offset + length > size) throw new HypnosError('EIO', `${path} has ${size} bytes, and ${offset + length} were expected: it was cut off.`);
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0) throw new HypnosError('EIO', `${path} ended while it was read.`);
        done += bytesRead;
      }
      return bytes;
    });
  }

  async #reading<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T | null> {
    let file: FileHandle;
    try {
      file = await this.#files.open(path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null;
      throw troubled(`read ${path}`, error);
    }
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  }

  async size(name: string): Promise<number | null> {
    const found = await this.#stat(await this.#inside(name));
    return found?.isFile ? found.size : null;
  }

  async putIfAbsent(name: string, bytes: Uint8Array): Promise<'stored' | 'present'> {
    const path = this.#path(name);
    for (let writing = 1; ; writing++) {
      const answer = await this.#put(name, path, bytes);
      if (answer !== 'vanished') return answer;
      if (writing === WRITINGS) throw new HypnosError('EIO', `cannot store ${path}: its temporary file was removed ${WRITINGS} times; is somebody clearing the store's '${UNFINISHED}' folder?`);
    }
  }

  async #put(name: string, path: string, bytes: Uint8Array): Promise<'stored' | 'present' | 'vanished'> {
    const unfinished = join(this.#root, UNFINISHED), temporary = join(unfinished, randomUUID());
    try {
      await this.#makeRoot(unfinished);
      await this.#makeFolder(dirname(path));
      await this.#checkFolder(unfinished);
      await this.#inside(name);
      await this.#write(temporary, bytes);
      const answer = await this.#name(temporary, path, bytes.length);
      await this.#files.syncFolder(dirname(path));
      return answer;
    } catch (error) {
      throw error instanceof HypnosError ? error : troubled(`store ${path}`, error);
    } finally {
      await this.#files.unlink(temporary).catch(() => {});
    }
  }

  /** The root's name is durable before there is anything in it: who finds `first` there finds that, too, whatever became of the one who made it. */
  async #makeRoot(first: string): Promise<void> {
    if (this.#durable.has(first)) return;
    if (await this.#stat(first) === null) {
      await this.#files.makeFolder(this.#root);
      for (let above = dirname(this.#root); await this.#syncAbove(above) && above !== dirname(above);) above = dirname(above);
      await this.#files.makeFolder(first);
    }
    this.#durable.add(first);
  }

  /** Answers false for a folder that we may not open: then it was not we who made what is in it. */
  async #syncAbove(folder: string): Promise<boolean> {
    try {
      await this.#files.syncFolder(folder);
      return true;
    } catch (error) {
      if (codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM') return false;
      throw error;
    }
  }

  /** A folder of the store, with its name durable: one that is there may have been made by a process that died before it saw to that. */
  async #makeFolder(folder: string): Promise<void> {
    if (folder === this.#root || this.#durable.has(folder)) return;
    await this.#makeFolder(dirname(folder));
    await this.#files.makeFolder(folder);
    await this.#files.syncFolder(dirname(folder));
    this.#durable.add(folder);
  }

  async #write(path: string, bytes: Uint8Array): Promise<void> {
    const file = await this.#files.create(path);
    try {
      for (let done = 0; done < bytes.length; ) {
        const written = await this.#files.write(file, bytes.subarray(done), done);
        if (written === 0) throw new Error(`the disk took ${done} of ${bytes.length} bytes, and takes no more`);
        done += written;
      }
      await this.#files.sync(file);
    } finally {
      await file.close();
    }
  }

  /** What has the name already is the same object; something else by that name must not be taken for one that is stored. */
  async #name(temporary: string, path: string, length: number): Promise<'stored' | 'present' | 'vanished'> {
    try {
      await this.#files.link(temporary, path);
      return 'stored';
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return 'vanished';
      if (codeOf(error) !== 'EEXIST') throw error;
      const there = await this.#stat(path);
      if (!there?.isFile || there.size !== length) throw new HypnosError('EIO', `${path} is there already and is not what is to be stored: verify the store.`);
      return 'present';
    }
  }

  async *list(prefix: string): AsyncGenerator<{ readonly name: string; readonly bytes: number; readonly storedAtNs: bigint }> {
    const folder = prefix.replace(/\/$/, ''), path = await this.#inside(folder);
    await this.#checkFolder(path);
    for (const entry of await this.#entries(path)) {
      const name = `${folder}/${entry.name}`;
      if (!isObjectName(name)) continue;
      if (entry.isDirectory()) yield* this.list(`${name}/`);
      if (!entry.isFile()) continue;
      const found = await this.#files.stat(this.#path(name)).catch(() => null);      // deleted meanwhile
      if (found?.isFile) yield { name, bytes: found.size, storedAtNs: found.mtimeNs };
    }
  }

  async #entries(path: string): ReturnType<Files['entries']> {
    try {
      return await this.#files.entries(path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
      throw troubled(`list ${path}`, error);
    }
  }

  async delete(name: string): Promise<void> {
    const path = await this.#inside(name);
    try {
      await this.#files.unlink(path);
      await this.#files.syncFolder(dirname(path));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw troubled(`delete ${path}`, error);
    }
  }

  async removeUnfinished(): Promise<number> {
    const folder = join(this.#root, UNFINISHED), entries = await this.#entries(folder);
    if (entries.length === 0) return 0;
    const now = await this.#clock(folder);
    let removed = 0;
    for (const { name } of entries) {
      const path = join(folder, name), found = await this.#files.stat(path).catch(() => null);
      if (!found?.isFile || now - found.mtimeNs < ABANDONED_NS) continue;
      await this.#files.unlink(path).catch(() => {});             // its writer finished just now, or another collector was faster
      removed += found.size;
    }
    return removed;
  }

  /** The time by the file system's own clock, which is the one that stamps the files; a server's may differ from ours. */
  async #clock(folder: string): Promise<bigint> {
    const probe = join(folder, randomUUID());
    try {
      await (await this.#files.create(probe)).close();
      return (await this.#files.stat(probe)).mtimeNs;
    } catch (error) {
      throw troubled(`write in ${folder}`, error);
    } finally {
      await this.#files.unlink(probe).catch(() => {});
    }
  }
}
