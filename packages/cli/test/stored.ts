/** Homes with guests in them, for tests of the verbs on stored guests: made, parked and woken through the API. */
import { nodeHost } from '@hypnos/host-node';
import { assemble } from '@hypnos/isa';
import type { Machine } from '@hypnos/vmm';
import { join } from 'node:path';
import { homeFolder, openHome, openParking } from '../src/home.ts';
import { counter } from './guests.ts';
import { scratch, START } from './hypnos.ts';

let homes = 0;

/** A home of its own, for this test and the commands that it runs. */
export function freshHome(): string {
  process.env['HYPNOS_HOME'] = scratch(`home-${++homes}`);
  return homeFolder();
}

export const storeFolder = (): string => join(homeFolder(), 'store');

const { words } = assemble(counter(100_000), { origin: START });

/** A guest that counts how often it has been awake: parked the first time it sleeps, then woken and parked again until it has so many generations. */
export async function parkedGuest(name: string, generations = 1, store?: string): Promise<void> {
  const home = openHome(), parking = openParking(home, nodeHost());
  const live = async (machine: Machine, begun: () => void = () => {}): Promise<void> => {
    machine.on('suspend', request => parking.park(machine, request));
    const ended = machine.run();
    begun();
    await ended;
  };
  const firmware = { name: 'the guest', address: START, bytes: new Uint8Array(words.buffer) };
  await live(await parking.create(name, { memory: '16M', engine: 'reference', firmware }, store === undefined ? {} : { store }));
  for (let generation = 2; generation <= generations; generation++) {
    const machine = await parking.wake(name, { engine: 'reference' });
    await live(machine, () => machine.wake());
  }
  await home.ledger.close();
}
