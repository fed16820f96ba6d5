/** The part of WebAssembly's JavaScript interface that this package uses; Node's types leave it to the browser's library. */
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { initial: number; maximum?: number; shared?: boolean });
    readonly buffer: ArrayBufferLike;
  }
  class Module {
    constructor(bytes: Uint8Array<ArrayBuffer>);
  }
}
