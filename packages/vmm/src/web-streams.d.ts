/**
 * The part of the Streams Standard (streams.spec.whatwg.org) and of the DOM's AbortSignal that this package uses: Node and browsers have both, and the
 * language's own library declares neither.
 */
interface ReadableStreamDefaultReader<R> {
  read(): Promise<{ readonly done: false; readonly value: R } | { readonly done: true; readonly value?: R | undefined }>;
  cancel(reason?: unknown): Promise<void>;
}
interface ReadableStreamDefaultController<R> {
  enqueue(piece: R): void;
  close(): void;
  error(reason: unknown): void;
}
declare class ReadableStream<R = unknown> {
  constructor(
    source: { pull?(controller: ReadableStreamDefaultController<R>): Promise<void>; cancel?(reason: unknown): Promise<void> },
    strategy?: { readonly highWaterMark?: number },
  );
  getReader(): ReadableStreamDefaultReader<R>;
}
interface AbortSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
