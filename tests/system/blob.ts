/** Cases as the guest reads them: structs of 64-bit words, as `payload.c` declares them. */

export interface Step {
  /** Up to four instructions; the last is the SVC that ends the step. */
  readonly code: readonly number[];
  readonly spsr: bigint;
  /** Where ERET goes instead of to the code. */
  readonly target?: bigint;
  /** x0 to x3. */
  readonly x: readonly [bigint, bigint, bigint, bigint];
  readonly sp: bigint;
  readonly before?: { readonly store: readonly [address: bigint, value: bigint] } | { readonly base: bigint };
  /** Which TLBI comes first (TLBI_NAMES), with its argument. */
  readonly tlbi?: readonly [name: TlbiName, argument: bigint];
  /** Bits of ESR_EL1 that QEMU is not asked about. */
  readonly esrOurs?: bigint;
  readonly flags?: number;
  /** For people. */
  readonly text: string;
}

/** What QEMU is not asked about in a step: x0 to x7, or anything. */
export const FLAG = { results: 1, ours: 2 } as const;

export const TLBI_NAMES = [
  '',
  'vmalle1',
  'vmalle1is',
  'vmalle1os',
  'vae1',
  'vae1is',
  'vae1os',
  'vaae1',
  'vaae1is',
  'vaae1os',
  'vale1',
  'vale1is',
  'vale1os',
  'vaale1',
  'vaale1is',
  'vaale1os',
  'aside1',
  'aside1is',
  'aside1os',
  'rvae1',
  'rvae1is',
  'rvae1os',
  'rvaae1',
  'rvaae1is',
  'rvaae1os',
  'rvale1',
  'rvale1is',
  'rvale1os',
  'rvaale1',
  'rvaale1is',
  'rvaale1os',
] as const;
export type TlbiName = (typeof TLBI_NAMES)[number];

export interface Case {
  readonly id: bigint;
  /** Which half of the addresses is the case's: 0 the lower. */
  readonly half: 0 | 1;
  readonly tcr: bigint;
  readonly sctlr: bigint;
  readonly mair: bigint;
  readonly cpacr: bigint;
  readonly mdscr: bigint;
  readonly cntkctl: bigint;
  /** The table base of the case's half, and the ASID in the other one. */
  readonly base: bigint;
  readonly ownAsid: number;
  /** Descriptors by physical address. */
  readonly entries: ReadonlyMap<bigint, bigint>;
  readonly windows: readonly { readonly address: bigint; readonly seed: bigint }[];
  readonly steps: readonly Step[];
  readonly x: readonly bigint[];
  /** Bits of descriptors, afterwards, that QEMU is not asked about. */
  readonly entriesOurs?: bigint;
  readonly text: string;
}

const CASE_WORDS = 15 + 31,
  STEP_BYTES = 16 + 8 * 14;
/** Where the blob stands behind the image's beginning. */
export const BLOB = 0x1_0000;
const MAGIC = 0x5a5e_5f02n;

class Words {
  readonly #out: number[] = [];
  u64(...values: readonly bigint[]): void {
    for (const v of values) this.u32(Number(v & 0xffff_ffffn), Number((v >> 32n) & 0xffff_ffffn));
  }
  u32(...values: readonly number[]): void {
    for (const v of values) this.#out.push(v >>> 0);
  }
  bytes(): Uint8Array {
    return new Uint8Array(Uint32Array.from(this.#out).buffer);
  }
}

const caseBytes = (c: Case): number => CASE_WORDS * 8 + c.entries.size * 16 + c.windows.length * 16 + c.steps.length * STEP_BYTES;
/** Offset of a case's step in the case: where its code stands. */
export const codeOffset = (c: Pick<Case, 'entries' | 'windows'>, step: number): number =>
  CASE_WORDS * 8 + c.entries.size * 16 + c.windows.length * 16 + step * STEP_BYTES;

function encodeStep(out: Words, { code, spsr, target = 0n, x, sp, before, tlbi, esrOurs = 0n, flags = 0 }: Step): void {
  out.u32(...Array.from({ length: 4 }, (_, i) => code[i] ?? 0));
  out.u64(spsr, target, ...x, sp);
  if (before && 'store' in before) out.u64(1n, ...before.store);
  else if (before) out.u64(2n, 0n, before.base);
  else out.u64(0n, 0n, 0n);
  out.u64(BigInt(tlbi ? TLBI_NAMES.indexOf(tlbi[0]) : 0), tlbi?.[1] ?? 0n, 0xffff_ffff_ffffn & ~esrOurs, BigInt(flags));
}

export function encodeBlob(cases: readonly Case[], details = false): Uint8Array {
  const out = new Words();
  out.u64(MAGIC, BigInt(cases.length), details ? 1n : 0n);
  for (const c of cases) {
    out.u64(
      BigInt(caseBytes(c)),
      c.id,
      BigInt(c.half),
      c.tcr,
      c.sctlr,
      c.mair,
      c.cpacr,
      c.mdscr,
      c.cntkctl,
      c.base,
      BigInt(c.ownAsid) << 48n,
    );
    out.u64(
      BigInt(c.entries.size),
      BigInt(c.windows.length),
      BigInt(c.steps.length),
      0xffff_ffff_ffff_ffffn & ~(c.entriesOurs ?? 0n),
      ...c.x,
    );
    for (const [address, value] of c.entries) out.u64(address, value);
    for (const { address, seed } of c.windows) out.u64(address, seed);
    for (const step of c.steps) encodeStep(out, step);
  }
  return out.bytes();
}
