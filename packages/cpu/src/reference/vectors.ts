/** The part of `Ops` that is about vectors: bigints of 128 bits, lane operations applied lane by lane. */
import { LANE_OPS, type LaneBits, type LaneOpName, type Ops } from '@hypnos/isa';

export type Vectors = Pick<Ops<bigint>,
  'lane' | 'withLane' | 'scalar' | 'splat' | 'low64' | 'vimm' | 'vand' | 'vor' | 'vxor' | 'vnot' | 'shuffle' | 'tableLookup'>;

const low = (bits: number, value: bigint): bigint => BigInt.asUintN(bits, value);
const shift = (bits: number, index: number): bigint => BigInt(bits * index);
const byteAt = (vectors: readonly bigint[], index: number): bigint => low(8, vectors[index >> 4]! >> shift(8, index & 15));

/** A vector from its lanes. */
const fromLanes = (bits: number, lane: (index: number) => bigint): bigint => {
  let out = 0n;
  for (let index = 0; index < 128 / bits; index++) out |= low(bits, lane(index)) << shift(bits, index);
  return out;
};

export const vectors: Vectors = {
  lane: (bits, vector, index) => low(bits, vector >> shift(bits, index)),
  withLane: (bits, vector, index, value) => (vector & ~(low(bits, -1n) << shift(bits, index))) | (low(bits, value) << shift(bits, index)),
  scalar: low,
  splat: (bits, value) => fromLanes(bits, () => value),
  low64: vector => low(64, vector),
  vimm: value => low(128, value),
  vand: (a, b) => a & b,
  vor: (a, b) => a | b,
  vxor: (a, b) => a ^ b,
  vnot: a => low(128, ~a),
  shuffle: (a, b, bytes) => fromLanes(8, i => (bytes[i]! < 0 ? 0n : byteAt([a, b], bytes[i]!))),
  tableLookup: (tables, indices, fallback = 0n) => fromLanes(8, i => {
    const index = Number(byteAt([indices], i));
    return index < tables.length * 16 ? byteAt(tables, index) : byteAt([fallback], i);
  }),
};

/** A lane operation on every lane; `ops` is what its definition works with. */
export const eachLane = (ops: Ops<bigint>, name: LaneOpName, bits: LaneBits, operands: readonly bigint[]): bigint =>
  fromLanes(bits, i => {
    const [a = 0n, b = 0n, c = 0n] = operands.map(v => vectors.lane(bits, v, i));
    return LANE_OPS[name](ops, bits, a, b, c);
  });
