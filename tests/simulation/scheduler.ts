/** Virtual time: what is to happen, in its order. Nothing else moves in a simulation, so a history is its seed. */

interface Due {
  readonly at: number;
  readonly order: number;
  readonly act: () => void;
  readonly quiet: boolean;
}

const before = (a: Due, b: Due): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

export class Scheduler {
  /** Milliseconds since the history began, by no clock of anybody's. */
  now = 0;
  readonly #heap: Due[] = [];
  #order = 0;

  /** `quiet`: it settles no promise, so nobody is to be let run after it. */
  after(milliseconds: number, act: () => void, quiet = false): void {
    const heap = this.#heap,
      due: Due = { at: this.now + milliseconds, order: this.#order++, act, quiet };
    let at = heap.push(due) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (before(heap[parent]!, due)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = due;
  }

  /** Does what is next, up to something that is not quiet, if that is not later than `until`. What it sets going by promises is to be let run before the next step. */
  step(until: number): boolean {
    for (;;) {
      const first = this.#heap[0];
      if (!first || first.at > until) {
        this.now = Math.max(this.now, until);
        return false;
      }
      const last = this.#heap.pop()!;
      if (last !== first) this.#sink(last);
      this.now = first.at;
      first.act();
      if (!first.quiet) return true;
    }
  }

  #sink(due: Due): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (before(due, heap[child]!)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = due;
  }
}
