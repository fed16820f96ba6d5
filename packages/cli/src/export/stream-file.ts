/** Streams to and from files, and standard output and input. */
import { HypnosError } from '@hypnos/base';
import { createReadStream, existsSync } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder', EISDIR: 'it is a folder', EACCES: 'you may not', ENOSPC: 'the disk is full', EPIPE: 'nobody reads it', EROFS: 'the disk is read-only',
};
const troubled = (doing: string, error: unknown): Error => {
  if (error instanceof HypnosError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  return new HypnosError('EIO', `cannot ${doing}: ${REASONS[code ?? ''] ?? message}.`, { cause: error });
};

/** Writes a stream to a new file, which has its name only when it is whole and durable; `-` is standard output. */
export async function writeStream(stream: ReadableStream<Uint8Array>, file: string): Promise<void> {
  if (file === '-') return toStandardOutput(stream);
  if (existsSync(file)) throw new HypnosError('EEXIST', `there is a file ${file} already: give another name, or remove it.`);
  const unfinished = `${file}.unfinished-${process.pid}`;
  try {
    const target = await open(unfinished, 'wx', 0o600);
    try {
      for await (const piece of stream) await target.writeFile(piece);
      await target.sync();
    } finally {
      await target.close();
    }
    await rename(unfinished, file);
  } catch (error) {
    await unlink(unfinished).catch(() => {});
    throw troubled(`write ${file}`, error);
  }
}

async function toStandardOutput(stream: ReadableStream<Uint8Array>): Promise<void> {
  if (process.stdout.isTTY) throw new HypnosError('EINVAL', 'standard output is a terminal, and a guest is no text: give a file, or a pipe.');
  try {
    for await (const piece of stream) await new Promise<void>((resolve, reject) => { process.stdout.write(piece, error => (error ? reject(error) : resolve())); });
  } catch (error) {
    throw troubled('write to standard output', error);
  }
}

/** A file as a stream, or standard input for `-`. */
export function readStream(file: string): ReadableStream<Uint8Array> {
  if (file === '-' && process.stdin.isTTY) throw new HypnosError('EINVAL', 'standard input is a terminal: give a file, or a pipe from hypnos export.');
  return ReadableStream.from(piecesOf(file)) as ReadableStream<Uint8Array>;
}

async function* piecesOf(file: string): AsyncGenerator<Uint8Array, void> {
  try {
    yield* file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1 << 18 });
  } catch (error) {
    throw troubled(`read ${file === '-' ? 'standard input' : file}`, error);
  }
}
