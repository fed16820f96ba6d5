/** How vectors are spelled and cut into elements (DDI 0487 C1.2.4), and the moves between elements that many rows share. */
import { type VReg, v } from '../operands.ts';
import type { LaneBits, Ops } from '../ops.ts';

/** What every row of these chapters says of itself. */
export const SIMD = { needs: 'FEAT_AdvSIMD', fp: true } as const;
export const FP = { needs: 'FEAT_FP', fp: true } as const;

/** Element sizes by the manual's two-bit `size`: B, H, S, D. */
export const bitsOf = (size: number): LaneBits => (8 << size) as LaneBits;
export const countOf = (Q: number, size: number): number => (Q ? 16 : 8) >> size;

export const arrangement = (Q: number, size: number): string => `${countOf(Q, size)}${'bhsd'[size]}`;
/** `v3.4s`. */
export const vector = (n: number, Q: number, size: number): VReg => v(n, `v${n}.${arrangement(Q, size)}`);
/** `v3.s[1]`. */
export const element = (n: number, size: number, index: number): VReg => v(n, `v${n}.${'bhsd'[size]}[${index}]`);
/** `s3`. */
export const scalar = (n: number, size: number): VReg => v(n, `${'bhsdq'[size]}${n}`);

/** Writes a vector of 128 bits, or of 64 with zeroes above it. */
export const setVector = <V>(ops: Ops<V>, d: VReg, Q: number, value: V): void => ops.setVreg(d, Q ? value : ops.low64(value));
/** Reads a vector of 128 or 64 bits; the lanes above are zero, so that they cannot saturate. */
export const getVector = <V>(ops: Ops<V>, n: VReg, Q: number): V => (Q ? ops.vreg(n) : ops.low64(ops.vreg(n)));
export const getScalar = <V>(ops: Ops<V>, bits: LaneBits, n: VReg): V => ops.lane(bits, ops.vreg(n), 0);
export const setScalar = <V>(ops: Ops<V>, bits: LaneBits, d: VReg, value: V): void => ops.setVreg(d, ops.scalar(bits, value));

export const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** Byte numbers for `shuffle` from element numbers: those of the first vector come first; -1 is a zero element. */
export const bytesOf = (bits: LaneBits, elements: readonly number[]): number[] => {
  const bytes = elements.flatMap(e => range(bits / 8).map(i => (e < 0 ? -1 : e * (bits / 8) + i)));
  return [...bytes, ...range(16 - bytes.length).map(() => -1)];
};
/** A vector of the named elements of a (0 and up) and b (16 bytes further), the rest zero. */
export const pick = <V>(ops: Ops<V>, bits: LaneBits, a: V, b: V, elements: readonly number[]): V =>
  ops.shuffle(a, b, bytesOf(bits, elements));

/** Sixteen bytes from as many vectors as needed, two to a shuffle. */
export function gather<V>(ops: Ops<V>, tables: readonly V[], bytes: readonly number[]): V {
  let all: V | undefined;
  for (let i = 0; i < tables.length; i += 2) {
    const here = bytes.map(b => (b >= 16 * i && b < 16 * (i + 2) ? b - 16 * i : -1));
    if (here.every(b => b < 0)) continue;
    const part = ops.shuffle(tables[i]!, tables[i + 1] ?? tables[i]!, here);
    all = all === undefined ? part : ops.vor(all, part);
  }
  return all ?? ops.vimm(0n);
}

/** The even (0) or odd (1) elements of the concatenation of n and m, as UZP1 and UZP2 leave them. */
export function unzip<V>(ops: Ops<V>, Q: number, size: number, part: number, n: V, m: V): V {
  const count = countOf(Q, size), whole = countOf(1, size);
  return pick(ops, bitsOf(size), n, m, range(count).map(i => {
    const from = 2 * i + part;
    return from < count ? from : whole + from - count;
  }));
}

/** Elements of the lower (Q=0) or upper (Q=1) half, each extended to twice its size. */
export function widen<V>(ops: Ops<V>, Q: number, size: number, isSigned: boolean, n: V): V {
  const count = countOf(0, size);
  const spread = pick(ops, bitsOf(size), n, n, range(count).flatMap(i => [Q * count + i, -1]));
  return isSigned ? ops.lanes('sxtl', bitsOf(size + 1), spread) : spread;
}

/** Writes the low (`part` 0) or high (1) halves of wide elements: to the lower half of d, or (Q=1) to its upper half, keeping the lower. */
export function setNarrow<V>(ops: Ops<V>, d: VReg, Q: number, size: number, part: number, wide: V): void {
  const count = countOf(0, size), from = range(count).map(i => 2 * i + part);
  if (!Q) return ops.setVreg(d, pick(ops, bitsOf(size), wide, wide, from));
  ops.setVreg(d, pick(ops, bitsOf(size), ops.vreg(d), wide, [...range(count), ...from.map(i => 2 * count + i)]));
}
