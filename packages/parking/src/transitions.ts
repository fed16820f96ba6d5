/**
 * What may become of a guest (design §5), as decisions for `Ledger.change`: each looks at the guest as it is in the transaction, and answers the row as it
 * will be. Every one that an owner makes names its epoch: an owner that was superseded changes nothing any more.
 *
 *   create ──▶ running ◀──▶ asleep          acquire: parked ──▶ waking ──started──▶ running
 *                 └─ beginPark ─┴─▶ parking ──publish──▶ parked        end: running, asleep ──▶ off
 *                 ◀── abortPark ────┘                                  boot: off ──▶ running
 *   recover: an owner that died or was silent too long: ──▶ parked at the newest generation, or off
 *   To another ledger and from one: handover.ts.
 */
import { HypnosError } from '@hypnos/base';
import { type GenerationRow, type GuestChange, type GuestNote, type GuestRow, type GuestState, type GuestView, type InboxEvent, isGuestName, type Received } from '@hypnos/vmm';

export type Decision<T> = (view: GuestView) => GuestChange & { readonly answer: T };

/** How an owner shows that it is the owner still. */
export interface Ownership {
  readonly epoch: number;
  readonly leaseUntil: number;
}

/** A guest that must be there. */
export function there({ guest }: GuestView, name: string): GuestRow {
  if (guest === null) throw new HypnosError('ENOENT', `there is no guest ${name}: hypnos ps lists those there are.`);
  return guest;
}

/** A name that a new guest may have: one word on a command line and in a sentence, and no other guest's. */
export function checkNew(name: string, { guest }: Pick<GuestView, 'guest'>): void {
  if (guest) throw new HypnosError('EEXIST', `there is a guest ${name} already, ${guest.state}: ${verbFor(guest)}.`);
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)) {
    throw new HypnosError('EINVAL', `'${name}' is no name for a guest: write up to 63 letters, digits, dots and dashes, the first one a letter or digit.`);
  }
}

/** A guest that the caller still owns, in one of these states. */
export function owned(view: GuestView, name: string, epoch: number, states: readonly GuestState[]): GuestRow {
  const guest = there(view, name);
  if (guest.owner === null || guest.epoch !== epoch) {
    throw new HypnosError('ESTALE', `${name} has another owner by now (epoch ${guest.epoch}, not ${epoch}): this machine must not run on.`);
  }
  if (!states.includes(guest.state)) throw new HypnosError('EBUSY', `${name} is ${guest.state}, not ${states.join(' or ')}.`);
  return guest;
}

/** A decision about the guest with this id. Another one may have its name by now, and an epoch like its own. */
export const about = <T>(id: string, name: string, decision: Decision<T>): Decision<T> => view => {
  if (view.guest !== null && view.guest.id !== id) throw new HypnosError('ESTALE', `${name} is another guest by now: this machine must not run on.`);
  return decision(view);
};

export const at = (guest: GuestRow, view: GuestView, change: Partial<GuestRow>): GuestRow => ({ ...guest, since: view.now, ...change });

export interface NewGuest {
  readonly id: string;
  readonly owner: string;
  /** Milliseconds a lease lasts. */
  readonly lease: number;
  readonly memoryBytes: number;
}

/** EINVAL for a word that is good for no file. */
export function checkName(name: string): void {
  if (!isGuestName(name)) throw new HypnosError('EINVAL', `'${name}' is no name for a guest: use letters, digits, dots and dashes, 63 at most.`);
}

export const NOBODY = { owner: null, leaseUntil: null } as const;
/** A guest that neither goes to another ledger nor comes from one. */
export const AT_HOME = { peer: null, handover: null } as const;
const RUNS: readonly GuestState[] = ['running', 'asleep', 'parking', 'waking'];

/** A new guest, running. EEXIST where the name is taken, with the verb to use instead. */
export const create = (name: string, { id, owner, lease, memoryBytes }: NewGuest): Decision<Ownership> => view => {
  checkNew(name, view);
  const { now } = view, leaseUntil = now + lease;
  return {
    guest: {
      id, name, state: 'running', since: now, owner, epoch: 1, leaseUntil, generation: 0, memoryBytes, store: null,
      wakeAt: null, wakeSources: [], lastSleep: null, lastWake: null, origin: null, ...AT_HOME,
    },
    answer: { epoch: 1, leaseUntil },
  };
};

const verbFor = ({ state, name }: GuestRow): string =>
  state === 'parked' ? `hypnos wake ${name} continues it, hypnos rm ${name} removes it`
  : state === 'off' || state === 'moved' ? `hypnos rm ${name} removes it`
  : `hypnos ps shows it; choose another name`;

const ELSEWHERE: Partial<Record<GuestState, (guest: GuestRow) => string>> = {
  moving: ({ name, peer }) => `${name} is being moved to ${peer}.`,
  moved: ({ name, peer }) => `${name} was moved to ${peer}, and is found there.`,
  arriving: ({ name, peer }) => `${name} is arriving from ${peer} and not here yet: hypnos move there, with the same words as before, finishes that.`,
};

/** Refuses a guest that is in one of these states, and says where it is. */
export function checkHere(guest: GuestRow, states: readonly GuestState[] = ['moving', 'moved', 'arriving']): void {
  const says = states.includes(guest.state) ? ELSEWHERE[guest.state] : undefined;
  if (says) throw new HypnosError('EBUSY', says(guest));
}

/** The owner says that its guest fell asleep, and what will wake it. It may say so again where it was not answered. */
export const fellAsleep = (name: string, epoch: number, wake: Pick<GuestRow, 'wakeAt' | 'wakeSources'>, why: string): Decision<void> => view => {
  const guest = owned(view, name, epoch, ['running', 'waking', 'asleep']);
  return { guest: at(guest, view, { state: 'asleep', ...wake, lastSleep: why }), answer: undefined };
};

/** The owner says that its guest runs: from a sleep here, or for the first time after it was acquired. */
export const runs = (name: string, epoch: number, why: string): Decision<void> => view => {
  const guest = owned(view, name, epoch, ['asleep', 'waking', 'running']);
  return { guest: at(guest, view, { state: 'running', wakeAt: null, wakeSources: [], lastWake: why }), answer: undefined };
};

/** The owner says that what it woke sleeps on, here: what will wake it is as it was. */
export const stillAsleep = (name: string, epoch: number): Decision<void> => view => {
  const guest = owned(view, name, epoch, ['waking', 'asleep']);
  return { guest: at(guest, view, { state: 'asleep' }), answer: undefined };
};

/** The owner's lease goes on. ESTALE tells that it is over: stop at once. */
export const renew = (name: string, epoch: number, lease: number): Decision<Ownership> => view => {
  const guest = owned(view, name, epoch, [...RUNS, 'moving']), leaseUntil = view.now + lease;
  return { guest: { ...guest, leaseUntil }, answer: { epoch, leaseUntil } };
};

/**
 * An attempt to store a guest. Only chunks of generations that the ledger refers to by now, these of the guest or any that is looked up later, may be
 * taken as stored; all else is stored anew. `publish` is given the counter, and refuses once a collection has begun.
 */
export interface Attempt {
  readonly collections: number;
  readonly generations: readonly GenerationRow[];
}
const attempt = ({ collections, generations }: GuestView): Attempt => ({ collections, generations });

/** From whatever the ledger takes the owner's guest for: it may not have heard of the last change, nor been heard when it did this one. */
export const beginPark = (name: string, epoch: number): Decision<Attempt> => view => {
  const guest = owned(view, name, epoch, RUNS);
  return { guest: at(guest, view, { state: 'parking' }), answer: attempt(view) };
};

/** Another attempt, after a collection came between. */
export const storeAgain = (name: string, epoch: number): Decision<Attempt> => view => {
  owned(view, name, epoch, ['parking']);
  return { answer: attempt(view) };
};

/** Parking came to nothing: the guest goes on as it was. Nothing changes where it had not begun, or is over already. */
export const abortPark = (name: string, epoch: number, asleep: boolean): Decision<void> => view => {
  const guest = owned(view, name, epoch, RUNS);
  if (guest.state !== 'parking') return { answer: undefined };
  return { guest: at(guest, view, { state: asleep ? 'asleep' : 'running' }), answer: undefined };
};

export interface Publication {
  readonly generation: Omit<GenerationRow, 'store' | 'wakeAt' | 'wakeSources'>;
  readonly store: string;
  /** The attempt's counter. */
  readonly collections: number;
  /** The newest event that the image has seen; 0 where it has seen none. */
  readonly seen?: number;
  /** How many generations of the guest stay, this one included. */
  readonly keep?: number;
  readonly wakeAt: number | null;
  readonly wakeSources: readonly string[];
  readonly lastSleep?: string;
}

/** Generations a guest keeps unless told otherwise: where the newest turns out bad, there are two to fall back on. */
export const KEPT = 3;

/** All but the newest `keep`. */
const surplus = (generations: readonly Pick<GenerationRow, 'generation'>[], keep: number): readonly number[] =>
  generations.map(({ generation }) => generation).sort((a, b) => b - a).slice(Math.max(1, keep));

/**
 * The one moment at which a guest becomes parked: its manifest is published, the events that it has seen leave the inbox, and its owner lets go, in one transaction, the
 * bytes being durable before. An event that came meanwhile aborts it, and so does its own appointment if that is over: `answer` is then 'events', and nothing has changed. 'collected' tells that a garbage
 * collection has begun since the attempt: what it stored may be deleted, and is to be stored again (`storeAgain`).
 */
export const publish = (name: string, epoch: number, publication: Publication): Decision<'parked' | 'events' | 'collected'> => view => {
  const { generation, collections, seen = 0, keep = KEPT, ...where } = publication, guest = owned(view, name, epoch, ['parking']);
  if (view.inbox.some(({ seq }) => seq > seen) || (where.wakeAt !== null && where.wakeAt <= view.now)) return { answer: 'events' };
  if (view.collections !== collections) return { answer: 'collected' };
  if (generation.generation !== guest.generation + 1 || generation.epoch !== epoch) {
    throw new HypnosError('ESTALE', `generation ${generation.generation} does not follow ${guest.generation}: it was made for another state of ${name}.`);
  }
  return {
    publish: { ...generation, ...where }, seen, forget: surplus([...view.generations, generation], keep), answer: 'parked',
    guest: at(guest, view, { ...NOBODY, ...where, state: 'parked', epoch: epoch + 1, generation: generation.generation }),
  };
};

/** What is woken: the guest, and the generation that it goes on from. */
export interface Acquired extends Ownership {
  readonly guest: GuestRow;
  readonly from: GenerationRow;
}

/**
 * Takes a parked guest to run it, from its newest generation unless told another. EBUSY while somebody has it: one guest is woken once. A guest that is off
 * goes on only from a generation that is named, since what it did after that is gone.
 */
export const acquire = (name: string, owner: string, lease: number, generation?: number): Decision<Acquired> => view => {
  const guest = there(view, name), from = view.generations.find(g => g.generation === (generation ?? guest.generation));
  checkHere(guest);
  if (guest.state === 'off' && generation === undefined) {
    const again = guest.generation > 0 ? `; --generation ${guest.generation} goes back to when it was last stored` : '';
    throw new HypnosError('EBUSY', `${name} is off: there is nothing to wake${again}.`);
  }
  if (guest.state !== 'parked' && guest.state !== 'off') throw new HypnosError('EBUSY', `${name} is ${guest.state}${guest.owner ? ` in ${guest.owner}` : ''}: only a parked guest is woken.`);
  if (!from) throw new HypnosError('ENOENT', `${name} has no generation ${generation ?? guest.generation}: it has ${view.generations.map(g => g.generation).join(', ') || 'none'}.`);
  const leaseUntil = view.now + lease, taken = at(guest, view, { state: 'waking', owner, leaseUntil, epoch: guest.epoch + 1 });
  return { guest: taken, answer: { epoch: taken.epoch, leaseUntil, guest: taken, from } };
};

/** The machine has ended by itself: switched off, crashed, stopped. */
export const end = (name: string, epoch: number): Decision<void> => view => {
  const guest = owned(view, name, epoch, RUNS);
  return { guest: at(guest, view, { ...NOBODY, state: 'off', epoch: epoch + 1, wakeAt: null, wakeSources: [] }), taken: true, answer: undefined };
};

const freed = (guest: GuestRow, view: GuestView): GuestRow => {
  const newest = view.generations.at(-1), { wakeAt, wakeSources } = newest ?? { wakeAt: null, wakeSources: [] };
  return at(guest, view, { ...NOBODY, ...AT_HOME, wakeAt, wakeSources, state: newest ? 'parked' : 'off', epoch: guest.epoch + 1 });
};

/** The owner lets go of a guest that it cannot run: it is as it was when it was last stored. */
export const release = (name: string, epoch: number): Decision<void> => view => ({ guest: freed(owned(view, name, epoch, RUNS), view), answer: undefined });

/**
 * Frees a guest whose owner is gone: dead on this host, or silent until after its lease. It is then parked at its newest generation; a guest that was never
 * stored is off. Answers whether it was freed. Events in the inbox stay: they wake it.
 */
export const recover = (name: string, ownerIsDead: (owner: string) => boolean): Decision<boolean> => view => {
  const { guest, now } = view;
  if (!guest || guest.owner === null || guest.leaseUntil === null) return { answer: false };
  if (now < guest.leaseUntil && !ownerIsDead(guest.owner)) return { answer: false };
  return { guest: freed(guest, view), answer: true };
};

/** Puts an event into the guest's inbox, whatever it does: from here on it is not lost. Answers the guest, whose owner may then be rung. */
export const post = (name: string, event: Omit<InboxEvent, 'at'>): Decision<GuestRow> => view => {
  const guest = there(view, name);
  if (guest.state === 'off') throw new HypnosError('EBUSY', `${name} is off: nothing wakes it.`);
  checkHere(guest, ['moved', 'arriving']);                // what is posted to one that is moving goes with it
  return { post: { ...event, at: view.now }, answer: guest };
};

/**
 * The owner takes the events that came after `seen`. They stay in the inbox until a generation is published that has seen them: where an owner dies, what they
 * woke is lost with it, and they are there to wake the guest again. The newest is enough for that, so the owner's next look takes out the others.
 */
export const take = (name: string, epoch: number, seen = 0): Decision<readonly Received[]> => view => {
  owned(view, name, epoch, RUNS);
  return { ...(view.inbox[0] && view.inbox[0].seq < seen && { seen: seen - 1 }), answer: view.inbox.filter(({ seq }) => seq > seen) };
};

export interface Fork {
  readonly id: string;
  readonly from: GuestRow;
  /** Of `from`: what the image was taken from. */
  readonly taken: number;
  /** The new guest's own row, with the manifest that was stored for it. */
  readonly generation: Omit<GenerationRow, 'generation' | 'epoch' | 'storedAt'>;
  readonly collections: number;
}

/** A new guest from a generation of another one: its own from the first moment, sharing every chunk. 'collected' as `publish` has it. */
export const fork = (name: string, { id, from, taken, generation, collections }: Fork): Decision<GuestRow | 'collected'> => view => {
  checkNew(name, view);
  const { now } = view;
  if (view.collections !== collections) return { answer: 'collected' };
  const made: GuestRow = {
    ...from, ...NOBODY, ...AT_HOME, id, name, state: 'parked', since: now, epoch: 1, generation: 1, store: generation.store, wakeAt: generation.wakeAt,
    wakeSources: generation.wakeSources, origin: `${from.name}@${taken}`, lastWake: null,
  };
  return { guest: made, publish: { ...generation, generation: 1, epoch: 1, storedAt: now }, answer: made };
};

export interface Import {
  readonly id: string;
  readonly note: GuestNote;
  readonly generation: Omit<GenerationRow, 'generation' | 'epoch' | 'storedAt'>;
  readonly collections: number;
}

/** A new guest from an image that came in a stream: a fork of the guest that was exported, which may live on. 'collected' as `publish` has it. */
export const adopt = (name: string, { id, note, generation, collections }: Import): Decision<GuestRow | 'collected'> => view => {
  checkNew(name, view);
  const { now } = view, { lastSleep, memoryBytes } = note, { store, wakeAt, wakeSources } = generation;
  if (view.collections !== collections) return { answer: 'collected' };
  const made: GuestRow = {
    ...NOBODY, ...AT_HOME, id, name, state: 'parked', since: now, epoch: 1, generation: 1, memoryBytes, store, wakeAt, wakeSources, lastSleep, lastWake: null,
    origin: `${note.name}@${note.generation}`,
  };
  return { guest: made, publish: { ...generation, generation: 1, epoch: 1, storedAt: now }, answer: made };
};

/** Forgets a guest that nobody runs; one whose handover is not finished only if that is meant. */
export const remove = (name: string, evenUnfinished = false): Decision<GuestRow> => view => {
  const guest = there(view, name);
  if (guest.handover !== null && guest.owner === null && !evenUnfinished) {
    throw new HypnosError('EBUSY', `${name} is ${guest.state}, and ${guest.peer} may not know yet that this is done: without this row it may be lost. hypnos move finishes it.`);
  }
  if (guest.owner !== null) throw new HypnosError('EBUSY', `${name} is ${guest.state} in ${guest.owner}: park it or switch it off first.`);
  return { guest: null, answer: guest };
};
