/** A ledger in memory with the contract of the real one: every change is one transaction. Its clock is its own. */
import type { GenerationRow, GuestChange, GuestGeneration, GuestRow, GuestView, Ledger, Received } from '@hypnos/vmm';
import type { Random } from '../hostile/random.ts';
import type { Network } from './network.ts';
import type { Process } from './process.ts';

interface Guest {
  readonly row: GuestRow;
  readonly inbox: readonly Received[];
  readonly generations: readonly GenerationRow[];
}

export class MemoryLedger {
  readonly id: string = 'f'.repeat(32);
  readonly guests = new Map<string, Guest>();
  collections = 0;
  #events = 0;
  readonly #now: () => number;
  readonly #committed: (name: string, before: GuestRow | null, change: GuestChange) => void;

  /** `committed` hears of each change once it is made. */
  constructor(now: () => number, committed: (name: string, before: GuestRow | null, change: GuestChange) => void) {
    this.#now = now;
    this.#committed = committed;
  }

  view(name: string): GuestView {
    const guest = this.guests.get(name);
    return {
      guest: guest?.row ?? null,
      inbox: guest?.inbox ?? [],
      generations: guest?.generations ?? [],
      collections: this.collections,
      now: Math.floor(this.#now()),
    };
  }

  change<T>(name: string, decide: (view: GuestView) => GuestChange & { readonly answer: T }): T {
    const view = this.view(name),
      { answer, ...change } = decide(view);
    this.#apply(name, view, change);
    this.#committed(name, view.guest, change);
    return answer;
  }

  #apply(name: string, view: GuestView, { guest, post, taken, seen = 0, publish, forget = [] }: GuestChange): void {
    const row = guest === undefined ? view.guest : guest;
    if (row === null) {
      this.guests.delete(name);
      return;
    }
    if (publish && view.generations.some(g => g.generation === publish.generation)) throw new Error(`generation ${publish.generation} twice`);
    this.guests.set(name, {
      row,
      inbox: [...(taken ? [] : view.inbox.filter(({ seq }) => seq > seen)), ...(post ? [{ ...post, seq: ++this.#events }] : [])],
      generations: [...view.generations, ...(publish ? [publish] : [])].filter(g => !forget.includes(g.generation)),
    });
  }

  rows(): readonly GuestRow[] {
    return [...this.guests.values()].map(g => g.row).sort((a, b) => (a.name < b.name ? -1 : 1));
  }
  due(at: number): readonly GuestRow[] {
    return this.rows().filter(g => g.state === 'parked' && g.wakeAt !== null && g.wakeAt <= at);
  }
  called(): readonly GuestRow[] {
    return this.rows().filter(g => g.state === 'parked' && this.guests.get(g.name)!.inbox.length > 0);
  }
  generations(): readonly GuestGeneration[] {
    return [...this.guests.values()].flatMap(({ row, generations }) => generations.map(g => ({ ...g, guest: row.name })));
  }
  collect(): readonly GuestGeneration[] {
    this.collections++;
    return this.generations();
  }

  /** The ledger as a process has it. A transaction may be tried again, as a database does that finds it cannot be serialized. */
  port(network: Network, process: Process, random: Random): Ledger {
    const call = <T>(effect: () => T): Promise<T> => network.call(process, 'ledger', effect);
    return {
      id: this.id,
      change: (name, decide) =>
        call(() => {
          if (random.chance(16)) decide(this.view(name));
          return this.change(name, decide);
        }),
      view: name => call(() => this.view(name)),
      guests: () => call(() => this.rows()),
      due: at => call(() => this.due(at)),
      called: () => call(() => this.called()),
      nextDue: () => call(() => this.rows().reduce<number | null>((least, g) => (g.state !== 'parked' || g.wakeAt === null ? least : Math.min(least ?? Infinity, g.wakeAt)), null)),
      manifests: () => call(() => [...new Set(this.generations().map(g => g.manifest))]),
      generations: () => call(() => this.generations()),
      collect: () => call(() => this.collect()),
      close: async () => {},
    };
  }
}
