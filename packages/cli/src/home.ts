/** Where names, ledger, sockets and the default store are: HYPNOS_HOME, `~/.hypnos` unless told. Two homes know nothing of each other. */
import { HypnosError } from '@hypnos/base';
import { controlPath, FolderBucket, nodeContent, ownerIsDead, ownerName, ring, SqliteLedger } from '@hypnos/host-node';
import { freeAbandoned, LEASE, Parking } from '@hypnos/parking';
import type { Bucket, Content, Host, Ledger } from '@hypnos/vmm';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export interface Home {
  readonly folder: string;
  readonly ledger: Ledger;
  /** The store that guests are parked in unless told otherwise. */
  readonly defaultStore: string;
  /** The store of this name: a folder's path. */
  bucket(store: string): Bucket;
  readonly content: Content;
}

export const homeFolder = (env: NodeJS.ProcessEnv = process.env): string => resolve(env['HYPNOS_HOME'] || join(homedir(), '.hypnos'));

/** Opens the home, and makes it where there is none yet. */
export function openHome(folder = homeFolder()): Home {
  return {
    folder, ledger: new SqliteLedger(join(folder, 'ledger.sqlite')), defaultStore: join(folder, 'store'),
    bucket: store => new FolderBucket(store), content: nodeContent,
  };
}

/** HYPNOS_LEASE, in seconds: how long a silent process keeps its guest; all processes of a home should agree. */
function leaseOf(text = process.env['HYPNOS_LEASE'] ?? ''): number {
  const seconds = Number(text);
  if (text !== '' && !(seconds >= 1 && seconds <= 3600)) throw new HypnosError('EINVAL', `HYPNOS_LEASE is '${text}': give seconds, 1 to 3600.`);
  return text === '' ? LEASE : seconds * 1000;
}

/** What a verb does at home, with what dead processes had given back first. */
export async function atHome<T>(act: (home: Home) => Promise<T>): Promise<T> {
  const home = openHome();
  try {
    await freeAbandoned(home.ledger, ownerIsDead);
    return await act(home);
  } finally {
    await home.ledger.close();
  }
}

/** The guests of a home, owned by this process when they are run here. */
export const openParking = ({ folder, ...home }: Home, host: Host): Parking => new Parking({
  ...home, host, lease: leaseOf(), owner: ownerName(), ownerIsDead, ring: guestId => { void ring(controlPath(folder, guestId)); },
});
