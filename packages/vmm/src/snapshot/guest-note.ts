/** What goes with an image that leaves its store: what the ledger said about the guest. None of it makes the machine; it is for `ps`, and for the guest's appointment. */
import { type JsonFields, jsonBytes, readJson, shownText, wholeNumber } from '../bounded-json.ts';
import { type GuestRow, isGuestName } from '../ledger.ts';
import { check } from './refused.ts';

export type GuestNote = Pick<GuestRow, 'name' | 'generation' | 'memoryBytes' | 'wakeAt' | 'wakeSources' | 'lastSleep' | 'lastWake' | 'origin'>;

export const NOTE_BYTES: number = 64 * 1024;
const SOURCES = 64;

export const noteOf = ({ name, generation, memoryBytes, wakeAt, wakeSources, lastSleep, lastWake, origin }: GuestRow): GuestNote =>
  ({ name, generation, memoryBytes, wakeAt, wakeSources: wakeSources.slice(0, SOURCES), lastSleep, lastWake, origin });

export const noteBytes = (note: GuestNote): Uint8Array<ArrayBuffer> => jsonBytes(note);

export const readNote = (bytes: Uint8Array, what: string): GuestNote => noteFrom(readJson(bytes, NOTE_BYTES, what), what);

export function noteFrom({ name, generation, memoryBytes, wakeAt, wakeSources, lastSleep, lastWake, origin }: JsonFields, what: string): GuestNote {
  const orNull = (value: unknown): string | null => (typeof value === 'string' ? shownText(value) : null);
  check(isGuestName(name), what, "it does not tell the guest's name");
  check(Array.isArray(wakeSources) && wakeSources.length <= SOURCES, what, 'it has no proper list of wake sources');
  return {
    name, generation: wholeNumber(generation, what, 'generation'), memoryBytes: wholeNumber(memoryBytes, what, 'memory'),
    wakeAt: wakeAt === null ? null : wholeNumber(wakeAt, what, 'appointment'), wakeSources: wakeSources.map(source => shownText(source)),
    lastSleep: orNull(lastSleep), lastWake: orNull(lastWake), origin: orNull(origin),
  };
}
