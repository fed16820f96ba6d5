/** What the messages of a move say, and how it is read from a peer that may be anybody. */
import { HypnosError } from '@hypnos/base';
import { hashOf, hexOf, type InboxEvent, isGuestName, type JsonFields, jsonBytes, noteFrom, NOTE_BYTES, readJson, shownText, wholeNumber } from '@hypnos/vmm';
import type { Gift, Offer } from '../handover.ts';
import { MESSAGE } from './wire.ts';

/** An offer with what the receiver needs to say what it lacks. The image's hashes come behind it, each once. */
export interface ImageOffer extends Offer {
  readonly chunkBytes: number;
  readonly chunks: number;
  /** The epoch in which the generation was stored. */
  readonly storedIn: number;
  /** The image's root, in hexadecimal digits. */
  readonly root: string;
}

function word(value: unknown, digits: number, what: string, field: string): string {
  if (typeof value !== 'string' || value.length !== digits || !/^[0-9a-f]*$/.test(value)) throw new HypnosError('EINVAL', `${what} is refused: its ${field} is none.`);
  return value;
}
const ID = 32, ROOT = 64;

export const offerBytes = (offer: ImageOffer): Uint8Array => jsonBytes(offer);

export function readOffer(bytes: Uint8Array, what: string): ImageOffer {
  const { handover, guest, epoch, note, chunkBytes, chunks, storedIn, root } = readJson(bytes, MESSAGE.offer.most, what);
  if (jsonBytes(note ?? null).length > NOTE_BYTES) throw new HypnosError('EINVAL', `${what} is refused: its note is longer than ${NOTE_BYTES} bytes.`);
  return {
    handover: word(handover, ID, what, 'handover'), guest: word(guest, ID, what, 'guest'), epoch: wholeNumber(epoch, what, 'epoch'),
    note: noteFrom(fieldsOf(note), what),
    chunkBytes: wholeNumber(chunkBytes, what, 'size of a chunk'), chunks: wholeNumber(chunks, what, 'number of chunks'),
    storedIn: wholeNumber(storedIn, what, 'epoch of storing'), root: word(root, ROOT, what, 'root'),
  };
}

const fieldsOf = (value: unknown): JsonFields => (typeof value === 'object' && value !== null ? value as JsonFields : {});

export const giftBytes = (gift: Gift): Uint8Array => jsonBytes(gift);

export function readGift(bytes: Uint8Array, what: string): Gift {
  const { handover, guest, epoch, events } = readJson(bytes, MESSAGE.gift.most, what);
  return {
    handover: word(handover, ID, what, 'handover'), guest: word(guest, ID, what, 'guest'), epoch: wholeNumber(epoch, what, 'epoch'),
    events: Array.isArray(events) ? events.map(eventOf) : [],
  };
}

/** An event is taken whatever it says: it is too late to refuse one. */
function eventOf(event: unknown): InboxEvent {
  const { kind, detail, at } = fieldsOf(event);
  return { kind: shownText(kind, 64), detail: shownText(detail, 65_536), at: Number.isSafeInteger(at) ? at as number : 0 };
}

/** The name that the guest has at the receiver. */
export const settledBytes = (name: string): Uint8Array => jsonBytes({ name });
export function readSettled(bytes: Uint8Array, what: string): string {
  const { name } = readJson(bytes, MESSAGE.settled.most, what);
  return isGuestName(name) ? name : '';
}

/** Hashes one behind the other. */
export function hashesBytes(names: readonly string[]): Uint8Array {
  const bytes = new Uint8Array(names.length * (ROOT / 2));
  names.forEach((name, i) => { bytes.set(hashOf(name)!, i * (ROOT / 2)); });
  return bytes;
}

/** Their names. That they are hashes of chunks is seen when the chunks come. */
export function readHashes(bytes: Uint8Array, { chunks }: ImageOffer, what: string): readonly string[] {
  if (bytes.length !== chunks * (ROOT / 2)) throw new HypnosError('EINVAL', `${what} is refused: it has hashes of ${bytes.length} bytes for ${chunks} chunks.`);
  return Array.from({ length: chunks }, (_, i) => hexOf(bytes.subarray(i * (ROOT / 2), (i + 1) * (ROOT / 2))));
}

/** One bit for each of the names that were offered, lowest first in each byte: whether it is among `some`. */
export function bitsOf(names: readonly string[], some: { has(name: string): boolean }): Uint8Array {
  const bits = new Uint8Array(Math.ceil(names.length / 8));
  names.forEach((name, i) => { if (some.has(name)) bits[i >> 3]! |= 1 << (i & 7); });
  return bits;
}

export function namedBy(bits: Uint8Array, names: readonly string[], what: string): readonly string[] {
  if (bits.length !== Math.ceil(names.length / 8)) throw new HypnosError('EINVAL', `${what} is refused: it is about another number of chunks.`);
  return names.filter((_, i) => bits[i >> 3]! & (1 << (i & 7)));
}
