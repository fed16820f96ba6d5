/** What a guest's life looks like in the ledger: sentences for `hypnos why`, and its appointment. */
import type { GuestRow, MachineEvent, WakeOutlook } from '@hypnos/vmm';

type Woke = Extract<MachineEvent, { event: 'woke' }>;

/** The guest's appointment in milliseconds since 1970, and what would wake it. */
export const wakeOf = ({ sources, alarm }: WakeOutlook): Pick<GuestRow, 'wakeAt' | 'wakeSources'> =>
  ({ wakeAt: alarm === undefined || !sources.some(({ source }) => source === 'rtc') ? null : alarm * 1000, wakeSources: sources.map(({ source }) => source) });

export const sleepText = (wake: WakeOutlook): string =>
  `it asked to sleep${wake.alarm === undefined ? ', without an appointment' : `, to be woken at ${new Date(wake.alarm * 1000).toISOString()}`}`;

export const wakeText = (event: Woke): string => (event.why === 'owner'
  ? 'you woke it'
  : `woken by ${event.cause.map(({ source, intid }) => `${source} (interrupt ${intid})`).join(' and ') || 'an interrupt that has gone again'}`);
