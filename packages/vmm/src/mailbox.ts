/** Shared memory between a machine's owner and its vCPU's thread: orders, a decision about suspend, console bytes both ways. */
import { state } from '@hypnos/base';

const RING_BYTES = 1 << 16;
/** Two consoles, a ring each way. */
const RINGS = 4;

const ringShape = state.shape({ head: state.u32(), tail: state.u32(), bytes: state.bytes(RING_BYTES) });
const shape = state.shape({
  orders: state.u32(), decision: state.u32(), denyCode: state.i32(), posted: state.u32(), heard: state.u32(),
  wanted: state.u32(), served: state.u32(), lost: state.u32(), runUntil: state.i64(),
});
const POSTED = shape.offsetOf('posted') / 4, HEARD = shape.offsetOf('heard') / 4;
const WANTED = shape.offsetOf('wanted') / 4, SERVED = shape.offsetOf('served') / 4, LOST = shape.offsetOf('lost') / 4;
/** Messages posted and not heard yet, at most: a guest may make more of them than its owner can hear, and they lie in the host's memory. */
const MOST_UNHEARD = 64;

/** Orders to the vCPU's thread, as bits. `pause` stays set until `resume`; the others are taken once. */
export const ORDER = {
  stop: 1, pause: 2, resume: 4, wake: 8, powerKey: 16, sleepKey: 32, reset: 64, decided: 128, input: 256, alarm: 512, save: 1024,
  /** The guest lives on in a store: the machine ends. */
  parked: 2048,
  /** The owner's word that the machine may run holds longer. */
  renewed: 4096,
} as const;

/** Orders that end this life of the machine. */
export const ENDS: number = ORDER.stop | ORDER.reset | ORDER.parked;

/**
 * Bytes from one thread to another, in order. `head` counts bytes written, `tail` bytes taken, both modulo 2^32; each has one
 * writer. Who waits, waits on the other's count.
 */
export class Ring {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(memory: SharedArrayBuffer, offset: number) {
    this.#words = new Int32Array(memory, offset, 2);
    this.#bytes = new Uint8Array(memory, offset + ringShape.offsetOf('bytes'), RING_BYTES);
  }

  #count(at: 0 | 1): number { return Atomics.load(this.#words, at); }
  get used(): number { return (this.#count(0) - this.#count(1)) >>> 0; }
  get room(): number { return RING_BYTES - this.used; }

  /** Writes what there is room for; answers how much. */
  write(bytes: Uint8Array): number {
    const length = Math.min(bytes.length, this.room), head = this.#count(0);
    for (let i = 0; i < length; i++) this.#bytes[(head + i) & (RING_BYTES - 1)] = bytes[i]!;
    if (length > 0) this.#move(0, head + length);
    return length;
  }

  /** What lies there, up to `atMost` bytes, without taking it. */
  peek(atMost = RING_BYTES): Uint8Array<ArrayBuffer> {
    const length = Math.min(atMost, this.used), tail = this.#count(1), out = new Uint8Array(length);
    for (let i = 0; i < length; i++) out[i] = this.#bytes[(tail + i) & (RING_BYTES - 1)]!;
    return out;
  }

  /** Takes so many of the bytes that `peek` showed. */
  take(count: number): void { if (count > 0) this.#move(1, this.#count(1) + count); }

  #move(at: 0 | 1, count: number): void {
    Atomics.store(this.#words, at, count | 0);
    Atomics.notify(this.#words, at);
  }

  /** Blocks until the reader has taken something, at most `milliseconds`. Not for a page's main thread. */
  waitForRoom(milliseconds: number): void {
    const tail = this.#count(1);
    if (this.room === 0) Atomics.wait(this.#words, 1, tail, milliseconds);
  }

  /** Settles when there is room, at once or when the reader has taken something, or after `disturb` if it is `over`. */
  async roomAsync(over = () => false): Promise<void> {
    for (;;) {
      const tail = this.#count(1);
      if (this.room > 0 || over()) return;
      await Atomics.waitAsync(this.#words, 1, tail).value;
    }
  }
  /** Settles when there are bytes, at once or when the writer has written some, or after `disturb` if it is `over`. */
  async bytesAsync(over = () => false): Promise<void> {
    for (;;) {
      const head = this.#count(0);
      if (this.used > 0 || over()) return;
      await Atomics.waitAsync(this.#words, 0, head).value;
    }
  }
  /** Wakes whoever waits in `bytesAsync` or `roomAsync`, to look again. */
  disturb(): void {
    Atomics.notify(this.#words, 0);
    Atomics.notify(this.#words, 1);
  }
}

/** A console's two directions, as the machine's owner names them. */
export interface Line { readonly output: Ring; readonly input: Ring }

export type DecisionWord = 'sleep' | 'resume' | 'deny' | 'ignore' | 'park';
const DECISIONS: readonly DecisionWord[] = ['sleep', 'resume', 'deny', 'ignore', 'park'];

/** One machine's mailbox over its memory; make one on each thread. */
export class Mailbox {
  static readonly bytes = shape.size + (8 - (shape.size % 8)) + RINGS * ringShape.size;
  readonly memory: SharedArrayBuffer;
  /** From the guest's serial console and to it, and those of virtio's. */
  readonly uart: Line;
  readonly virtio: Line;
  readonly #words: Int32Array;
  readonly #runUntil: BigInt64Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(Mailbox.bytes)) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, shape.size / 4);
    this.#runUntil = new BigInt64Array(memory, shape.offsetOf('runUntil'), 1);
    const ring = (index: number): Ring => new Ring(memory, shape.size + (8 - (shape.size % 8)) + index * ringShape.size);
    this.uart = { output: ring(0), input: ring(1) };
    this.virtio = { output: ring(2), input: ring(3) };
  }

  /** Adds orders and wakes the thread if it waits for some. A vCPU that runs guest code must be kicked as well. */
  order(bits: number): void {
    if (bits & ORDER.resume) Atomics.and(this.#words, 0, ~ORDER.pause);
    Atomics.or(this.#words, 0, bits);
    Atomics.notify(this.#words, 0);
  }
  peekOrders(): number { return Atomics.load(this.#words, 0); }
  /** Whether the machine is to end or begin anew, and so need not wait for its owner any more. */
  endWanted(): boolean { return (this.peekOrders() & ENDS) !== 0; }
  /** Takes these orders; answers which of them there were. */
  takeOrders(mask: number): number { return Atomics.and(this.#words, 0, ~mask) & mask; }
  /** Blocks until some order of `mask` is there. */
  waitForOrders(mask: number): void {
    for (;;) {
      const orders = this.peekOrders();
      if (orders & mask) return;
      Atomics.wait(this.#words, 0, orders);
    }
  }

  /** Before a message is posted: counts it, and blocks while the owner has too many to hear, an end excepted. */
  posting(): void {
    for (;;) {
      const heard = Atomics.load(this.#words, HEARD);
      if (((Atomics.load(this.#words, POSTED) - heard) >>> 0) < MOST_UNHEARD || this.endWanted()) break;
      Atomics.wait(this.#words, HEARD, heard, 1000);
    }
    Atomics.add(this.#words, POSTED, 1);
  }
  /** The owner has heard a message. */
  messageHeard(): void {
    Atomics.add(this.#words, HEARD, 1);
    Atomics.notify(this.#words, HEARD);
  }

  /** On the vCPU's thread: blocks until chunk `chunk` of the memory is there; false where it is lost. `there` looks. */
  waitForChunk(chunk: number, there: () => boolean): boolean {
    for (;;) {
      const served = Atomics.load(this.#words, SERVED);
      if (there()) return true;
      if (Atomics.load(this.#words, LOST)) return false;
      Atomics.store(this.#words, WANTED, chunk + 1);
      Atomics.notify(this.#words, WANTED);
      Atomics.wait(this.#words, SERVED, served);
    }
  }
  /** On the owner's: the chunk that is waited for, at once or when one is; null when it is `over` after `disturb`. */
  async chunkWanted(over: () => boolean): Promise<number | null> {
    for (;;) {
      const wanted = Atomics.exchange(this.#words, WANTED, 0);
      if (wanted !== 0) return wanted - 1;
      if (over()) return null;
      await Atomics.waitAsync(this.#words, WANTED, 0).value;
    }
  }
  /** A chunk has come, or is lost. */
  chunkServed(lost = false): void {
    if (lost) Atomics.store(this.#words, LOST, 1);
    Atomics.add(this.#words, SERVED, 1);
    Atomics.notify(this.#words, SERVED);
  }
  /** Wakes whoever waits in `chunkWanted`, to look again. */
  disturb(): void { Atomics.notify(this.#words, WANTED); }

  /** The machine may run until then, by the host's monotonic clock (ns). Without it, it may always. */
  setRunUntil(ns: bigint): void {
    Atomics.store(this.#runUntil, 0, ns);
    this.order(ORDER.renewed);
  }
  mayRun(nowNs: bigint): boolean {
    const until = Atomics.load(this.#runUntil, 0);
    return until === 0n || nowNs < until;
  }

  decide(decision: DecisionWord, denyCode = 0): void {
    this.#words[1] = DECISIONS.indexOf(decision);
    this.#words[2] = denyCode;
    this.order(ORDER.decided);
  }
  decision(): { readonly decision: DecisionWord; readonly denyCode: number } {
    return { decision: DECISIONS[this.#words[1]!]!, denyCode: this.#words[2]! };
  }
}
