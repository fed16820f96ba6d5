/** Between a process and what it calls: time passes, and what was asked for or its answer may be lost. */
import { HypnosError } from '@hypnos/base';
import type { Random } from '../hostile/random.ts';
import type { Process } from './process.ts';
import type { Scheduler } from './scheduler.ts';

export type Place = 'ledger' | 'store';

/** What may be wrong with a place for a while. `before` and `after`: calls fail before and after they were done, one in so many. */
export interface Weather {
  before: number;
  after: number;
  slow: number;
}

/** How long is waited for an answer that does not come: milliseconds. */
const PATIENCE = 700;

export class Network {
  readonly weather: Record<Place, Weather> = { ledger: { before: 0, after: 0, slow: 1 }, store: { before: 0, after: 0, slow: 1 } };
  readonly #cut: Record<Place, Map<Process, number>> = { ledger: new Map(), store: new Map() };
  readonly #scheduler: Scheduler;
  readonly #random: Random;

  constructor(scheduler: Scheduler, random: Random) {
    this.#scheduler = scheduler;
    this.#random = random;
  }

  /** Cuts the process off until it is healed as often. */
  cut(process: Process, place: Place): () => void {
    const cut = this.#cut[place],
      change = (by: number): void => void cut.set(process, (cut.get(process) ?? 0) + by);
    change(1);
    return () => change(-1);
  }
  heal(): void {
    for (const cut of Object.values(this.#cut)) cut.clear();
  }
  #isCut(process: Process, place: Place): boolean {
    return (this.#cut[place].get(process) ?? 0) > 0;
  }

  #fails(oneIn: number): boolean {
    return oneIn > 0 && this.#random.chance(oneIn);
  }
  #latency(place: Place): number {
    const { slow } = this.weather[place];
    return (0.2 + this.#random.below(1000) / (this.#random.chance(20) ? 20 : 200)) * slow;
  }

  /** Has `effect` done at the place. What is thrown there comes back as it is; EIO where it is not known whether it was done. */
  call<T>(process: Process, place: Place, effect: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const lost = (milliseconds: number): void =>
        process.after(milliseconds, () => reject(new HypnosError('EIO', `the ${place} does not answer.`)));
      if (this.#fails(this.weather[place].before)) return lost(this.#latency(place));
      this.#scheduler.after(this.#latency(place), () => {    // quiet: what comes of it comes with the answer
        if (this.#isCut(process, place)) return lost(PATIENCE);
        let answer: () => void;
        try {
          const value = effect();
          answer = () => resolve(value);
        } catch (error) {
          answer = () => reject(error);
        }
        if (this.#fails(this.weather[place].after)) return lost(this.#latency(place));
        this.#scheduler.after(this.#latency(place), () => (this.#isCut(process, place) ? lost(PATIENCE) : process.do(answer)));
      }, true);
    });
  }
}
