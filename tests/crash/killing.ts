/** Victims, started ahead; and what one said before it died. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import type { Order, Word } from './victim.ts';
import { victimsBundle } from './victims-bundle.ts';

export interface Death {
  /** The point it died at; undefined where it lived. */
  readonly at: string | undefined;
  /** The points before that. */
  readonly points: readonly string[];
  /** What the guest said on its console. */
  readonly said: string;
  /** The last generation that was said to be parked; 0 where none was. */
  readonly parked: number;
  readonly notices: readonly string[];
  /** What went wrong in the victim itself. */
  readonly failed: string | undefined;
  readonly signal: NodeJS.Signals | null;
}

/** A victim that does nothing is a fault of the test's or a hang of ours: it is ended and shown after this many milliseconds. */
const PATIENCE = 240_000;

export class Victims {
  readonly #bundle: { readonly folder: string; readonly entry: string };
  readonly #ready: ChildProcessWithoutNullStreams[] = [];

  private constructor(bundle: { readonly folder: string; readonly entry: string }) { this.#bundle = bundle; }

  /** The first does what `first` says, and lives: V8's code of that is kept for the others. Each is started before it is needed. */
  static async prepared(first: Order): Promise<Victims> {
    const victims = new Victims(await victimsBundle());
    victims.#start({ HYPNOS_KEEP_CODE: '1' });
    const { failed } = await victims.#sent(first);
    if (failed !== undefined) throw new Error(`the first victim fails: ${failed}`);
    victims.#start();
    return victims;
  }

  #start(more: NodeJS.ProcessEnv = {}): void {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', this.#bundle.entry], { env: { ...process.env, ...more } });
    child.stdin.on('error', () => {});
    child.stderr.pipe(process.stderr);
    this.#ready.push(child);
  }

  /** One victim's life. It is killed from outside after so many milliseconds, if it is told so, wherever it is by then. */
  send(order: Order, killAfter?: number): Promise<Death> {
    this.#start();
    return this.#sent(order, killAfter);
  }

  async #sent(order: Order, killAfter?: number): Promise<Death> {
    const child = this.#ready.shift()!, pieces: Buffer[] = [], patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
    child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
    const signal = await new Promise<NodeJS.Signals | null>(resolve => {
      child.on('close', (_code, killed) => resolve(killed));
      child.stdin.end(`${JSON.stringify(order)}\n`);
      if (killAfter !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfter);
    });
    clearTimeout(patience);
    return deathOf(Buffer.concat(pieces).toString(), signal, killAfter !== undefined);
  }

  /** Ends those that were not needed. */
  close(): void {
    for (const child of this.#ready.splice(0)) child.kill('SIGKILL');
    rmSync(this.#bundle.folder, { recursive: true });
  }
}

function deathOf(text: string, signal: NodeJS.Signals | null, fromOutside: boolean): Death {
  const words = text.split('\n').slice(0, -1).map(line => JSON.parse(line) as Word);
  const all = <K extends string>(key: K): never[] => words.flatMap(word => (key in word ? [(word as never)[key]] : []));
  const points: readonly string[] = all('point'), said: readonly string[] = all('said'), parked: readonly number[] = all('parked');
  const [at] = all('dies') as readonly string[], done = words.some(word => 'done' in word);
  const [failed = at === undefined && !done && !fromOutside ? `it hung behind '${points.at(-1)}'` : undefined] = all('failed') as readonly string[];
  return { at, points, said: said.join(''), parked: parked.at(-1) ?? 0, notices: all('notice'), failed, signal };
}
