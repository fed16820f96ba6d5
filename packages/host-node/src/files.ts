/** Files of a command line: read whole, written as they come, each trouble as one sentence. */
import { HypnosError, type ErrorCode } from '@hypnos/base';
import { closeSync, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file', EACCES: 'you may not', EPERM: 'you may not', EISDIR: 'it is a folder', ENOTDIR: 'a part of its path is no folder',
  ENOSPC: 'the disk is full', EROFS: 'the disk is read-only', ERR_FS_FILE_TOO_LARGE: 'it is too large', EMFILE: 'too many files are open',
};

function troubled<T>(doing: string, path: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const known: ErrorCode = code === 'ENOENT' ? 'ENOENT' : 'EIO';
    throw new HypnosError(known, `cannot ${doing} '${path}': ${REASONS[code ?? ''] ?? message}.`, { cause });
  }
}

/** A whole file. Throws HypnosError with the option's word for it in the sentence. */
export const readWhole = (what: string, path: string): Uint8Array => troubled(`read ${what}`, path, () => readFileSync(path));

/** A file to write anew. */
export function writer(what: string, path: string): { write(bytes: Uint8Array | string): void; close(): void } {
  const fd = troubled(`write ${what}`, path, () => openSync(path, 'w'));
  return {
    write: bytes => troubled(`write ${what}`, path, () => { writeAll(fd, typeof bytes === 'string' ? Buffer.from(bytes) : bytes); }),
    close: () => closeSync(fd),
  };
}

const ERASED = 0xff;

/** A flash bank's file: made if it is not there, written where the guest programs it; what it does not hold yet is erased flash. */
export function flashFile(path: string): { readonly bytes: Uint8Array; write(offset: number, bytes: Uint8Array): void } {
  const fd = troubled('open the flash variables', path, () => openSync(path, openFlags(path)));
  const bytes = readWhole('the flash variables', path);
  return {
    bytes,
    write: (offset, changed) => troubled('write the flash variables', path, () => {
      const length = fstatSync(fd).size;
      if (offset > length) writeAll(fd, new Uint8Array(offset - length).fill(ERASED), length);
      writeAll(fd, changed, offset);
    }),
  };
}

const openFlags = (path: string): string => {
  try {
    closeSync(openSync(path, 'r'));
    return 'r+';
  } catch {
    return 'w+';
  }
};

function writeAll(fd: number, bytes: Uint8Array, position: number | null = null): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position === null ? null : position + done);
}
