/** A home of the tests: a ledger and a store in one folder, which may be copied, and what a user does with them. */
import { type Files, FolderBucket, nodeContent, nodeFiles, nodeHost, ownerIsDead, ownerName, SqliteLedger } from '@hypnos/host-node';
import { Parking, type ParkingPorts, type Stores } from '@hypnos/parking';
import type { Bucket, Ended, Ledger, Machine, SuspendDecision, SuspendRequest } from '@hypnos/vmm';
import { join } from 'node:path';
import { counter } from './counter.ts';

/** The store's name in the ledger, wherever the home is copied to. */
export const STORE = 'store';
/** No lease ends, and none is renewed, while a test lasts: what happens is the same each time. */
const LEASE = 3_600_000;

export interface Home {
  readonly stores: Stores;
  readonly parking: Parking;
}

export interface HomePorts {
  readonly files?: Files;
  readonly ledger?: (ledger: Ledger) => Ledger;
  /** Where its store is; in the home unless told. */
  readonly storeFolder?: string;
  readonly ownerIsDead?: ParkingPorts['ownerIsDead'];
}

const host = nodeHost();

export const storeFolder = (folder: string): string => join(folder, STORE);

/** Opens the home in a folder, and makes it where there is none. */
export function openHome(folder: string, { files = nodeFiles, ledger = l => l, storeFolder: root = storeFolder(folder), ...more }: HomePorts = {}): Home {
  // One for each call, as the command has it: what one has seen to, another must not rely on.
  const bucket = (): Bucket => new FolderBucket(root, files);
  const ports = { ledger: ledger(new SqliteLedger(join(folder, 'ledger.sqlite'))), bucket, content: nodeContent };
  const parking = new Parking({ ...ports, defaultStore: STORE, host, owner: ownerName(), ownerIsDead, ring: () => {}, lease: LEASE, ...more });
  return { stores: ports, parking };
}

/** What a guest's life in this process tells. */
export interface Told {
  said(text: string): void;
  parked(generation: number): void;
  notice(text: string): void;
}

/** How a guest that asks to sleep is answered. */
export type Answer = (machine: Machine, request: SuspendRequest) => Promise<SuspendDecision>;

/** As the command does: parked, or denied if that fails. */
export const parkIt = ({ parking }: Home, told: Told): Answer => async (machine, request) => {
  try {
    return await parking.park(machine, request);
  } catch (error) {
    told.notice((error as Error).message);
    return request.deny('DENIED');
  }
};

const listenersOf = (told: Told) => ({ notice: (text: string) => told.notice(text), parked: ({ generation }: { readonly generation: number }) => told.parked(generation) });

function attended(machine: Machine, told: Told, answer: Answer): Machine {
  machine.on('output', bytes => told.said(Buffer.from(bytes).toString('latin1')));
  machine.on('suspend', request => answer(machine, request));
  return machine;
}

/** A new counting guest, until it is parked. */
export async function born(home: Home, name: string, told: Told, answer = parkIt(home, told)): Promise<Ended> {
  const machine = await home.parking.create(name, counter(), { listeners: listenersOf(told) });
  return attended(machine, told, answer).run();
}

export interface LiveOptions {
  readonly answer?: Answer;
  readonly generation?: number;
}

/** A parked guest is woken, as `hypnos wake` does it, and lives until it is parked again. */
export async function lives(home: Home, name: string, told: Told, { answer = parkIt(home, told), generation }: LiveOptions = {}): Promise<Ended> {
  const { parking } = home;
  if (generation === undefined) await parking.post(name, { kind: 'wake', detail: 'a test' });
  const machine = await parking.wake(name, { engine: 'reference' }, undefined, { listeners: listenersOf(told), ...(generation !== undefined && { generation }) });
  const running = attended(machine, told, answer).run();
  await parking.keeper(machine).takeEvents();
  if (generation !== undefined) machine.wake();
  return running;
}

/** Keeps what a life told. */
export function listening(): Told & { text: string; generations: number[]; notices: string[] } {
  return {
    text: '', generations: [], notices: [],
    said(text) { this.text += text; },
    parked(generation) { this.generations.push(generation); },
    notice(text) { this.notices.push(text); },
  };
}
