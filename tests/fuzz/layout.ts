/** What every engine is given and asked: where code, pool and data stand, programs, and the binary records of runs that `harness.c` speaks too. */

/** The same virtual addresses on every engine, each a page of 64 KiB. Code and pool may be read only. */
export const CODE = 0x10_0003_0000n, CODE_BYTES = 65536, CODE_WORDS: number = CODE_BYTES / 4;
/** Telling values, for programs to load from. */
export const POOL = 0x18_0000_0000n, POOL_BYTES = 65536;
export const DATA = 0x20_0000_0000n, DATA_BYTES = 65536;

/**
 * Registers as 98 words: X0..X30, SP, V0..V31 with the low halves first, NZCV with FPCR above it, FPSR.
 */
export type Registers = BigUint64Array<ArrayBuffer>;
export const REGISTER_WORDS = 98, SP_AT = 31, V_AT = 32, NZCV_AT = 96, FPSR_AT = 97;
export const freshRegisters = (): Registers => new BigUint64Array(REGISTER_WORDS);
export const control = (nzcv: number, fpcr: number): bigint => BigInt(nzcv) | (BigInt(fpcr) << 32n);

/** No register: the first exception ends the run. */
export const ENDS_AT_ONCE = -1;

/** A piece of code, and the states it is run from, each with fresh data. */
export interface Program {
  /** Where it begins in the code area, in words. `words` may go on behind the body, with a BRK that ends it and constants. */
  readonly at: number;
  readonly words: Uint32Array<ArrayBuffer>;
  /** Instructions of the body. An exception in it is noted and stepped over, but for ENDS_AT_ONCE. */
  readonly body: number;
  /** The register that says where to go on after a branch to where nothing can be fetched. */
  readonly resume: number;
  /** The register that counts the instructions gone through, if there is one. */
  readonly count?: number;
  readonly runs: readonly Registers[];
  /** False: it has instructions that user mode of another implementation may not be asked for. */
  readonly onQemu: boolean;
  /** What the pool is made from. */
  readonly poolSeed: number;
}

/** What ended an instruction instead of retiring: numbers as Linux signals them where it does. */
export const KIND = { fetch: 1, undefined: 4, breakpoint: 5, misaligned: 7, abort: 11, call: 20, other: 21, unending: 22, broken: 23 } as const;
export const kindName = (kind: number): string => Object.entries(KIND).find(([, number]) => number === kind)?.[0] ?? `kind ${kind}`;

/** More exceptions than this end a run. */
export const MOST_EXCEPTIONS = 200;

/** What a handler does about an exception at `pc`: noted as `kind`, and the address to go on at, or null for the end. */
export function course(program: Program, kind: number, pc: bigint, count: number, resume: () => bigint): { readonly kind: number; readonly next: bigint | null } {
  const inside = pc >= CODE && pc < CODE + BigInt(CODE_BYTES) && (pc & 3n) === 0n, noted = inside ? kind : KIND.fetch;
  if (program.resume === ENDS_AT_ONCE || count >= MOST_EXCEPTIONS) return { kind: noted, next: null };
  const word = inside ? Number(pc - CODE) / 4 - program.at : -1;
  if (word === program.body) return { kind: noted, next: null };
  if (word < 0 || word > program.body) return { kind: noted, next: resume() };
  return { kind: noted, next: pc + 4n };
}

/**
 * The record of a run: counts of exceptions and of changed words of the data (u32 each), registers, exceptions as address
 * and kind (u64 each), changed words as offset and value (u64 each).
 */
export const RECORD = { exceptions: 0, changes: 4, registers: 8, lists: 8 + REGISTER_WORDS * 8, pair: 16 } as const;
export const recordBytes = (exceptions: number, changes: number): number => RECORD.lists + (exceptions + changes) * RECORD.pair;

/** The data every run starts with: fixed, so that only changes need telling. */
export const pattern: BigUint64Array<ArrayBuffer> = BigUint64Array.from({ length: DATA_BYTES / 8 }, (_, i) => {
  const mixed = BigInt.asUintN(64, BigInt(i + 1) * 0x9e37_79b9_7f4a_7c15n);
  return BigInt.asUintN(64, (mixed ^ (mixed >> 29n)) * 0xbf58_476d_1ce4_e5b9n);
});
