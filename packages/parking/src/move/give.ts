/** The side of a move that gives a guest away. */
import {
  type Bucket, type Content, exportStream, getManifest, hashOf, hexOf, imageRoot, type Ledger, type Manifest, noteOf, type Progress, storedChunks,
} from '@hypnos/vmm';
import { acknowledged, give, giftAgain, type Gift, keep, lend, type Loan } from '../handover.ts';
import { renew } from '../transitions.ts';
import { giftBytes, hashesBytes, namedBy, offerBytes, readSettled } from './messages.ts';
import { type Duplex, MESSAGE, Wire } from './wire.ts';

export interface Giving {
  readonly name: string;
  readonly ledger: Ledger;
  bucket(store: string): Bucket;
  readonly content: Content;
  /** Where it goes, as people write it. */
  readonly peer: string;
  /** Who we are in the ledger, and how many milliseconds that holds. */
  readonly owner: string;
  readonly lease: number;
  /** Calls `renew` again and again, well within the lease, until the function that it answers is called. */
  renewing(renew: () => Promise<unknown>): () => void;
  /** Names this handover: 16 random bytes in hexadecimal digits. */
  readonly handover: string;
  readonly progress?: (progress: Progress) => void;
}

export interface Given {
  /** What it is called there. */
  readonly name: string;
  /** Events that went with it. */
  readonly events: number;
  /** Null where an earlier handover was finished, which had carried the bytes. */
  readonly progress: Progress | null;
}

/**
 * Gives a parked guest to the peer at the other end; or finishes a handover of it that was cut off after the guest was given. However this ends, the guest is owned by one
 * side: if it throws, the ledger says whose. `connect` is called when there is something to give.
 */
export async function giveAway(giving: Giving, connect: () => Promise<Duplex>): Promise<Given> {
  const { name, ledger } = giving, again = await ledger.change(name, giftAgain(name));
  if (again) return conversing(giving, connect, wire => hand(giving, wire, again, null));
  const { handover, peer, owner, lease } = giving;
  return conversing(giving, connect, async wire => {
    const loan = await ledger.change(name, lend(name, handover, peer, owner, lease));
    const stop = giving.renewing(() => ledger.change(name, renew(name, loan.epoch, lease)));
    try {
      const progress = await offer(giving, wire, loan);
      return await hand(giving, wire, await ledger.change(name, give(name, loan.epoch)), progress);
    } catch (error) {
      // Where the ledger cannot even say this, the lease ends by itself.
      const kept = await ledger.change(name, keep(name, loan.epoch)).catch(() => false);
      if (kept) await wire.send('calledOff').catch(() => {});
      throw error;
    } finally {
      stop();
    }
  });
}

async function conversing<T>({ peer }: Giving, connect: () => Promise<Duplex>, talk: (wire: Wire) => Promise<T>): Promise<T> {
  const wire = new Wire(await connect(), peer);
  try {
    await wire.greet();
    return await talk(wire);
  } finally {
    await wire.close();
  }
}

/** Brings the peer to where it has all of the guest. */
async function offer(giving: Giving, wire: Wire, { guest, generation, epoch }: Loan): Promise<Progress> {
  const bucket = giving.bucket(generation.store), { content } = giving;
  const manifest = await getManifest(bucket, hashOf(generation.manifest)!, content), chunks = [...storedChunks(manifest).keys()];
  await wire.send('offer', offerBytes({
    handover: giving.handover, guest: guest.id, epoch, note: noteOf(guest),
    chunkBytes: manifest.image.memory.chunkBytes, chunks: chunks.length, storedIn: generation.epoch, root: hexOf(imageRoot(manifest.image, content)),
  }));
  await wire.send('hashes', hashesBytes(chunks));
  const lacks = new Set(namedBy((await wire.receive('lacks')).bytes, chunks, `what ${wire.peer} lacks`));
  return stream(giving, wire, bucket, manifest, new Set(chunks.filter(name => !lacks.has(name))));
}

const MOST = MESSAGE.data.most;

/** Sends what the peer lacks, and hears that it is ready. */
async function stream(giving: Giving, wire: Wire, bucket: Bucket, manifest: Manifest, leaveOut: ReadonlySet<string>): Promise<Progress> {
  let last: Progress = { total: 0, done: 0, fresh: 0, written: 0 };
  const pieces = exportStream(manifest, bucket, giving.content, {
    leaveOut, progress: progress => {
      last = progress;
      giving.progress?.(progress);
    },
  }).getReader();
  // The peer may refuse while we send.
  let refusal: unknown = null;
  const answer = wire.receive('ready').catch((error: unknown) => { refusal = error; });
  const send = async (name: 'data' | 'end', bytes?: Uint8Array): Promise<void> => {
    try {
      await wire.send(name, bytes);
    } catch (error) {
      await answer;                                      // a broken connection ends it too; what came before tells more
      throw refusal ?? error;
    }
  };
  try {
    for (let piece = await pieces.read(); !piece.done && refusal === null; piece = await pieces.read()) {
      for (let at = 0; at < piece.value.length && refusal === null; at += MOST) await send('data', piece.value.subarray(at, at + MOST));
    }
  } finally {
    await pieces.cancel();
  }
  if (refusal === null) await send('end');
  await answer;
  if (refusal !== null) throw refusal;
  return last;
}

/** From here on the guest is the peer's: tells it so, and forgets our own when it has heard. */
async function hand({ name, ledger }: Giving, wire: Wire, gift: Gift, progress: Progress | null): Promise<Given> {
  await wire.send('gift', giftBytes(gift));
  const there = readSettled((await wire.receive('settled')).bytes, `what ${wire.peer} says`);
  await ledger.change(name, acknowledged(name, gift.handover));
  return { name: there || name, events: gift.events.length, progress };
}
