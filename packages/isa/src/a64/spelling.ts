/** Spellings shared by the rows: condition, shift and extend names (DDI 0487 C1.2.4, C6.2) and register names as text. */

export const CONDITIONS = ['eq', 'ne', 'hs', 'lo', 'mi', 'pl', 'vs', 'vc', 'hi', 'ls', 'ge', 'lt', 'gt', 'le', 'al', 'nv'] as const;
export const SHIFTS = ['lsl', 'lsr', 'asr', 'ror'] as const;
export const EXTENDS = ['uxtb', 'uxth', 'uxtw', 'uxtx', 'sxtb', 'sxth', 'sxtw', 'sxtx'] as const;

export const condition = (cond: number): string => CONDITIONS[cond & 15]!;
/** The opposite condition, as aliases such as CSET print it. */
export const inverted = (cond: number): string => CONDITIONS[(cond ^ 1) & 15]!;

/** A W register by number, for aliases that print another width than the operand's (`sxtw x0, w1`). */
export const wName = (n: number): string => (n === 31 ? 'wzr' : `w${n}`);

/** An immediate in hexadecimal, as logical immediates and exception numbers are printed; nought is plain. */
export const hexImmediate = (value: number | bigint): string => (BigInt(value) === 0n ? '#0' : `#0x${value.toString(16)}`);
