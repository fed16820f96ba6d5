/** Vector operations of `Ops` as nodes: WebAssembly's own where it has them, else the lane's definition unrolled. */
import { LANE_OPS, type LaneBits, type LaneOpName, type Ops } from '@hypnos/isa';
import { constant, i64, type Node, op } from '../wasm/node.ts';
import { narrow, wide } from './integer-ops.ts';

const SHAPES: Readonly<Record<LaneBits, string>> = { 8: 'i8x16', 16: 'i16x8', 32: 'i32x4', 64: 'i64x2' };
const ZERO = constant('v128', 0n);

/** One lane, zero-extended to 64 bits. */
export function lane(bits: LaneBits, vector: Node, index: number): Node {
  const lanes = [index];
  if (bits === 64) return op('i64x2.extract_lane', [vector], { lanes });
  return op('i64.extend_i32_u', [op(`${SHAPES[bits]}.extract_lane${bits === 32 ? '' : '_u'}`, [vector], { lanes })]);
}
export function withLane(bits: LaneBits, vector: Node, index: number, value: Node): Node {
  return op(`${SHAPES[bits]}.replace_lane`, [vector, bits === 64 ? wide(value) : narrow(value)], { lanes: [index] });
}
const scalar = (bits: LaneBits, value: Node): Node => withLane(bits, ZERO, 0, value);
const splat = (bits: LaneBits, value: Node): Node => op(`${SHAPES[bits]}.splat`, [bits === 64 ? wide(value) : narrow(value)]);
const low64 = (vector: Node): Node => withLane(64, vector, 1, i64(0n));

function shuffle(a: Node, b: Node, bytes: readonly number[]): Node {
  const chosen = op('i8x16.shuffle', [a, b], { lanes: bytes.map(n => (n < 0 ? 0 : n)) });
  if (bytes.every(n => n >= 0)) return chosen;
  const mask = bytes.reduce((m, n, i) => (n < 0 ? m : m | (0xffn << BigInt(8 * i))), 0n);
  return op('v128.and', [chosen, constant('v128', mask)]);
}

/** Swizzle gives zero for indices of 16 and more, so tables are tried one after the other with indices moved down. */
function tableLookup(tables: readonly Node[], indices: Node, fallback?: Node): Node {
  const found = tables.map((table, i) => op('i8x16.swizzle', [table, i ? op('i8x16.sub', [indices, splat(8, i64(BigInt(16 * i)))]) : indices]));
  const picked = found.reduce((a, b) => op('v128.or', [a, b]));
  if (!fallback) return picked;
  const inside = op('i8x16.lt_u', [indices, splat(8, i64(BigInt(16 * tables.length)))]);
  return op('v128.bitselect', [picked, fallback, inside]);
}

/**
 * Lane operations WebAssembly has for all lanes at once, and the lane sizes it has them for; the definition in `LANE_OPS`
 * is what they are tested against.
 */
const NATIVE: Readonly<Partial<Record<LaneOpName, readonly [name: string, sizes: readonly LaneBits[]]>>> = {
  add: ['add', [8, 16, 32, 64]], sub: ['sub', [8, 16, 32, 64]], mul: ['mul', [16, 32, 64]], neg: ['neg', [8, 16, 32, 64]], abs: ['abs', [8, 16, 32, 64]],
  cmeq: ['eq', [8, 16, 32, 64]], cmgt: ['gt_s', [8, 16, 32, 64]], cmge: ['ge_s', [8, 16, 32, 64]], cmhi: ['gt_u', [8, 16, 32]], cmhs: ['ge_u', [8, 16, 32]],
  smax: ['max_s', [8, 16, 32]], smin: ['min_s', [8, 16, 32]], umax: ['max_u', [8, 16, 32]], umin: ['min_u', [8, 16, 32]],
  urhadd: ['avgr_u', [8, 16]], cnt: ['popcnt', [8]],
};

/** Any lane operation, by unrolling its definition over the lanes. */
export function lanes(ops: Ops<Node>, name: LaneOpName, bits: LaneBits, vectors: readonly Node[]): Node {
  const native = NATIVE[name];
  if (native?.[1].includes(bits)) return op(`${SHAPES[bits]}.${native[0]}`, vectors);
  if (name === 'cmtst') return op('v128.not', [op(`${SHAPES[bits]}.eq`, [op('v128.and', vectors), ZERO])]);
  const define = LANE_OPS[name] as (ops: Ops<Node>, bits: LaneBits, ...values: Node[]) => Node;
  let result = ZERO;
  for (let i = 0; i < 128 / bits; i++) result = withLane(bits, result, i, define(ops, bits, ...vectors.map(v => lane(bits, v, i))));
  return result;
}

export const vectorOps = {
  lane, withLane, scalar, splat, low64, shuffle, tableLookup,
  vimm: (value: bigint): Node => constant('v128', value),
  vand: (a: Node, b: Node): Node => op('v128.and', [a, b]),
  vor: (a: Node, b: Node): Node => op('v128.or', [a, b]),
  vxor: (a: Node, b: Node): Node => op('v128.xor', [a, b]),
  vnot: (a: Node): Node => op('v128.not', [a]),
};
