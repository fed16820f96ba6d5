/** Runs of bytes of a known length out of a stream whose pieces come as they like. Memory is taken for what has come, not for what was announced. */
import { HypnosError } from '@hypnos/base';
import { check } from './refused.ts';

const NOTHING = new Uint8Array(0), FIRST = 64 * 1024;

export class ByteSource {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #what: string;
  readonly #signal: AbortSignal | undefined;
  readonly #stop = (): void => { void this.cancel(); };
  #piece: Uint8Array = NOTHING;

  /** `what` names the stream in refusals; when `signal` is aborted, whoever waits for bytes gets EINTR. */
  constructor(stream: ReadableStream<Uint8Array>, what: string, signal?: AbortSignal) {
    this.#reader = stream.getReader();
    this.#what = what;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#stop);
  }

  /** The next `length` bytes. */
  async read(length: number): Promise<Uint8Array> {
    let bytes = new Uint8Array(Math.min(length, FIRST)), have = 0;
    while (have < length) {
      check(await this.#more(), this.#what, 'it ends too early: it was cut off');
      if (have === bytes.length) bytes = grown(bytes, length);
      const some = this.#piece.subarray(0, bytes.length - have);
      bytes.set(some, have);
      have += some.length;
      this.#piece = this.#piece.subarray(some.length);
    }
    return bytes;
  }

  /** Whether nothing more comes. */
  async ended(): Promise<boolean> { return !(await this.#more()); }

  /** Drops what has come and was not read; answers how many bytes. */
  skip(): number {
    const { length } = this.#piece;
    this.#piece = NOTHING;
    return length;
  }

  /** Lets the stream go; what it still had is lost. */
  async cancel(reason?: unknown): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#stop);
    await this.#reader.cancel(reason).catch(() => {});             // it has failed already
  }

  async #more(): Promise<boolean> {
    while (this.#piece.length === 0) {
      const { done, value } = await this.#next();
      if (done) return false;
      check(value instanceof Uint8Array, this.#what, 'it is no stream of bytes');
      this.#piece = value;
    }
    return true;
  }

  async #next(): ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']> {
    const next = this.#signal?.aborted ? null : await this.#reader.read();
    if (next === null || this.#signal?.aborted) throw new HypnosError('EINTR', `reading ${this.#what} was stopped; what it had stored already is garbage, which hypnos gc removes.`);
    return next;
  }
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const more = new Uint8Array(Math.min(length, bytes.length * 2));
  more.set(bytes);
  return more;
}
