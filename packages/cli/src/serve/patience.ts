/** Guests that could not be woken are tried again, each time after twice as long. */
export class Patience {
  readonly #now: () => number;
  readonly #waits = new Map<string, { readonly milliseconds: number; readonly until: number }>();

  /** `now` answers milliseconds. */
  constructor(now: () => number) { this.#now = now; }

  ready(name: string): boolean { return (this.#waits.get(name)?.until ?? 0) <= this.#now(); }

  /** Notes how waking it ended; answers in how many milliseconds it is tried again, null where all is well. */
  ended(name: string, ok: boolean): number | null {
    if (ok) {
      this.#waits.delete(name);
      return null;
    }
    const milliseconds = Math.min(MOST, (this.#waits.get(name)?.milliseconds ?? FIRST / 2) * 2);
    this.#waits.set(name, { milliseconds, until: this.#now() + milliseconds });
    return milliseconds;
  }
}

const FIRST = 2000, MOST = 300_000;
