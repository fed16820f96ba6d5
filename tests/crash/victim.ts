/**
 * A process that is killed: it reads a line (`Order`), does the deed in the home, and kills itself with SIGKILL at the point it is told. It says what happens as
 * lines of JSON, each written before it goes on. It is started before it is needed, so that its start costs nobody anything.
 */
import { nodeFiles, SqliteLedger } from '@hypnos/host-node';
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Deed, DEEDS, type DeedName, DEV } from './deeds.ts';
import { type Home, openHome, type Told } from './home.ts';
import { pointedFiles, pointedLedger, type Points } from './points.ts';

export interface Order {
  readonly home: string;
  readonly deed: DeedName;
  /** `DEV` unless told. */
  readonly guest?: string;
  /** The number of the point to die at, from 1; at 0 it lives. */
  readonly die: number;
}

/** What it says. */
export type Word =
  | { readonly point: string } | { readonly dies: string } | { readonly said: string } | { readonly parked: number } | { readonly notice: string }
  | { readonly done: true } | { readonly failed: string };

const tell = (word: Word): void => { writeSync(1, `${JSON.stringify(word)}\n`); };
const told: Told = { said: said => tell({ said }), parked: parked => tell({ parked }), notice: notice => tell({ notice }) };

/** Numbers the points, names them, and dies at the last. */
class DyingAt implements Points {
  readonly #die: number;
  #count = 0;
  constructor(die: number) { this.#die = die; }

  reach(name: string): void {
    if (++this.#count === this.#die) {
      tell({ dies: name });
      process.kill(process.pid, 'SIGKILL');
      for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    }
    tell({ point: name });
  }
}

async function obey({ home: folder, deed: name, die, guest = DEV }: Order): Promise<void> {
  const deed: Deed = DEEDS[name], points = new DyingAt(die);
  if (deed.prepare) {
    const before = openHome(folder);
    await deed.prepare(before);
    await before.stores.ledger.close();
  }
  const home: Home = openHome(folder, {
    files: pointedFiles(points, nodeFiles),
    ledger: real => {
      const pointed = pointedLedger(points, real);
      return deed.ledger ? deed.ledger(pointed, () => home) : pointed;
    },
  });
  await deed.act(home, { ...told, parked(generation) { points.reach('it is told that the guest is parked'); told.parked(generation); } }, guest);
}

/** The ledger's module and SQLite itself are loaded before the order comes. */
export async function victim(): Promise<never> {
  await new SqliteLedger(':memory:').close();
  for await (const line of createInterface({ input: process.stdin })) {
    await obey(JSON.parse(line) as Order).then(() => tell({ done: true }), (error: unknown) => tell({ failed: String((error as Error)?.stack ?? error) }));
    break;
  }
  process.exit();
}
