/** FPCR as one operation sees it, and the FPSR bits the operation leaves (DDI 0487 C5.2.7, C5.2.8). */
import type { Rounding } from '@hypnos/isa';

/** Cumulative exception bits of FPSR. */
export const IOC = 1 << 0, DZC = 1 << 1, OFC = 1 << 2, UFC = 1 << 3, IXC = 1 << 4, IDC = 1 << 7;

/** FPCR bits: half-precision flush, rounding mode, flush to zero, default NaN, alternative half precision. */
const FZ16 = 1 << 19, RMODE_SHIFT = 22, FZ = 1 << 24, DN = 1 << 25, AHP = 1 << 26;

/** A rounding that is settled: by FPCR.RMode, by the instruction, or to odd (FCVTXN). */
export type Direction = Exclude<Rounding, 'fpcr'> | 'odd';
const MODES = ['tie-even', 'plus-infinity', 'minus-infinity', 'zero'] as const;

export interface Environment {
  readonly rounding: Direction;
  readonly flushToZero: boolean;
  readonly flushToZero16: boolean;
  readonly defaultNaN: boolean;
  readonly alternativeHalf: boolean;
  /** FPSR bits raised so far. Exceptions are never trapped: the trap enables of FPCR read as zero. */
  flags: number;
}

export const environment = (fpcr: number): Environment => ({
  rounding: MODES[(fpcr >>> RMODE_SHIFT) & 3]!,
  flushToZero: (fpcr & FZ) !== 0,
  flushToZero16: (fpcr & FZ16) !== 0,
  defaultNaN: (fpcr & DN) !== 0,
  alternativeHalf: (fpcr & AHP) !== 0,
  flags: 0,
});

/** The pseudocode's FPUnpack and FPRound do not know AHP, and FPUnpackCV and FPRoundCV do not know FZ16. */
export const arithmeticView = (env: Environment): Environment => ({ ...env, alternativeHalf: false });
export const conversionView = (env: Environment): Environment => ({ ...env, flushToZero16: false });
