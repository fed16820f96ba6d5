/** Values that tend to break things: for registers, vectors by element, FPCR, and the pool that programs load from. */
import { control, DATA, DATA_BYTES, freshRegisters, FPSR_AT, NZCV_AT, POOL_BYTES, type Registers, SP_AT, V_AT } from './layout.ts';
import { pick, type Random, randomFrom } from './random.ts';

const INTEGERS: readonly bigint[] = [
  0n, 1n, 2n, -1n, -2n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0xffffn, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 0x1_0000_0000n, -0x8000_0000n,
  0x7fff_ffff_ffff_ffffn, 0x8000_0000_0000_0000n, 0x8000_0000_0000_0001n, 0x5555_5555_5555_5555n,
];
/** Zeroes, denormals, ones, largest, infinities, quiet and signalling NaNs, and what is about to overflow an integer. */
const FLOATS: Readonly<Record<number, readonly bigint[]>> = {
  16: [0n, 1n, 0x3ffn, 0x400n, 0x3c00n, 0x3bffn, 0x7bffn, 0x7c00n, 0x7e00n, 0x7d01n, 0x7801n, 0x4248n],
  32: [
    0n, 1n, 0x7f_ffffn, 0x80_0000n, 0x3f80_0000n, 0x3f7f_ffffn, 0x7f7f_ffffn, 0x7f80_0000n, 0x7fc0_0000n, 0x7fa0_0001n, 0x4f00_0000n, 0x5f00_0000n,
    0x3eff_ffffn,
  ],
  64: [
    0n, 1n, 0xf_ffff_ffff_ffffn, 0x10_0000_0000_0000n, 0x3ff0_0000_0000_0000n, 0x3fef_ffff_ffff_ffffn, 0x7fef_ffff_ffff_ffffn, 0x7ff0_0000_0000_0000n,
    0x7ff8_0000_0000_0000n, 0x7ff4_0000_0000_0001n, 0x41e0_0000_0000_0000n, 0x43e0_0000_0000_0000n, 0x3690_0000_0000_0000n, 0x3fdf_ffff_ffff_ffffn,
  ],
};
/** Bits of sign and exponent. */
const EXPONENTS: Readonly<Record<number, number>> = { 16: 6, 32: 9, 64: 12 };

export function integer(random: Random): bigint {
  switch (random(6)) {
    case 0: case 1: return BigInt.asUintN(64, pick(random, INTEGERS));
    case 2: return BigInt(random(256));
    case 3: return 1n << BigInt(random(64));
    case 4: return random.bits64() >> BigInt(random(64));
    default: return random.bits64();
  }
}

/** One element: a telling float with either sign or a neighbour of one, an ordinary float around one, or an integer. */
function element(random: Random, bits: number): bigint {
  const floats = FLOATS[bits], choice = random(6);
  if (!floats || choice === 0) return BigInt.asUintN(bits, integer(random));
  if (choice < 3) {
    // An exponent near that of one, so that sums cancel and products stay in range.
    const width = BigInt(bits - EXPONENTS[bits]!), bias = (1n << BigInt(EXPONENTS[bits]! - 2)) - 1n;
    return ((bias + BigInt(random(9) - 4)) << width) | BigInt.asUintN(Number(width), random.bits64()) | (BigInt(random(2)) << BigInt(bits - 1));
  }
  const value = random(4) === 0 ? pick(random, floats) + BigInt(random(3) - 1) : pick(random, floats);
  return BigInt.asUintN(bits, value) ^ (BigInt(random(2)) << BigInt(bits - 1));
}

/** Half a vector of elements of one size. */
export function half(random: Random, bits: number): bigint {
  let out = 0n;
  for (let at = 0; at < 64; at += bits) out |= element(random, bits) << BigInt(at);
  return out;
}

/** Rounding modes, flush to zero, default NaN, alternative half precision, flush to zero of half precision: mostly none. */
export const fpcr = (random: Random): number =>
  random(2) === 0
    ? 0
    : (random(4) << 22) | (random(4) ? 0 : 1 << 24) | (random(4) ? 0 : 1 << 25) | (random(4) ? 0 : 1 << 26) | (random(4) ? 0 : 1 << 19);
const fpsr = (random: Random): bigint => (random(4) === 0 ? BigInt(random(32) | (random(2) << 27)) : 0n);

/** Near the middle of the data, mostly aligned; sometimes right at a page's end or the data's. */
export function pointer(random: Random): bigint {
  const middle = DATA + BigInt(DATA_BYTES / 2);
  switch (random(8)) {
    case 0: return middle + BigInt(random(256));
    case 1: return middle - BigInt(random(40));
    case 2: return DATA + BigInt(random(DATA_BYTES));
    default: return middle + BigInt(random(64) * 16);
  }
}

/** The pool in halves of vectors, by the size of its elements; then words for FPCR. */
export const SECTIONS: Readonly<Record<number, number>> = { 16: 0, 32: 1024, 64: 2048, 8: 3072 };
export const SECTION_HALVES = 1024, FPCR_SECTION = 3968, FPCR_WORDS = 128;

const pools = new Map<number, BigUint64Array<ArrayBuffer>>();

/** The pool of a seed. */
export function poolOf(seed: number): BigUint64Array<ArrayBuffer> {
  const known = pools.get(seed);
  if (known) return known;
  const random = randomFrom(seed), pool = new BigUint64Array(POOL_BYTES / 8);
  for (const [bits, from] of Object.entries(SECTIONS)) for (let i = 0; i < SECTION_HALVES; i++) pool[from + i] = half(random, Number(bits));
  for (let i = SECTIONS[8]!; i < FPCR_SECTION; i += 2) pool[i] = integer(random);
  for (let i = 0; i < FPCR_WORDS; i++) pool[FPCR_SECTION + i] = BigInt(fpcr(random));
  pools.clear();
  pools.set(seed, pool);
  return pool;
}

/** Registers full of such values, drawn from a pool where it is given. */
export function registersFor(random: Random, pool: BigUint64Array): Registers {
  const r = freshRegisters(), words = FPCR_SECTION;
  for (let i = 0; i < 31; i++) r[i] = random(3) === 0 ? pool[random(words)]! : integer(random);
  for (let i = V_AT; i < V_AT + 64; i++) r[i] = pool[random(words)]!;
  r[SP_AT] = pointer(random);
  r[NZCV_AT] = control(random(16), fpcr(random));
  r[FPSR_AT] = fpsr(random);
  return r;
}

