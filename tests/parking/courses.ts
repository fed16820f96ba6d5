/** Processes that are stopped before every call of a port, so that a test decides which goes on: the ports are the only places where they meet. */
import type { Stores } from '@hypnos/parking';
import type { Bucket, Ledger } from '@hypnos/vmm';

/** One process: `step` lets it make the call before which it stands. */
export class Course {
  calls = 0;
  error: unknown;
  #over = false;
  #go: (() => void) | null = null;
  #arrived: () => void = () => {};

  /** Starts it; it stops before its first call. */
  static async start(act: (stores: Stores) => Promise<unknown>, stores: Stores): Promise<Course> {
    const course = new Course();
    await course.#until(() => {
      act(stopping(stores, () => course.#turn())).catch((error: unknown) => { course.error = error; }).finally(() => {
        course.#over = true;
        course.#arrived();
      });
    });
    return course;
  }

  get over(): boolean { return this.#over; }

  /** Settles when it stands before its next call, or has ended. */
  async step(): Promise<void> {
    if (this.#over) return;
    await this.#until(() => this.#go!());
  }

  async finish(): Promise<void> { while (!this.#over) await this.step(); }

  #until(begin: () => void): Promise<void> {
    return new Promise(resolve => {
      this.#arrived = resolve;
      begin();
    });
  }

  #turn(): Promise<void> {
    return new Promise(resolve => {
      this.#go = () => {
        this.calls++;
        resolve();
      };
      this.#arrived();
    });
  }
}

function stopping(stores: Stores, turn: () => Promise<void>): Stores {
  const each = <T extends object>(port: T): T => new Proxy(port, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (name === 'list') return listing(target as unknown as Bucket, turn);
      if (typeof value !== 'function') return value;
      return async (...given: unknown[]) => {
        await turn();
        return (value as (...args: unknown[]) => unknown).apply(target, given);
      };
    },
  });
  return { ledger: each<Ledger>(stores.ledger), content: stores.content, bucket: store => each<Bucket>(stores.bucket(store)) };
}

/** A listing is no one moment: it stops before every name. */
const listing = (bucket: Bucket, turn: () => Promise<void>) => async function* (prefix: string) {
  await turn();
  for await (const one of bucket.list(prefix)) {
    yield one;
    await turn();
  }
};
