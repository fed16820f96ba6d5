/** What a handler answers, and how slow paths are asked: the small language between generated code and TypeScript. */

/** Bits of a handler's status; 0 means done, go on with the next record. */
export const STATUS = {
  /** Straight-line execution ends: `cpu.pc` says where to go on, and contexts may have changed. */
  resync: 1,
  /** Come out of guest code: `cpu.exitReason` says why. */
  exit: 2,
  /** The instruction did not retire (it faulted, or will be run again). */
  notRetired: 4,
  /** The record has just been decoded: dispatch it again. */
  again: 8,
} as const;

/** Bits of an access's description: log2 of its bytes, then what is particular about it. */
export const ACCESS = {
  sizeMask: 7, write: 8, unprivileged: 16, aligned: 32,
  /** Two neighbours of half the size. */
  pair: 64,
  /** Read-modify-write or exclusive: needs a place in RAM. */
  place: 128,
  /** DC ZVA's block; the address the instruction named is in the scratch. */
  zero: 256,
  /** Of LSE atomics: a fault that a read would have met counts as the read's. */
  readsFirst: 512,
  /** From this bit: 1 + log2 of the element that alignment is checked by, 0 for the access itself. */
  elementShift: 10,
} as const;

/** Bits of a walk's request. `told`: whoever watches or logs the table about to be written has heard of it. */
export const WALK = { write: 1, fetch: 2, asEl0: 4, told: 8 } as const;
/** Bits of `walkResult` after a success. */
export const WALKED = {
  device: 1, global: 2, fault: 0x8000_0000,
  /** No fault: the table at `walkAddress` is absent, or must be made ready for a write of its flags; then walk again. */
  absent: 0x4000_0000, writes: 0x2000_0000,
  /** From this bit: log2 of the mapping's size in 4 KiB pages. */
  orderShift: 8,
} as const;

/** Why `slow` is called. */
export const SLOW = { fault: 0, notRam: 1, crossing: 2, misaligned: 3, absent: 4, spMisaligned: 5 } as const;

/** `watch` answers this for pages without watchpoints. */
export const NOT_WATCHED = 0x8000_0000 | 0;

/** Operations numbered for the interpreter's own records, before the rows' handlers. */
export const DECODE_OP = 0;
