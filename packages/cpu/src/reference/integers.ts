/** The part of `Ops` that is arithmetic: values are bigints of 64 bits, truths 1n or 0n. */
import { asU64, s64 } from '@hypnos/base';
import type { Ops } from '@hypnos/isa';

export type Integers = Pick<Ops<bigint>,
  'imm' | 'add' | 'sub' | 'mul' | 'umulh' | 'smulh' | 'udiv' | 'sdiv' | 'and' | 'or' | 'xor' | 'not' | 'shl' | 'lsr' | 'asr' | 'ror' | 'clz' | 'rbit'
  | 'byteReverse' | 'popcount' | 'crc32' | 'zext' | 'sext' | 'eq' | 'ne' | 'ult' | 'slt' | 'select' | 'when' | 'addWithCarry'>;

export const truth = (holds: boolean): bigint => (holds ? 1n : 0n);

const reverseBits = (width: number, a: bigint): bigint =>
  BigInt(`0b${[...BigInt.asUintN(width, a).toString(2).padStart(width, '0')].reverse().join('')}`);

const popcount = (a: bigint): bigint => {
  let count = 0n;
  for (let rest = a; rest; rest >>= 1n) count += rest & 1n;
  return count;
};

/** The reflected polynomials of CRC-32 and CRC-32C; the instructions leave out the usual inversions (C6.2.74). */
const POLYNOMIAL = { ieee: 0xedb88320n, castagnoli: 0x82f63b78n } as const;
function crc32(bytes: number, castagnoli: boolean, accumulator: bigint, value: bigint): bigint {
  const polynomial = castagnoli ? POLYNOMIAL.castagnoli : POLYNOMIAL.ieee;
  let crc = BigInt.asUintN(32, accumulator) ^ BigInt.asUintN(bytes * 8, value);
  for (let i = 0; i < bytes * 8; i++) crc = crc & 1n ? (crc >> 1n) ^ polynomial : crc >> 1n;
  return crc;
}

export const integers: Integers = {
  imm: asU64,
  add: (a, b) => asU64(a + b),
  sub: (a, b) => asU64(a - b),
  mul: (a, b) => asU64(a * b),
  umulh: (a, b) => (a * b) >> 64n,
  smulh: (a, b) => asU64((s64(a) * s64(b)) >> 64n),
  udiv: (width, a, b) => {
    const by = BigInt.asUintN(width, b);
    return by === 0n ? 0n : BigInt.asUintN(width, a) / by;
  },
  sdiv: (width, a, b) => {
    const by = BigInt.asIntN(width, b);
    return by === 0n ? 0n : BigInt.asUintN(width, BigInt.asIntN(width, a) / by);
  },
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  not: a => asU64(~a),
  shl: (a, by) => asU64(a << (by & 63n)),
  lsr: (a, by) => a >> (by & 63n),
  asr: (a, by) => asU64(s64(a) >> (by & 63n)),
  ror(width, a, by) {
    const value = BigInt.asUintN(width, a), amount = by % BigInt(width);
    return BigInt.asUintN(width, (value >> amount) | (value << (BigInt(width) - amount)));
  },
  clz: (width, a) => BigInt(width - (BigInt.asUintN(width, a) === 0n ? 0 : BigInt.asUintN(width, a).toString(2).length)),
  rbit: reverseBits,
  byteReverse(bytes, a) {
    let out = 0n;
    for (let at = 0; at < 8; at++) out |= ((a >> BigInt(8 * at)) & 0xffn) << BigInt(8 * (at ^ (bytes - 1)));
    return out;
  },
  popcount,
  crc32,
  zext: (bits, a) => BigInt.asUintN(bits, a),
  sext: (bits, a) => asU64(BigInt.asIntN(bits, a)),
  eq: (a, b) => truth(a === b),
  ne: (a, b) => truth(a !== b),
  ult: (a, b) => truth(a < b),
  slt: (a, b) => truth(s64(a) < s64(b)),
  select: (cond, yes, no) => (cond ? yes : no),
  when(cond, then, otherwise) {
    if (cond) then();
    else otherwise?.();
  },
  /** AddWithCarry: the flags in the form engines keep them, N and V in bit 63. */
  addWithCarry(width, a, b, carry) {
    const x = BigInt.asUintN(width, a), y = BigInt.asUintN(width, b), wide = x + y + carry;
    const sum = BigInt.asUintN(width, wide), up = BigInt(64 - width);
    const v = asU64(((x ^ sum) & (y ^ sum)) << up);
    return { sum, flags: { n: asU64(sum << up), z: sum, c: truth(wide !== sum), v } };
  },
};
