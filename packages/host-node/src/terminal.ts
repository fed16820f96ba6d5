/** The user's terminal: raw while a machine has it, and given back whatever happens (exit, signal, exception). */
import { Escapes, type ConsoleCommand } from './escapes.ts';

export interface ConsoleUser {
  /** Bytes for the guest; the next ones wait for the promise. */
  type(bytes: Uint8Array): Promise<void>;
  command(command: ConsoleCommand): void;
}

/** Standard input as the machine's keyboard: raw with escapes on a terminal, plain bytes from a pipe or file. */
export class Terminal {
  readonly interactive: boolean;
  readonly #input: NodeJS.ReadStream;
  #question: ((key: string) => void) | undefined;
  readonly #restore = (): void => { if (this.interactive) this.#input.setRawMode(false); };

  constructor(input: NodeJS.ReadStream = process.stdin) {
    this.#input = input;
    this.interactive = input.isTTY === true;
  }

  /** Reads until the input ends or `close`. End of a pipe is not the end of the machine. */
  async attach(user: ConsoleUser): Promise<void> {
    const escapes = new Escapes();
    if (this.interactive) {
      process.on('exit', this.#restore);
      this.#input.setRawMode(true);
    }
    try {
      for await (const chunk of this.#input as AsyncIterable<Buffer>) {
        if (!this.interactive) await user.type(chunk);
        else await this.#typed(escapes, chunk, user);
      }
    } catch (error) {
      if (!isClosed(error)) throw error;
    }
  }

  async #typed(escapes: Escapes, chunk: Buffer, user: ConsoleUser): Promise<void> {
    const { forGuest, commands } = escapes.feed(chunk);
    if (this.#question !== undefined && forGuest.length > 0) this.#question(String.fromCharCode(forGuest[0]!).toLowerCase());
    else if (forGuest.length > 0) await user.type(forGuest);
    for (const command of commands) user.command(command);
  }

  /** The next key typed answers a question instead of going to the guest; keys not among `keys` are passed over. */
  ask(keys: string): Promise<string> {
    return new Promise(resolve => {
      this.#question = key => {
        if (!keys.includes(key)) return;
        this.#question = undefined;
        resolve(key);
      };
    });
  }

  /** Gives the terminal back and stops reading. */
  close(): void {
    this.#restore();
    process.off('exit', this.#restore);
    this.#input.destroy();
  }
}

/** A terminal that went away, or our own `close`. */
const isClosed = (error: unknown): boolean =>
  ['ERR_STREAM_PREMATURE_CLOSE', 'EIO', 'EBADF', 'ABORT_ERR'].includes((error as NodeJS.ErrnoException).code ?? '');
