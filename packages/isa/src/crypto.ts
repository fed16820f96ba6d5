/** The steps of AES (FIPS 197) and SHA (FIPS 180-4) and the multiplication of polynomials, written once over `Ops`. */
import type { Ops } from './ops.ts';

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** Multiplication by x in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1 (FIPS 197 4.2.1). */
const xtime = (a: number): number => ((a << 1) ^ (a & 0x80 ? 0x11b : 0)) & 0xff;
const rotateLeft8 = (a: number, by: number): number => ((a << by) | (a >> (8 - by))) & 0xff;

/** FIPS 197 5.1.1: the multiplicative inverse (zero's is zero), then an affine transformation. */
function substitutions(): readonly number[] {
  // The powers of x + 1 are all elements but zero: inverses stand as far from the end as elements from the beginning.
  const powers = [1];
  for (let i = 0; i < 254; i++) powers.push(powers[i]! ^ xtime(powers[i]!));
  return range(256).map(a => {
    const inverse = a ? powers[(255 - powers.indexOf(a)) % 255]! : 0;
    return [1, 2, 3, 4].reduce((sum, by) => sum ^ rotateLeft8(inverse, by), inverse ^ 0x63);
  });
}

/** 256 bytes as sixteen vectors, for a table lookup. */
const asVectors = (bytes: readonly number[]): readonly bigint[] =>
  range(16).map(i => bytes.slice(16 * i, 16 * i + 16).reduceRight((all, byte) => (all << 8n) | BigInt(byte), 0n));
interface Boxes { readonly forward: readonly bigint[]; readonly inverse: readonly bigint[] }
let known: Boxes | undefined;
/** Worked out when an engine asks: machines start without. */
function boxes(): Boxes {
  if (known) return known;
  const box = substitutions();
  return (known = { forward: asVectors(box), inverse: asVectors(range(256).map(a => box.indexOf(a))) });
}

const looked = <V>(ops: Ops<V>, table: readonly bigint[], a: V): V => ops.tableLookup(table.map(v => ops.vimm(v)), a);
export const aesSubBytes = <V>(ops: Ops<V>, a: V): V => looked(ops, boxes().forward, a);
export const aesInvSubBytes = <V>(ops: Ops<V>, a: V): V => looked(ops, boxes().inverse, a);

/** The state's columns are groups of four bytes; row r moves by r columns (FIPS 197 5.1.2). */
const rowsMoved = (columns: number) => range(16).map(i => (i + 4 * columns * (i % 4)) % 16);
const SHIFTED_ROWS = rowsMoved(1), UNSHIFTED_ROWS = rowsMoved(3);
export const aesShiftRows = <V>(ops: Ops<V>, a: V): V => ops.shuffle(a, a, SHIFTED_ROWS);
export const aesInvShiftRows = <V>(ops: Ops<V>, a: V): V => ops.shuffle(a, a, UNSHIFTED_ROWS);

/** Each byte replaced by the one `by` rows further down its column. */
const down = <V>(ops: Ops<V>, a: V, by: number): V => ops.shuffle(a, a, range(16).map(i => (i & ~3) | ((i + by) & 3)));
const doubled = <V>(ops: Ops<V>, a: V): V =>
  ops.vxor(ops.lanes('add', 8, a, a), ops.vand(ops.lanes('cmgt', 8, ops.vimm(0n), a), ops.splat(8, ops.imm(0x1bn))));

/** FIPS 197 5.1.3: a column times 3x^3 + x^2 + x + 2. */
export function aesMixColumns<V>(ops: Ops<V>, a: V): V {
  const next = down(ops, a, 1), sum = ops.vxor(a, next);
  return ops.vxor(ops.vxor(doubled(ops, sum), next), down(ops, sum, 2));
}
/** FIPS 197 5.3.3: the inverse is the same polynomial times 4x^2 + 5. */
export const aesInvMixColumns = <V>(ops: Ops<V>, a: V): V =>
  aesMixColumns(ops, ops.vxor(a, doubled(ops, doubled(ops, ops.vxor(a, down(ops, a, 2))))));

/** FIPS 180-4 4.1: functions of three words. */
export const choose = <V>(ops: Ops<V>, x: V, y: V, z: V): V => ops.xor(ops.and(ops.xor(y, z), x), z);
export const majority = <V>(ops: Ops<V>, x: V, y: V, z: V): V => ops.or(ops.and(x, y), ops.and(ops.or(x, y), z));
export const parity = <V>(ops: Ops<V>, x: V, y: V, z: V): V => ops.xor(ops.xor(x, y), z);
/** Rotations to the right, and perhaps a shift, added without carries; the words of `x` are zero-extended. */
export function sigma<V>(ops: Ops<V>, width: 32 | 64, x: V, rotations: readonly number[], shift?: number): V {
  const turned = rotations.map(by => ops.ror(width, x, ops.imm(BigInt(by))));
  const all = shift === undefined ? turned : [...turned, ops.lsr(x, ops.imm(BigInt(shift)))];
  return all.reduce((a, b) => ops.xor(a, b));
}

const EVERY_FOURTH = 0x1111_1111_1111_1111n;
/**
 * The product of two polynomials over {0, 1} of 32 bits. Bits four apart meet by integer multiplication: eight of them at
 * most are added in one place, so no carry reaches the next (the last addition of each four is done without carries).
 */
function polynomialProduct32<V>(ops: Ops<V>, a: V, b: V): V {
  const holes = (x: V, mask: bigint) => range(4).map(i => ops.and(x, ops.imm(BigInt.asUintN(64, mask << BigInt(i)))));
  const as = holes(a, EVERY_FOURTH & 0xffff_ffffn), bs = holes(b, EVERY_FOURTH & 0xffff_ffffn);
  const parts = range(4).map(k => {
    const sum = range(4).map(i => ops.mul(as[i]!, bs[(k - i) & 3]!)).reduce((x, y) => ops.xor(x, y));
    return ops.and(sum, ops.imm(BigInt.asUintN(64, EVERY_FOURTH << BigInt(k))));
  });
  return parts.reduce((x, y) => ops.or(x, y));
}

/** The product of two polynomials over {0, 1} of 64 bits, by three products of 32 (Karatsuba). */
export function polynomialProduct64<V>(ops: Ops<V>, a: V, b: V): { readonly low: V; readonly high: V } {
  const k32 = ops.imm(32n), aHigh = ops.lsr(a, k32), bHigh = ops.lsr(b, k32), aLow = ops.zext(32, a), bLow = ops.zext(32, b);
  const low = polynomialProduct32(ops, aLow, bLow), high = polynomialProduct32(ops, aHigh, bHigh);
  const both = polynomialProduct32(ops, ops.xor(aLow, aHigh), ops.xor(bLow, bHigh));
  const middle = ops.xor(both, ops.xor(low, high));
  return { low: ops.xor(low, ops.shl(middle, k32)), high: ops.xor(high, ops.lsr(middle, k32)) };
}
