/** The side of a move that takes a guest in. */
import { HypnosError } from '@hypnos/base';
import { bytesOf, type GuestRow, hexOf, type ImportedImage, importStream, type Progress } from '@hypnos/vmm';
import { activate, arrive, callOff, type Gift, mayArrive, unknown } from '../handover.ts';
import { importedGeneration } from './imported.ts';
import { type StoreView, verifiedHere } from './known.ts';
import { bitsOf, type ImageOffer, readGift, readHashes, readOffer, settledBytes } from './messages.ts';
import { register } from '../stores.ts';
import { CalledOff, type Duplex, Wire } from './wire.ts';

export interface Taking extends StoreView {
  /** The name it is to have here; its own without. */
  readonly name?: string;
  /** Where it comes from, as people write it. */
  readonly peer: string;
  readonly progress?: (name: string, progress: Progress) => void;
}

export interface Taken {
  readonly guest: GuestRow;
  /** Events that came with it; they are in its inbox. */
  readonly events: number;
  /** Null where an earlier handover was finished, which had carried the bytes. */
  readonly progress: Progress | null;
}

/**
 * Takes in the guest that the peer at the other end gives; settles when it is parked here. If it throws before the guest has arrived, nothing was promised; after that the
 * ledger has it as `arriving`, and the peer finishes the handover when it moves it again.
 */
export async function takeIn(taking: Taking, duplex: Duplex): Promise<Taken> {
  const wire = new Wire(duplex, taking.peer);
  try {
    await wire.greet();
    const first = await wire.receive('offer', 'gift');
    return first.name === 'gift' ? await settle(taking, wire, first.bytes, null) : await arriving(taking, wire, readOffer(first.bytes, `what ${wire.peer} offers`));
  } catch (error) {
    if (!(error instanceof CalledOff)) {
      await wire.refuse(error);
      await wire.drain();
    }
    throw error;
  } finally {
    await wire.close();
  }
}

async function arriving(taking: Taking, wire: Wire, offer: ImageOffer): Promise<Taken> {
  const { ledger, bucket, store, peer } = taking, name = await nameFor(taking, offer), { collections } = await ledger.view(name);
  await ledger.change(name, mayArrive(name, offer));                    // asked again when it is here; no need to send it in vain
  const image = await imageFrom(taking, wire, offer, name), { note, storedIn } = offer;
  const generation = { ...await importedGeneration(image, bucket, store, note), generation: note.generation, epoch: storedIn };
  if (await ledger.change(name, arrive(name, { offer, generation, peer, collections })) === 'collected') throw collected(name);
  await wire.send('ready');
  try {
    return await settle(taking, wire, (await wire.receive('gift')).bytes, image.progress);
  } catch (error) {
    if (error instanceof CalledOff) await ledger.change(name, callOff(name, offer.handover));
    throw error;
  }
}

/** The name that was asked for, or under which this guest was here before, or its own. */
async function nameFor({ ledger, name }: Taking, { guest, note }: ImageOffer): Promise<string> {
  const here = (await ledger.guests()).find(({ id }) => id === guest)?.name;
  if (here !== undefined && name !== undefined && here !== name) {
    throw new HypnosError('EEXIST', `the guest is here already, as ${here}: it cannot be ${name} too. hypnos receive without --name takes it.`);
  }
  return name ?? here ?? note.name;
}

/** Chunks stored before a collection began may be gone after it, and so may those that were counted on. */
export const collected = (name: string): HypnosError =>
  new HypnosError('EBUSY', `a garbage collection began in the store while ${name} came, and may have taken some of it: do it again.`);

/** Says what is lacking, and stores what comes. */
async function imageFrom(taking: Taking, wire: Wire, offer: ImageOffer, name: string): Promise<ImportedImage> {
  const names = readHashes((await wire.receive('hashes')).bytes, offer, `what ${wire.peer} offers`);
  const known = await verifiedHere(names, offer.chunkBytes, taking);
  await wire.send('lacks', bitsOf(names, { has: chunk => !known.has(chunk) }));
  await register(taking.ledger, taking.bucket);
  const image = await importStream(streamFrom(wire), taking.bucket, taking.content, {
    known, as: { guest: bytesOf(offer.guest), generation: BigInt(offer.note.generation) }, progress: progress => taking.progress?.(name, progress),
  });
  if (hexOf(image.root) !== offer.root) throw new HypnosError('EINVAL', `${wire.peer} sent another image than it offered.`);
  return image;
}

/** The snapshot stream inside the messages. */
function streamFrom(wire: Wire): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { name, bytes } = await wire.receive('data', 'end');
      if (name === 'end') controller.close();
      else controller.enqueue(bytes);
    },
  }, { highWaterMark: 0 });
}

/** The guest is given: makes it ours, and says so. */
async function settle({ ledger }: Taking, wire: Wire, bytes: Uint8Array, progress: Progress | null): Promise<Taken> {
  const gift: Gift = readGift(bytes, `what ${wire.peer} gives`), name = (await ledger.guests()).find(({ id }) => id === gift.guest)?.name;
  if (name === undefined) throw unknown();
  await ledger.change(name, activate(name, gift));
  await wire.send('settled', settledBytes(name));
  return { guest: (await ledger.view(name)).guest!, events: gift.events.length, progress };
}
