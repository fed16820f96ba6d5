/** Between the thread that runs guests and the one that owns their machines: words in shared memory, and the orders that go over them. */

/** Words of the control memory. */
export const WORD = {
  /** Requests made and answered. */
  asked: 0,
  answered: 1,
  order: 2,
  machine: 3,
  /** Odd while the guest may have gone to wait: it is looked after until the word changes. */
  mayWait: 4,
  /** How often a guest that nothing could wake was stopped. */
  stoppedWaiting: 5,
  /** Grows with every case: one that stays for too long hangs. */
  current: 6,
  /** 1 once a hanging case was stopped. */
  hung: 7,
  /** The seed and number of the case, for the report of one that cannot be stopped. */
  seed: 8,
  number: 9,
} as const;
export const CONTROL_BYTES = 64;

/** What the guests' thread asks of the owner, each by a method of Machine's. */
export const ORDERS = ['stop', 'pause', 'resume', 'reset', 'wake', 'power', 'sleep', 'type', 'type-virtio'] as const;
export type Order = (typeof ORDERS)[number];

/** Machines the owner has: the plain board with fw_cfg, and one with flash as well. */
export const BOARDS = ['plain', 'flash'] as const;
export type Board = (typeof BOARDS)[number];

/** RAM of every machine: the least there can be. */
export const RAM_BYTES = 16 * 2 ** 20;
/** Where the case's program lies and starts. */
export const ENTRY = 0x4020_0000n;
export const PROGRAM_BYTES = 0x4_0000;

/** What the owner is started with. */
export interface OwnerData {
  readonly control: SharedArrayBuffer;
}
