/** What happens in a history: one row a kind, with how often it is drawn. */
import type { Random } from '../hostile/random.ts';
import type { Place } from './network.ts';
import type { World } from './world.ts';

/** One thing that happens: when, in which process, to which guest, for how many milliseconds, and a number for what is left open. */
export interface Operation {
  readonly at: number;
  readonly do: keyof typeof KINDS;
  readonly place: number;
  readonly guest: string;
  readonly for: number;
  readonly number: number;
}

interface Kind {
  readonly weight: number;
  act(world: World, operation: Operation): void;
}

const weather = (change: (world: World, worse: boolean) => void): Kind['act'] => (world, { for: milliseconds }) => {
  change(world, true);
  world.scheduler.after(milliseconds, () => change(world, false));
};
const lossy = (place: Place, when: 'before' | 'after'): Kind => ({
  weight: 2, act: weather(({ network }, worse) => { network.weather[place][when] = worse ? 3 : 0; }),
});
const slow = (place: Place): Kind => ({ weight: 1, act: weather(({ network }, worse) => { network.weather[place].slow = worse ? 40 : 1; }) });
const cut = (place: Place): Kind => ({
  weight: 2,
  act(world, { place: at, for: milliseconds }) { world.scheduler.after(milliseconds, world.network.cut(world.processes[at]!.process, place)); },
});
const said = (weight: number, request: Readonly<Record<string, unknown>>): Kind => ({ weight, act: (world, { guest }) => world.say(guest, request) });

const KINDS = {
  run: { weight: 6, act: (world, { place, guest, number }) => world.at(place, running => world.run(running, guest, number % 4 > 0)) },
  wake: { weight: 10, act: (world, { place, guest, number }) => world.at(place, running => world.wake(running, guest, number % 4 > 0)) },
  'wake older': { weight: 1, act: (world, { place, guest, number }) => world.at(place, running => world.wakeOlder(running, guest, number % 3)) },
  serve: { weight: 5, act: (world, { place }) => world.at(place, running => world.serve(running)) },
  post: { weight: 8, act: (world, { place, guest }) => world.at(place, running => world.post(running, guest, 'wake')) },
  'post sleep key': { weight: 1, act: (world, { place, guest }) => world.at(place, running => world.post(running, guest, 'sleep-key')) },
  park: said(5, { do: 'park' }), 'park now': said(4, { do: 'park', now: true }), sleep: said(3, { do: 'sleep' }),
  pause: said(2, { do: 'pause' }), unpause: said(3, { do: 'unpause' }), stop: said(1, { do: 'stop' }),
  remove: { weight: 1, act: (world, { place, guest }) => world.at(place, running => world.remove(running, guest)) },
  collect: { weight: 2, act: (world, { place }) => world.at(place, running => world.collect(running)) },
  kill: { weight: 4, act: (world, { place }) => world.kill(place) },
  freeze: {
    weight: 4,
    act(world, { place, for: milliseconds }) {
      const { process } = world.processes[place]!;
      process.stop();
      world.scheduler.after(milliseconds, () => process.continue());
    },
  },
  'set clock': { weight: 1, act(world, { place, number }) { world.processes[place]!.process.host.wallOff += (number % 20_001) - 10_000; } },
  rot: {
    weight: 1,
    act(world, { number }) {
      const names = [...world.store.objects.keys()].filter(name => !name.startsWith('ledgers/'));
      if (names.length > 0) world.store.rot(names[number % names.length]!, world.random);
    },
  },
  'short reads': { weight: 1, act: weather(({ store }, worse) => { store.shortIn = worse ? 4 : 0; }) },
  'cut from the ledger': cut('ledger'), 'cut from the store': cut('store'), 'slow ledger': slow('ledger'), 'slow store': slow('store'),
  'ledger fails': lossy('ledger', 'before'), 'ledger does it and fails': lossy('ledger', 'after'),
  'store fails': lossy('store', 'before'), 'store does it and fails': lossy('store', 'after'),
} as const satisfies Record<string, Kind>;

export type OperationKind = keyof typeof KINDS;
const BAG: readonly OperationKind[] = Object.entries(KINDS).flatMap(([kind, { weight }]) => Array<OperationKind>(weight).fill(kind as OperationKind));
const GUESTS = ['alpha', 'beta'];
const PLACES = 3;

/** The operations of a history that lasts so many milliseconds, in their order. */
export function drawOperations(r: Random, milliseconds: number): readonly Operation[] {
  const guests = GUESTS.slice(0, 1 + r.below(2)), count = 8 + r.below(24);
  const drawn = Array.from({ length: count }, (): Operation => ({
    at: r.below(milliseconds), do: r.pick(BAG), place: r.below(PLACES), guest: r.pick(guests), for: 20 + r.below(r.chance(3) ? 2500 : 600), number: r.below(1 << 20),
  }));
  const first = guests.map((guest, i): Operation => ({ at: i, do: 'run', place: r.below(PLACES), guest, for: 0, number: r.below(8) }));
  return [...first, ...drawn].sort((a, b) => a.at - b.at);
}

export function act(world: World, operation: Operation): void {
  const { do: what, place, guest, for: milliseconds } = operation;
  if (world.truth.trace) world.truth.tell(`${what} (process ${place}, ${guest}, ${milliseconds} ms)`);
  KINDS[what].act(world, operation);
}
