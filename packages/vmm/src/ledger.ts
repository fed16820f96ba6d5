/**
 * The ledger's port: one row a guest, its inbox of wake events, and the generations it has in the store. Every change of a guest is one
 * serializable transaction, and durable when it settles; what may follow what is the business of `@hypnos/parking`, not of the ledger.
 */

/**
 * `off` is a guest whose machine has ended; it has a name, and may have generations. `moving` is one that is being given to another ledger, `moved` one that was, and
 * `arriving` one that another ledger may have given to this: all of it is here, and it is not ours before that ledger says so.
 */
export const GUEST_STATES = ['running', 'asleep', 'parking', 'parked', 'waking', 'off', 'moving', 'moved', 'arriving'] as const;
export type GuestState = (typeof GUEST_STATES)[number];

/** A name is a word that neither a shell, a file system nor a socket takes for something else. */
export const isGuestName = (name: unknown): name is string => typeof name === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name);

/** Times are milliseconds since 1970 by the ledger's clock; hashes are hexadecimal. */
export interface GuestRow {
  /** 16 random bytes, hexadecimal: the guest's for good. */
  readonly id: string;
  /** What people call it: unique in the ledger. */
  readonly name: string;
  readonly state: GuestState;
  /** Since when it is in this state. */
  readonly since: number;
  /** The process that may run it; null while none does. */
  readonly owner: string | null;
  /** Goes up by one whenever the owner changes: who has an older one may neither publish nor run. */
  readonly epoch: number;
  /** Until when the owner's word holds without being renewed. */
  readonly leaseUntil: number | null;
  /** The newest generation in the store; 0 while there is none. */
  readonly generation: number;
  /** RAM in bytes. */
  readonly memoryBytes: number;
  /** Where it is stored, as the owner named it. */
  readonly store: string | null;
  /** The guest's own appointment (its RTC's alarm). */
  readonly wakeAt: number | null;
  /** What would wake it, as text for people. */
  readonly wakeSources: readonly string[];
  /** Why it last slept and woke, as text for people. */
  readonly lastSleep: string | null;
  readonly lastWake: string | null;
  /** The guest and generation it was forked from: `name@generation`. */
  readonly origin: string | null;
  /** Where a guest that moves goes to, went to, or comes from: `HOST:PORT`. */
  readonly peer: string | null;
  /** The handover that is not finished yet: 16 random bytes, hexadecimal. */
  readonly handover: string | null;
}

/** One stored generation. */
export interface GenerationRow {
  readonly generation: number;
  readonly manifest: string;
  /** The image's root. */
  readonly root: string;
  readonly epoch: number;
  /** The store it is in. */
  readonly store: string;
  readonly storedAt: number;
  /** Bytes that this generation added to the store, and bytes of all packs it refers to. */
  readonly newBytes: number;
  readonly storedBytes: number;
  /** The appointment and the wake sources of the guest in this image: what holds again when it is gone back to. */
  readonly wakeAt: number | null;
  readonly wakeSources: readonly string[];
}

/** A stored generation and the name of its guest. */
export interface GuestGeneration extends GenerationRow { readonly guest: string }

/** Something that should wake the guest, or a word for its owner. */
export interface InboxEvent {
  /** `wake`, `sleep-key`, `due`, … */
  readonly kind: string;
  readonly detail: string;
  readonly at: number;
}

/** An event in an inbox. Those that come later have higher numbers. */
export interface Received extends InboxEvent { readonly seq: number }

/** What a transaction sees of one guest. */
export interface GuestView {
  /** Null where no guest has that name. */
  readonly guest: GuestRow | null;
  /** Oldest first. */
  readonly inbox: readonly Received[];
  readonly generations: readonly GenerationRow[];
  /** How many garbage collections have begun: what was stored before one may not be published after it. */
  readonly collections: number;
  /** The ledger's clock. */
  readonly now: number;
}

/** What it leaves behind, all or nothing. */
export interface GuestChange {
  /** The row as it is from now on; null removes the guest with its inbox and generations; absent leaves it. */
  readonly guest?: GuestRow | null;
  readonly post?: InboxEvent;
  /** Empties the inbox, before anything is posted. */
  readonly taken?: boolean;
  /** Events that come with a guest from another ledger. */
  readonly carried?: readonly InboxEvent[];
  /** Takes the events up to this number out of the inbox. */
  readonly seen?: number;
  readonly publish?: GenerationRow;
  /** Generations to forget, before one is published. */
  readonly forget?: readonly number[];
}

export interface Ledger {
  /** 16 random bytes, hexadecimal: the ledger's for good. Stores know by it who keeps guests in them. */
  readonly id: string;
  /**
   * Runs `decide` on the guest of this name and makes its change; if it throws, nothing is changed. `decide` may be called again. EEXIST for a new guest
   * whose id another name has already. Where it rejects with anything but what `decide` threw, the change was made or it was not; but it is not made any more.
   */
  change<T>(name: string, decide: (view: GuestView) => GuestChange & { readonly answer: T }): Promise<T>;
  view(name: string): Promise<GuestView>;
  /** All guests by name. */
  guests(): Promise<readonly GuestRow[]>;
  /** Parked guests whose appointment is not later than `at`, the earliest first. */
  due(at: number): Promise<readonly GuestRow[]>;
  /** Parked guests whose inbox has something: whoever put it there did not live to wake them. */
  called(): Promise<readonly GuestRow[]>;
  /** The earliest appointment of a parked guest. */
  nextDue(): Promise<number | null>;
  /** Manifests that some guest refers to. */
  manifests(): Promise<readonly string[]>;
  /** Every generation of every guest. */
  generations(): Promise<readonly GuestGeneration[]>;
  /**
   * The same, and in the same transaction one collection more: whoever began to store before may not publish any more. It must be serialized with
   * every change that publishes (in PostgreSQL: the counter's row read FOR SHARE there, updated here).
   */
  collect(): Promise<readonly GuestGeneration[]>;
  close(): Promise<void>;
}
