/** A guest's row as the verbs show it: as JSON (docs/commands.md), and in words. */
import type { GenerationRow, GuestRow } from '@hypnos/vmm';
import { distanceText, durationText, isoTime, timeText } from './text.ts';

/** Milliseconds of the lease that are left. */
export const leaseLeft = ({ leaseUntil }: GuestRow, now: number): number | null => (leaseUntil === null ? null : Math.max(0, leaseUntil - now));

export const guestJson = (guest: GuestRow, now: number): Readonly<Record<string, unknown>> => {
  const { name, id, state, since, owner, epoch, generation, memoryBytes, store, wakeAt, wakeSources, lastSleep, lastWake, origin, peer } = guest;
  return {
    name, id, state, since: isoTime(since), owner, epoch, leaseMs: leaseLeft(guest, now), memoryBytes, generation, store, wakeAt: isoTime(wakeAt), wakeSources, lastSleep,
    lastWake, origin, peer,
  };
};

export const generationJson = (row: GenerationRow): Readonly<Record<string, unknown>> => ({ ...row, storedAt: isoTime(row.storedAt), wakeAt: isoTime(row.wakeAt) });

/** `running (lease 8 s)`, `parked`. */
export function stateText(guest: GuestRow, now: number): string {
  const left = leaseLeft(guest, now);
  return left === null ? guest.state : `${guest.state} (lease ${durationText(left)})`;
}

const listed = (words: readonly string[]): string => (words.length > 1 ? `${words.slice(0, -1).join(', ')} or ${words.at(-1)}` : words[0] ?? '');

/** What will wake it, in a sentence; null for what does not sleep. */
export function wakeSentence({ name, state, wakeAt, wakeSources }: GuestRow, now: number): string | null {
  if (state !== 'asleep' && state !== 'parked') return null;
  const sources = wakeSources.length === 0 ? `Only you can wake it: hypnos wake ${name}.` : `It is woken by ${listed(wakeSources)}, or by hypnos wake ${name}.`;
  if (wakeAt === null) return sources;
  if (wakeAt > now) return `${sources} Its appointment is at ${timeText(wakeAt, now)}.`;
  return `${sources} Its appointment was ${distanceText(wakeAt, now)}${state === 'parked' ? ': hypnos wake --due wakes it' : ''}.`;
}
