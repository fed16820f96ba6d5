/** What must hold when a process has died: looked at as a user would, in another process. Each function answers what is wrong, a sentence each. */
import { collect, freeAbandoned, type Stores, verify } from '@hypnos/parking';
import { ownerIsDead } from '@hypnos/host-node';
import { existsSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { numbersOf, STRIDE } from './counter.ts';
import { DEAD } from './deeds.ts';
import { type Home, listening, lives, STORE, storeFolder } from './home.ts';

/** The number that a guest was parked at, by guest and generation. */
export type CountOf = (guest: string, generation: number) => number;

/** Nobody owns what the dead had: every guest is parked at its newest generation, or off where it was never stored. */
export async function freed({ stores: { ledger } }: Home, isDead = (owner: string): boolean => owner === DEAD || ownerIsDead(owner)): Promise<readonly string[]> {
  await freeAbandoned(ledger, isDead);
  const wrong: string[] = [];
  for (const { name, owner, state } of await ledger.guests()) {
    const { generations, guest } = await ledger.view(name), newest = generations.at(-1)?.generation ?? 0;
    if (owner !== null) wrong.push(`${name} is owned by ${owner} still`);
    if (state !== (newest === 0 ? 'off' : 'parked')) wrong.push(`${name} is ${state} with ${generations.length} generations`);
    if (guest?.generation !== newest) wrong.push(`${name} is at generation ${guest?.generation}, and its newest is ${newest}`);
  }
  return wrong;
}

/** Every byte of every generation is there. */
export async function whole(stores: Stores): Promise<readonly string[]> {
  const { faults } = await verify(stores, await stores.ledger.generations());
  return faults.map(f => `generation ${f.generation} of ${f.guest} is not whole: ${f.why}`);
}

/** A collection takes all that is not needed, dead writers' files included once they are a day old, and nothing else. */
export async function collected({ stores }: Home, folder: string): Promise<readonly string[]> {
  const unfinished = join(storeFolder(folder), 'unfinished'), left = (): readonly string[] => (existsSync(unfinished) ? readdirSync(unfinished) : []);
  for (const name of left()) utimesSync(join(unfinished, name), 0, 0);
  await collect(stores, STORE);
  const { manifests, packs, bytes } = await collect(stores, STORE);
  return [
    ...(manifests + packs + bytes > 0 ? [`a second collection still finds ${manifests} manifests, ${packs} packs, ${bytes} bytes`] : []),
    ...left().map(name => `${name} lies in the folder of unfinished files still`), ...await whole(stores),
  ];
}

/** A guest that is woken goes on from the number it was parked at, and can be parked again. */
export async function woken(home: Home, name: string, countOf: CountOf): Promise<readonly string[]> {
  const { guest } = await home.stores.ledger.view(name), generation = guest?.generation ?? 0, from = countOf(name, generation), told = listening();
  const { ending, detail } = await lives(home, name, told), numbers = numbersOf(told.text), expected = Array.from({ length: STRIDE }, (_, i) => from + 1 + i);
  return [
    ...(ending === 'parked' ? [] : [`${name} was woken and ended: ${ending} ${detail ?? ''} ${told.notices.join(' ')}`]),
    ...(numbers.join() === expected.join() ? [] : [`${name} goes on with ${numbers.join()} behind generation ${generation}, and not with ${expected.join()}`]),
    ...(told.generations.join() === `${generation + 1}` ? [] : [`${name} is parked as generation ${told.generations.join()} behind ${generation}`]),
  ];
}
