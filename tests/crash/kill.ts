/** One kill: a copy of the settled home, a victim, and what is wrong afterwards. */
import type { GuestView } from '@hypnos/vmm';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { numbersOf } from './counter.ts';
import { type Deed, DEEDS, type DeedName, DEV, LIVES, settled, settledCount } from './deeds.ts';
import { openHome } from './home.ts';
import { type Death, Victims } from './killing.ts';
import { collected, type CountOf, freed, whole, woken } from './recovered.ts';

export interface Kill {
  readonly deed: DeedName;
  /** The point's number. */
  readonly die: number;
}

export interface Outcome {
  readonly death: Death;
  readonly wrong: readonly string[];
}

/** A settled home in `scratch`, and victims that are ready for copies of it. */
export async function ready(scratch: string): Promise<{ readonly home: string; readonly victims: Victims }> {
  const home = join(scratch, 'settled'), first = join(scratch, 'first');
  await settled(home);
  cpSync(home, first, { recursive: true });
  return { home, victims: await Victims.prepared({ home: first, deed: 'wake and park', die: 0 }) };
}

export class Killing {
  readonly #scratch: string;
  readonly #settled: string;
  readonly #victims: Victims;
  /** Images that were woken, by their roots: every byte of each has been verified, so that one with the same root is the same. */
  readonly #woken = new Set<string>();
  #homes = 0;

  /** `settled` is copied for each. */
  constructor(scratch: string, settled: string, victims: Victims) {
    this.#scratch = scratch;
    this.#settled = settled;
    this.#victims = victims;
  }

  /** Kills a victim, and looks at what it left. */
  async kill({ deed, die }: Kill): Promise<Outcome> {
    const folder = join(this.#scratch, `home-${++this.#homes}`);
    cpSync(this.#settled, folder, { recursive: true });
    try {
      const death = await this.#victims.send({ home: folder, deed, die });
      const where = `${deed}, point ${die} (${death.at ?? 'none'})`;
      return { death, wrong: (await afterwards(folder, deed, death, this.#woken)).map(text => `${where}: ${text}`) };
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

async function afterwards(folder: string, name: DeedName, death: Death, roots: Set<string>): Promise<readonly string[]> {
  const { publishes }: Deed = DEEDS[name], concerned = publishes?.guest ?? DEV, home = openHome(folder), { ledger } = home.stores;
  const countOf: CountOf = (guest, generation) => (guest === concerned && generation === publishes?.generation ? publishes.count : settledCount(guest, generation));
  try {
    const wrong = [...told(name, death), ...await freed(home), ...await whole(home.stores)];
    if (publishes && ((await ledger.view(concerned)).guest?.generation ?? 0) < death.parked) wrong.push(`generation ${death.parked} was said to be parked, and is not there`);
    wrong.push(...kept(death, concerned, await ledger.view(concerned)), ...await collected(home, folder));
    const { guest, generations, inbox } = await ledger.view(concerned), image = `${generations.at(-1)?.root} ${inbox.length}`;
    if (guest === null || generations.length === 0 || roots.has(image) || wrong.length > 0) return wrong;
    roots.add(image);
    return [...await woken(home, guest.name, countOf), ...await whole(home.stores)];
  } catch (error) {
    return [String((error as Error)?.stack ?? error)];
  } finally {
    await ledger.close();
  }
}

/** Events that came are there until a generation that has seen them is. */
function kept({ points, at }: Death, name: string, { guest, inbox }: GuestView): readonly string[] {
  const posted = [...points, at].filter(point => point === `committed: post to ${name}`).length;
  return posted > inbox.length && guest?.generation === LIVES ? [`of ${posted} events that came only ${inbox.length} are there`] : [];
}

/** The victim itself did nothing wrong, and what its guest said counts on without a gap. */
export function told(name: DeedName, { failed, said, notices }: Death): readonly string[] {
  const numbers = numbersOf(said), first = numbers[0] ?? 0;
  return [
    ...(failed === undefined ? [] : [`the victim fails: ${failed}`]), ...notices.map(text => `the victim notices: ${text}`),
    ...(numbers.every((number, i) => number === first + i) ? [] : [`${name}: the guest said ${numbers.join()}`]),
  ];
}
