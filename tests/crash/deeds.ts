/** What a process is killed in the midst of: one row a deed, on a home that has lived (`settled`). */
import { collect, fork, freeAbandoned, remove, transitions } from '@hypnos/parking';
import type { Ledger } from '@hypnos/vmm';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { STRIDE } from './counter.ts';
import { born, type Home, listening, lives, openHome, parkIt, STORE, storeFolder, type Told } from './home.ts';

/** Owns what a deed finds abandoned. */
export const DEAD = 'a process that died';
/** Generations that `dev` has had; the last three are kept. */
export const LIVES = 4;

const same = <T>(sections: T): T => sections;

/** A home with two parked guests, and garbage: forgotten generations, a removed guest, a pack of an attempt that came to nothing, a dead writer's file. */
export async function settled(folder: string): Promise<void> {
  const home = openHome(folder), told = listening(), { stores } = home;
  await born(home, 'dev', told);
  for (let life = 2; life <= LIVES; life++) await lives(home, 'dev', told);
  await fork(stores, 'dev', 'other', { renewed: same, generation: LIVES - 1 });
  await fork(stores, 'dev', 'old', { renewed: same });
  await remove(stores, 'old');
  const garbage = randomBytes(5000), unfinished = join(storeFolder(folder), 'unfinished', 'left');
  await stores.bucket(STORE).putIfAbsent(`packs/${createHash('sha256').update(garbage).digest('hex')}`, garbage);
  mkdirSync(join(storeFolder(folder), 'unfinished'), { recursive: true });
  writeFileSync(unfinished, garbage);
  utimesSync(unfinished, 0, 0);
  await stores.ledger.close();
}

/** The number that a guest of the settled home was parked at, by guest and generation. */
export const settledCount = (guest: string, generation: number): number => STRIDE * (guest === 'other' ? LIVES - 1 : generation);

export interface Deed {
  /** Before any point: what stands in the home that the deed needs. */
  readonly prepare?: (home: Home) => Promise<void>;
  readonly ledger?: (ledger: Ledger, home: () => Home) => Ledger;
  /** With this guest, where it is one that is there. */
  readonly act: (home: Home, told: Told, guest: string) => Promise<unknown>;
  /** The guest that gets a new generation, the given one unless it says so; in the settled home it is of this number, and the guest at that one. */
  readonly publishes?: { readonly guest?: string; readonly generation: number; readonly count: number };
}

/** The guest of a deed that is not told another. */
export const DEV = 'dev';

/** Another process collects garbage as soon as a guest is being parked. */
const collectedMeanwhile = (ledger: Ledger, home: () => Home): Ledger => {
  let once = true;
  return Object.assign(Object.create(ledger) as Ledger, {
    id: ledger.id,
    async change(name: string, decide: Parameters<Ledger['change']>[1]) {
      const answer = await ledger.change(name, decide);
      if (once && (await ledger.view(name)).guest?.state === 'parking') {
        once = false;
        await collect(home().stores, STORE);
      }
      return answer;
    },
  });
};

export const DEEDS = {
  'a first park': { act: (home, told) => born(home, 'new', told), publishes: { guest: 'new', generation: 1, count: STRIDE } },
  'wake and park': { act: (home, told, guest) => lives(home, guest, told), publishes: { generation: LIVES + 1, count: STRIDE * (LIVES + 1) } },
  'a park that an event aborts': {
    async act(home, told, guest) {
      let asked = 0;
      await lives(home, guest, told, {
        async answer(machine, request) {
          if (asked++ === 0) await home.parking.post(guest, { kind: 'wake', detail: 'in the midst' });
          return parkIt(home, told)(machine, request);
        },
      });
    },
    publishes: { generation: LIVES + 1, count: STRIDE * (LIVES + 2) },
  },
  'a park beside a collection': {
    ledger: collectedMeanwhile, act: (home, told, guest) => lives(home, guest, told),
    publishes: { generation: LIVES + 1, count: STRIDE * (LIVES + 1) },
  },
  'a wake from an older generation': {
    act: (home, told, guest) => lives(home, guest, told, { generation: LIVES - 1 }), publishes: { generation: LIVES + 1, count: STRIDE * LIVES },
  },
  fork: { act: ({ stores }, _told, guest) => fork(stores, guest, 'twin', { renewed: same }), publishes: { guest: 'twin', generation: 1, count: STRIDE * LIVES } },
  gc: { act: ({ stores }) => collect(stores, STORE) },
  rm: { act: ({ stores }) => remove(stores, 'other') },
  'freeing a dead owner\'s guest': {
    prepare: async ({ stores: { ledger } }) => { await ledger.change('dev', transitions.acquire('dev', DEAD, 3_600_000)); },
    act: ({ stores: { ledger } }) => freeAbandoned(ledger, owner => owner === DEAD),
  },
} as const satisfies Record<string, Deed>;
export type DeedName = keyof typeof DEEDS;
