/** One fuzz case and its outcome: what every engine is given and asked, and the binary form `harness.c` speaks. */

/** Where the word stands, and the data around which pointers are drawn; the same virtual addresses on every engine. */
export const CODE_PAGE = 0x10_0003_7000n,
  CODE = CODE_PAGE + 0x800n;
export const DATA = 0x20_0000_0000n,
  DATA_BYTES = 65536;

export interface Registers {
  readonly x: BigUint64Array;
  sp: bigint;
  nzcv: number;
  fpcr: number;
  fpsr: number;
  /** V0..V31, low 64 bits first. */
  readonly v: BigUint64Array;
}

export interface Case {
  readonly word: number;
  readonly before: Registers;
}

/** `done` retired; then the exceptions of EL0 as Linux signals them; `broken` is an engine that failed at it. */
export type End = 'done' | 'broken' | 'undefined' | 'abort' | 'misaligned' | 'breakpoint' | 'call' | 'other';

export interface Outcome {
  readonly end: End;
  readonly pc: bigint;
  readonly after: Registers;
  /** Words of the data that changed, by offset. */
  readonly changes: ReadonlyMap<number, bigint>;
}

/** Something that can run cases. */
export interface Driver {
  readonly name: string;
  run(cases: readonly Case[]): Outcome[];
}

/** The data every case starts with: fixed, so that only changes need reporting. */
export const pattern: BigUint64Array<ArrayBuffer> = BigUint64Array.from({ length: DATA_BYTES / 8 }, (_, i) => {
  const mixed = BigInt.asUintN(64, BigInt(i + 1) * 0x9e37_79b9_7f4a_7c15n);
  return BigInt.asUintN(64, (mixed ^ (mixed >> 29n)) * 0xbf58_476d_1ce4_e5b9n);
});

export const freshRegisters = (): Registers => ({
  x: new BigUint64Array(31),
  sp: 0n,
  nzcv: 0,
  fpcr: 0,
  fpsr: 0,
  v: new BigUint64Array(64),
});

const REGISTERS_BYTES = 16 + 32 * 8 + 64 * 8,
  CHANGES = 16;
export const RESULT_BYTES: number = 24 + REGISTERS_BYTES + CHANGES * 16;

export function encodeCases(cases: readonly Case[]): Uint8Array {
  const out = new Uint8Array(cases.length * REGISTERS_BYTES),
    view = new DataView(out.buffer);
  cases.forEach(({ word, before }, i) => {
    const at = i * REGISTERS_BYTES;
    [word, before.nzcv, before.fpcr, before.fpsr].forEach((value, field) => view.setUint32(at + field * 4, value, true));
    [...before.x, before.sp, ...before.v].forEach((value, field) => view.setBigUint64(at + 16 + field * 8, value, true));
  });
  return out;
}

const SIGNALS: Readonly<Record<number, End>> = { 4: 'undefined', 5: 'breakpoint', 7: 'misaligned', 11: 'abort' };

export function decodeOutcome(bytes: Uint8Array): Outcome {
  const view = new DataView(bytes.buffer, bytes.byteOffset, RESULT_BYTES);
  const u32 = (at: number) => view.getUint32(at, true),
    u64 = (at: number) => view.getBigUint64(at, true);
  const registers = 24,
    pc = u64(16);
  const after: Registers = {
    nzcv: u32(registers + 4),
    fpcr: u32(registers + 8),
    fpsr: u32(registers + 12),
    sp: u64(registers + 16 + 31 * 8),
    x: BigUint64Array.from({ length: 31 }, (_, i) => u64(registers + 16 + i * 8)),
    v: BigUint64Array.from({ length: 64 }, (_, i) => u64(registers + 16 + (32 + i) * 8)),
  };
  const changes = new Map<number, bigint>();
  for (let i = 0; i < Math.min(u32(4), CHANGES); i++) {
    const at = registers + REGISTERS_BYTES + i * 16;
    changes.set(Number(u64(at)), u64(at + 8));
  }
  // A signal anywhere but at the word means that the word has retired and what stands there could not run.
  return { end: pc === CODE ? (SIGNALS[u32(0)] ?? 'other') : 'done', pc, after, changes };
}
