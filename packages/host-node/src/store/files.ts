/** The calls of the file system that a store in a folder makes: one by one, so that a test may fail, shorten or stop at any of them. */
import { constants, type Dirent } from 'node:fs';
import { link, lstat, mkdir, open, readdir, unlink, type FileHandle } from 'node:fs/promises';

export interface Files {
  makeFolder(path: string): Promise<void>;
  /** Opens a file that must not be there yet, to write. */
  create(path: string): Promise<FileHandle>;
  /** Opens a regular file to read; a link is refused with ELOOP. */
  open(path: string): Promise<FileHandle>;
  /** Writes some of `bytes` at `position`; answers how many. */
  write(file: FileHandle, bytes: Uint8Array, position: number): Promise<number>;
  sync(file: FileHandle): Promise<void>;
  /** Gives a file a second name. EEXIST where there is one of that name. */
  link(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Makes the names in a folder durable. */
  syncFolder(path: string): Promise<void>;
  entries(path: string): Promise<Dirent[]>;
  stat(path: string): Promise<{ readonly size: number; readonly mtimeNs: bigint; readonly isFile: boolean; readonly isFolder: boolean }>;
}

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY;

export const nodeFiles: Files = {
  makeFolder: async path => { await mkdir(path, { recursive: true, mode: 0o700 }); },
  create: path => open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600),
  // Non-blocking: a pipe by that name must not hold us.
  open: path => open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK),
  write: async (file, bytes, position) => (await file.write(bytes, 0, bytes.length, position)).bytesWritten,
  sync: file => file.sync(),
  link, unlink,
  async syncFolder(path) {
    const folder = await open(path, FOLDER);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
  entries: path => readdir(path, { withFileTypes: true }),
  async stat(path) {
    const found = await lstat(path, { bigint: true });
    return { size: Number(found.size), mtimeNs: found.mtimeNs, isFile: found.isFile(), isFolder: found.isDirectory() };
  },
};
