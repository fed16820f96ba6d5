/** The connection of a move: a greeting both ways, then messages, each a kind, a length and so many bytes, bounded by their kind. docs/moving.md tells the order. */
import { type ErrorCode, HypnosError, state } from '@hypnos/base';
import { ByteSource, jsonBytes, readJson, shownText } from '@hypnos/vmm';

/** Bytes both ways: a socket, a WebSocket, two pipes. */
export interface Duplex {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

const MAGIC = Uint8Array.from('HYPNOSV1', c => c.charCodeAt(0)), VERSION = 1;
const greetingShape = state.shape({ magic: state.bytes(MAGIC.length), version: state.u32() });
const headShape = state.shape({ kind: state.u32(), length: state.u32() });

const KIB = 1024, MIB = 1024 * KIB;

/** Messages by their number, with the most bytes one may have. Hashes of the largest machine in the smallest chunks are 25 MiB. */
export const MESSAGE = {
  offer: { kind: 1, most: 80 * KIB }, hashes: { kind: 2, most: 26 * MIB }, lacks: { kind: 3, most: 128 * KIB }, data: { kind: 4, most: 256 * KIB },
  end: { kind: 5, most: 0 }, ready: { kind: 6, most: 0 }, gift: { kind: 7, most: 4 * MIB }, settled: { kind: 8, most: 4 * KIB },
  calledOff: { kind: 9, most: 0 }, refused: { kind: 10, most: 8 * KIB },
} as const;
export type MessageName = keyof typeof MESSAGE;
const NAMES: ReadonlyMap<number, MessageName> = new Map((Object.keys(MESSAGE) as MessageName[]).map(name => [MESSAGE[name].kind, name]));
/** Bytes that a peer which was refused may still have under way. */
const PATIENCE = 64 * MIB;
const NOTHING = new Uint8Array(0);

/** What a peer may say of its refusal, so that ours can be caught by its code. */
const CODES: readonly unknown[] = ['EINVAL', 'EBUSY', 'ENOENT', 'EEXIST', 'ENOTSUP', 'EIO'] satisfies readonly ErrorCode[];

/** The source keeps its guest, and says so: no gift will follow. */
export class CalledOff extends HypnosError {
  constructor(peer: string) { super('EINTR', `${peer} called the move off: the guest stays there.`); }
}

export interface Message<N extends MessageName> { readonly name: N; readonly bytes: Uint8Array }

export class Wire {
  /** Who is at the other end, in messages for people. */
  readonly peer: string;
  readonly #source: ByteSource;
  readonly #sink: WritableStreamDefaultWriter<Uint8Array>;

  constructor({ readable, writable }: Duplex, peer: string) {
    this.peer = peer;
    this.#source = new ByteSource(readable, `what ${peer} sent`);
    this.#sink = writable.getWriter();
  }

  /** Each side says what it speaks, and looks at what the other one does. */
  async greet(): Promise<void> {
    const greeting = greetingShape.fresh();
    greeting.magic.set(MAGIC);
    greeting.version = VERSION;
    await this.#write(greetingShape.save(greeting));
    const { magic, version } = greetingShape.at((await this.#read(greetingShape.size)).slice().buffer);
    if (!magic.every((byte, i) => byte === MAGIC[i])) throw new HypnosError('EINVAL', `${this.peer} is no hypnos: hypnos receive listens for one.`);
    if (version !== VERSION) throw new HypnosError('ENOTSUP', `${this.peer} speaks version ${version} of the move protocol, and this program version ${VERSION}: use the same version on both sides.`);
  }

  async send(name: MessageName, bytes: Uint8Array = NOTHING): Promise<void> {
    const head = headShape.fresh();
    Object.assign(head, { kind: MESSAGE[name].kind, length: bytes.length });
    await this.#write(headShape.save(head));
    if (bytes.length > 0) await this.#write(bytes);
  }

  /** The next message, which must be one of these. The peer's refusal is thrown. */
  async receive<N extends MessageName>(...names: readonly N[]): Promise<Message<N>> {
    const { kind, length } = headShape.at((await this.#read(headShape.size)).slice().buffer), name = NAMES.get(kind);
    if (name === undefined || length > MESSAGE[name].most) throw new HypnosError('EINVAL', `${this.peer} sent a message of kind ${kind} with ${length} bytes, which the move protocol does not have.`);
    const bytes = await this.#read(length);
    if (name === 'refused') throw this.#refusal(bytes);
    if (name === 'calledOff') throw new CalledOff(this.peer);
    if (!(names as readonly MessageName[]).includes(name)) throw new HypnosError('EINVAL', `${this.peer} sent '${name}' where '${names.join("' or '")}' belongs.`);
    return { name: name as N, bytes };
  }

  #refusal(bytes: Uint8Array): HypnosError {
    const { code, message } = readJson(bytes, MESSAGE.refused.most, `${this.peer}'s refusal`);
    return new HypnosError(CODES.includes(code) ? code as ErrorCode : 'EIO', `${this.peer} refuses: ${shownText(message, 1000)}`);
  }

  /** Tells the peer why not, if it still listens. */
  async refuse(error: unknown): Promise<void> {
    const said = error instanceof HypnosError ? { code: error.code, message: error.message.slice(0, 1000) } : { code: 'EIO', message: 'a fault of its own.' };
    await this.send('refused', jsonBytes(said)).catch(() => {});
  }

  /** Reads on until the peer has no more to say, or does not listen, so that it finds our refusal and not a broken connection. */
  async drain(): Promise<void> {
    try {
      for (let skipped = 0; skipped < PATIENCE && !(await this.#source.ended()); ) skipped += this.#source.skip();
    } catch {
      // The connection is gone, which ends it as well.
    }
  }

  async close(): Promise<void> {
    await this.#sink.close().catch(() => {});
    await this.#source.cancel();
  }

  async #read(length: number): Promise<Uint8Array> {
    try {
      return await this.#source.read(length);
    } catch (error) {
      throw this.#broken(error);
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      await this.#sink.write(bytes);
    } catch (error) {
      throw this.#broken(error);
    }
  }

  #broken(cause: unknown): HypnosError { return new HypnosError('EIO', `the connection to ${this.peer} broke.`, { cause }); }
}
