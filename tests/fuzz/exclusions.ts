/** What is not compared, and why. Every entry has its reason; there is no other place where a difference is forgiven. */
import type { Drawn } from './generate.ts';
import type { Outcome } from './records.ts';

export interface Exclusion {
  readonly reason: string;
  /** Rows by name, or a test of the case. */
  applies(c: Drawn): boolean;
}

const rows = (reason: string, pattern: RegExp): Exclusion => ({ reason, applies: c => pattern.test(c.decoded.row.name) });

/** Against qemu-aarch64 in user mode, these cases are not run. */
export const NOT_ON_QEMU: readonly Exclusion[] = [
  rows('SVC is a system call of the emulated Linux', /^SVC/),
  rows('HLT is a semihosting call of the emulator', /^HLT/),
  rows('waiting is up to the machine, and user mode has no EL1 to trap to', /^(WFI|WFE|WFET|WFIT|HINT|NOP)/),
  rows("system registers are Linux's: it emulates identification registers and hides EL1", /^(MRS|MSR)/),
  rows("QEMU's largest CPU zeroes blocks of 512 bytes, ours 64", /^DC ZVA/),
  rows("cache maintenance by address answers to Linux's rules, and set/way and TLB operations are not there", /^(IC|DC|TLBI|AT)\b/),
];

const FZ = 1 << 24;

/** Where qemu-aarch64 7.2 is known to do otherwise than the manual. */
export const QEMU_DIFFERS: readonly (Exclusion & { readonly when: (expected: Outcome) => boolean })[] = [
  { ...rows('QEMU 7.2 does not check the alignment of LDAPR', /^LDAPR/), when: expected => expected.end === 'misaligned' },
  {
    ...rows('QEMU looks at the monitor before the alignment of a store exclusive', /^(STXR|STXP)/),
    when: expected => expected.end === 'misaligned',
  },
  {
    ...rows('QEMU looks at the monitor before the translation of a store exclusive', /^(STXR|STXP)/),
    when: expected => expected.end === 'abort',
  },
  {
    ...rows('QEMU 7.2 leaves the sign above the halfword; a scalar result has zeroes there (C7.2)', /^FCVTZS \(scalar, vector fixed-point\), half/),
    when: () => true,
  },
  {
    reason: 'QEMU 7.2 sets Z for a positive denormal that FPCR.FZ flushes; FPToFixedJS clears it, since something was lost',
    applies: c => c.decoded.row.name === 'FJCVTZS' && (c.before.fpcr & FZ) !== 0,
    when: () => true,
  },
];

/** After an exception these parts are UNKNOWN, and engines rightly differ. */
export const UNKNOWN_AFTER_ABORT = 'an access that aborts half way may have written memory or vector registers before (DDI 0487 D1.3.5)';

export const comparableAfterAbort = (outcome: Outcome): boolean => outcome.end !== 'abort' && outcome.end !== 'misaligned';
