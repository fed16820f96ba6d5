/** Integers: fixed-width views of bigint and number, and bit fields. */

export const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
export const u32 = (value: number): number => value >>> 0;
export const s64 = (value: bigint): bigint => BigInt.asIntN(64, value);

/** The `width` bits of `value` from bit `low`. */
export const bits = (value: bigint, low: number, width: number): bigint => BigInt.asUintN(width, value >> BigInt(low));
/** One bit of `value` as a truth. */
export const bit = (value: bigint, at: number): boolean => ((value >> BigInt(at)) & 1n) === 1n;
/** `width` ones. */
export const ones = (width: number): bigint => (1n << BigInt(width)) - 1n;

export const popcount32 = (value: number): number => {
  let count = 0;
  for (let rest = value >>> 0; rest; rest = (rest & (rest - 1)) >>> 0) count++;
  return count;
};

export const alignUp = (value: number, to: number): number => Math.ceil(value / to) * to;
export const isAligned = (value: bigint, to: bigint): boolean => value % to === 0n;
export const hex = (value: bigint | number, digits = 0): string => `0x${value.toString(16).padStart(digits, '0')}`;
