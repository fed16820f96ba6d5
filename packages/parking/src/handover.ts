/**
 * How a guest goes from one ledger to another. No transaction spans two ledgers, so one of them decides: from the source's `give` on the guest is the receiver's.
 *
 *   source:    parked ── lend ──▶ moving ── give ──▶ moved ── acknowledged ──▶ moved, nothing kept
 *                 ◀── keep, recover ──┘
 *   receiver:  ── arrive ──▶ arriving ── activate ──▶ parked
 *                 ◀── callOff ──┘
 *
 * Before `arrive` the receiver has promised nothing. From then on it holds the whole guest and keeps it until it is told: given, or called off. The source holds
 * generations and events until the receiver has said that they are its own. Whoever is cut off asks again by the handover's id; all of it may be said twice.
 */
import { HypnosError } from '@hypnos/base';
import type { GenerationRow, GuestNote, GuestRow, InboxEvent } from '@hypnos/vmm';
import { AT_HOME, at, checkHere, type Decision, NOBODY, owned, type Ownership, there } from './transitions.ts';

/** What makes an arriving guest this ledger's. */
export interface Gift {
  readonly handover: string;
  /** The guest's id. */
  readonly guest: string;
  /** The guest's epoch from then on. */
  readonly epoch: number;
  readonly events: readonly InboxEvent[];
}

export interface Loan extends Ownership {
  readonly guest: GuestRow;
  readonly generation: GenerationRow;
}

/** Takes a parked guest in order to give it to `peer`: nobody else wakes it meanwhile, and it is parked again unless it is given. */
export const lend = (name: string, handover: string, peer: string, owner: string, lease: number): Decision<Loan> => view => {
  const guest = there(view, name), generation = view.generations.find(g => g.generation === guest.generation);
  checkHere(guest);
  if (guest.state !== 'parked' || !generation) throw new HypnosError('EBUSY', `${name} is ${guest.state}: park it first; only a parked guest is moved.`);
  const leaseUntil = view.now + lease, lent = at(guest, view, { state: 'moving', owner, leaseUntil, epoch: guest.epoch + 1, peer, handover });
  return { guest: lent, answer: { guest: lent, generation, epoch: lent.epoch, leaseUntil } };
};

/** Letters of all events that one handover carries, at most, as JSON. */
export const GIFT_LETTERS: number = 512 * 1024;

/** The one moment at which a guest becomes the receiver's: it is no longer ours, and what came for it until now goes with it. */
export const give = (name: string, epoch: number): Decision<Gift> => view => {
  const guest = owned(view, name, epoch, ['moving']);
  if (JSON.stringify(view.inbox).length > GIFT_LETTERS) throw new HypnosError('E2BIG', `${name} has ${view.inbox.length} events in its inbox, more than a move carries: wake it here, so that it takes them.`);
  const given = at(guest, view, { ...NOBODY, state: 'moved', epoch: epoch + 1, wakeAt: null, wakeSources: [] });
  return { guest: given, answer: giftOf(given, view.inbox) };
};

/** The gift of a guest that was given already; null for any other. Its inbox takes no more, so it is the same each time. */
export const giftAgain = (name: string): Decision<Gift | null> => view => {
  const { guest } = view;
  return { answer: guest?.state === 'moved' && guest.handover !== null ? giftOf(guest, view.inbox) : null };
};

const giftOf = ({ id, epoch, handover }: GuestRow, events: readonly InboxEvent[]): Gift => ({ handover: handover!, guest: id, epoch: epoch + 1, events });

/** The handover came to nothing: the guest is parked here as before. Answers false where it was given all the same, or is another's. */
export const keep = (name: string, epoch: number): Decision<boolean> => view => {
  const { guest } = view;
  if (guest?.state !== 'moving' || guest.epoch !== epoch) return { answer: false };
  return { guest: at(guest, view, { ...NOBODY, ...AT_HOME, state: 'parked', epoch: epoch + 1 }), answer: true };
};

/** The receiver has it: what is left here is the word where it went. */
export const acknowledged = (name: string, handover: string): Decision<void> => view => {
  const { guest } = view;
  if (guest?.state !== 'moved' || guest.handover !== handover) return { answer: undefined };
  return {
    guest: { ...guest, handover: null, generation: 0, store: null }, taken: true, forget: view.generations.map(g => g.generation), answer: undefined,
  };
};

/** What the source says of a guest before it gives it. */
export interface Offer {
  readonly handover: string;
  readonly guest: string;
  readonly epoch: number;
  readonly note: GuestNote;
}

/** Whether the guest may come here under this name. EEXIST where the name is another guest's, or this guest is ours already. */
export const mayArrive = (name: string, { guest: id, epoch }: Offer): Decision<void> => ({ guest }) => {
  // It comes back, or it was called off or forgotten on the way: its epoch tells, which rises with every owner.
  const isLater = guest?.id === id && epoch > guest.epoch && (guest.state === 'moved' || guest.state === 'arriving');
  if (guest && !isLater) throw new HypnosError('EEXIST', `there is a guest ${name} already, ${guest.state}: hypnos receive --name gives what comes another name.`);
  return { answer: undefined };
};

export interface Arrival {
  readonly offer: Offer;
  readonly generation: GenerationRow;
  /** Where it came from, as people write it. */
  readonly peer: string;
  readonly collections: number;
}

/** The receiver has all of the guest, durably, and promises to keep it until it hears from the source. 'collected' as `publish` has it: nothing is promised. */
export const arrive = (name: string, { offer, generation, peer, collections }: Arrival): Decision<'arriving' | 'collected'> => view => {
  mayArrive(name, offer)(view);
  if (view.collections !== collections) return { answer: 'collected' };
  const { note, guest: id, epoch, handover } = offer, { store } = generation;
  return {
    guest: { ...note, ...NOBODY, id, name, state: 'arriving', since: view.now, epoch, store, peer, handover }, taken: true,
    forget: view.generations.map(g => g.generation), publish: { ...generation, storedAt: view.now }, answer: 'arriving',
  };
};

/** The guest is given: it is parked here, and its events wait for it. Answers whether that is new; ENOENT where no such guest came. */
export const activate = (name: string, { handover, guest: id, epoch, events }: Gift): Decision<boolean> => view => {
  const { guest } = view;
  if (guest?.id === id && guest.state !== 'arriving' && guest.epoch >= epoch) return { answer: false };     // said twice
  if (guest?.id !== id || guest.state !== 'arriving' || guest.handover !== handover) throw unknown();
  return { guest: at(guest, view, { ...AT_HOME, state: 'parked', epoch }), carried: events, answer: true };
};

export const unknown = (): HypnosError => new HypnosError('ENOENT', 'no such guest has come here: it was removed, or this is not the place that it was moved to.');

/** The source keeps its guest after all: what came of it is forgotten. */
export const callOff = (name: string, handover: string): Decision<void> => ({ guest }) =>
  (guest?.state === 'arriving' && guest.handover === handover ? { guest: null, answer: undefined } : { answer: undefined });
