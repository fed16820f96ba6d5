/** A random history: processes that park, wake, fork and collect in one home, one behind the other and two at a time, most of them killed somewhere. */
import { cpSync, rmSync } from 'node:fs';
import type { Random } from '../hostile/random.ts';
import { STRIDE } from './counter.ts';
import { type DeedName, DEV, settledCount } from './deeds.ts';
import { type Home, openHome } from './home.ts';
import { told } from './kill.ts';
import type { Death, Victims } from './killing.ts';
import { collected, freed, whole, woken } from './recovered.ts';

export type Figures = Record<string, number>;

interface Act {
  readonly deed: DeedName;
  /** How far the guest counts in it. */
  readonly counts: number;
  /** How many points it has, about. */
  readonly points: number;
}
const GC: Act = { deed: 'gc', counts: 0, points: 10 }, WAKE: Act = { deed: 'wake and park', counts: STRIDE, points: 42 };
/** What a history may do. */
const ACTS: readonly Act[] = [
  WAKE, WAKE, { deed: 'a park that an event aborts', counts: 2 * STRIDE, points: 80 }, { deed: 'a park beside a collection', counts: STRIDE, points: 78 },
  { deed: 'fork', counts: 0, points: 18 }, { deed: 'a first park', counts: STRIDE, points: 32 }, GC,
];
/** Milliseconds that the longest one lasts on a quick machine, about; and the steps of a history. */
const LASTS = 800, STEPS = 5;

export class History {
  readonly figures: Figures = { histories: 1 };
  readonly wrong: string[] = [];
  readonly #random: Random;
  readonly #victims: Victims;
  readonly #folder: string;
  /** The number each guest was parked at, by `name@generation`. */
  readonly #counts = new Map<string, number>();

  constructor(random: Random, victims: Victims, folder: string) {
    this.#random = random;
    this.#victims = victims;
    this.#folder = folder;
  }

  #count = (guest: string, generation: number): number => this.#counts.get(`${guest}@${generation}`) ?? settledCount(guest, generation);
  #figure(name: string): void { this.figures[name] = (this.figures[name] ?? 0) + 1; }

  async run(settled: string): Promise<void> {
    cpSync(settled, this.#folder, { recursive: true });
    try {
      for (let step = 0, steps = 1 + this.#random.below(STEPS); step < steps && this.wrong.length === 0; step++) await this.#step(step);
      if (this.wrong.length === 0) await this.#in(home => this.#end(home));
    } catch (error) {
      this.wrong.push(String((error as Error)?.stack ?? error));
    } finally {
      rmSync(this.#folder, { recursive: true });
    }
  }

  async #in(use: (home: Home) => Promise<void>): Promise<void> {
    const home = openHome(this.#folder);
    try {
      await use(home);
    } finally {
      await home.stores.ledger.close();
    }
  }

  /** A deed, and in one step of three a collection at the same time; each killed at a point, at some moment, or not at all. */
  async #step(step: number): Promise<void> {
    const guests = await this.#guests(), act = this.#random.pick(ACTS.filter(({ deed }) => (deed === 'fork' ? !guests.has('twin') : deed === 'a first park' ? !guests.has('new') : true)));
    const guest = this.#random.pick([...guests].filter(([, { generation }]) => generation > 0).map(([name]) => name)), before = guests.get(guest)!.generation;
    const [death] = await Promise.all([this.#send(act, guest), this.#random.chance(3) ? this.#send(GC, DEV) : undefined]);
    const made = act.deed === 'fork' ? 'twin' : act.deed === 'a first park' ? 'new' : guest, from = act.deed === 'a first park' ? 0 : this.#count(guest, before);
    await this.#in(async home => {
      this.#says(step, act.deed, [...told(act.deed, death), ...await freed(home), ...await whole(home.stores)]);
      const { guest: row } = await home.stores.ledger.view(made), was = made === guest ? before : 0;
      if (row && row.generation > was) this.#counts.set(`${made}@${row.generation}`, from + act.counts);
      if ((row?.generation ?? 0) < death.parked) this.#says(step, act.deed, [`generation ${death.parked} was said to be parked, and is not there`]);
      this.#figure(row && row.generation > was ? 'published' : 'not published');
      if (row && row.generation === 0) await home.stores.ledger.change(made, () => ({ guest: null, answer: undefined }));
    });
  }

  #says(step: number, deed: DeedName, wrong: readonly string[]): void { this.wrong.push(...wrong.map(text => `step ${step}, ${deed}: ${text}`)); }

  async #guests(): Promise<ReadonlyMap<string, { readonly generation: number }>> {
    const guests = new Map<string, { readonly generation: number }>();
    await this.#in(async ({ stores: { ledger } }) => { for (const guest of await ledger.guests()) guests.set(guest.name, guest); });
    return guests;
  }

  async #send({ deed, points }: Act, guest: string): Promise<Death> {
    const how = this.#random.below(8), die = how < 5 ? 1 + this.#random.below(points) : 0, killAfter = how === 5 || how === 6 ? this.#random.below(LASTS) : undefined;
    const death = await this.#victims.send({ home: this.#folder, deed, guest, die }, killAfter);
    this.#figure(death.signal === 'SIGKILL' ? (death.at === undefined ? 'killed at some moment' : 'killed at a point') : 'lived');
    return death;
  }

  /** Every guest goes on, and nothing is left over. */
  async #end(home: Home): Promise<void> {
    this.#says(-1, 'gc', await collected(home, this.#folder));
    for (const { name, generation } of await home.stores.ledger.guests()) {
      if (generation === 0 || this.wrong.length > 0) continue;
      this.#says(-1, 'wake and park', await woken(home, name, this.#count));
      this.#figure('woken');
    }
    this.#says(-1, 'gc', await whole(home.stores));
  }
}
