/** Integer operations of `Ops` as nodes: truths stay i32 until somebody needs 64 bits. */
import type { Flags, Width } from '@hypnos/isa';
import { i32, i64, type Node, op, select } from '../wasm/node.ts';

/** A value as 64 bits: truths are widened. */
export const wide = (n: Node): Node => (n.type === 'i32' ? op('i64.extend_i32_u', [n]) : n);
/** A truth as a condition. */
export const truth = (n: Node): Node => (n.type === 'i32' ? n : op('i32.wrap_i64', [n]));
export const narrow = (n: Node): Node => (n.type === 'i32' ? n : op('i32.wrap_i64', [n]));

const binary = (name: string) => (a: Node, b: Node): Node => op(name, [wide(a), wide(b)]);
const add = binary('i64.add'), sub = binary('i64.sub'), and = binary('i64.and'), or = binary('i64.or'), xor = binary('i64.xor');
const mul = binary('i64.mul'), shl = binary('i64.shl'), lsr = binary('i64.shr_u'), asr = binary('i64.shr_s');
const not = (a: Node): Node => xor(a, i64(-1n));
const low32 = (a: Node): Node => and(a, i64(0xffff_ffffn));

const zext = (bits: number, a: Node): Node => (bits === 64 ? wide(a) : and(a, i64((1n << BigInt(bits)) - 1n)));
const sext = (bits: number, a: Node): Node => {
  if (bits === 64) return wide(a);
  if (bits === 8 || bits === 16 || bits === 32) return op(`i64.extend${bits}_s`, [wide(a)]);
  const by = i64(BigInt(64 - bits));
  return asr(shl(a, by), by);
};

/** The high half of a 64×64-bit product from four 32-bit ones. */
function umulh(a: Node, b: Node): Node {
  const k32 = i64(32n);
  const al = low32(a), ah = lsr(a, k32), bl = low32(b), bh = lsr(b, k32);
  const cross = add(mul(ah, bl), lsr(mul(al, bl), k32));
  const other = add(mul(al, bh), low32(cross));
  return add(add(mul(ah, bh), lsr(cross, k32)), lsr(other, k32));
}
const signMask = (a: Node): Node => asr(a, i64(63n));
const smulh = (a: Node, b: Node): Node => sub(sub(umulh(a, b), and(signMask(a), b)), and(signMask(b), a));

/** WebAssembly traps where the architecture does not: the divisor is replaced, then the answer. */
function udiv(_width: Width, a: Node, b: Node): Node {
  const zero = op('i64.eqz', [wide(b)]);
  return select(zero, i64(0n), op('i64.div_u', [wide(a), select(zero, i64(1n), wide(b))]));
}
function sdiv(width: Width, a: Node, b: Node): Node {
  const n = sext(width, a), d = sext(width, b);
  const zero = op('i64.eqz', [d]), minusOne = op('i64.eq', [d, i64(-1n)]);
  const quotient = op('i64.div_s', [n, select(op('i32.or', [zero, minusOne]), i64(1n), d)]);
  return zext(width, select(zero, i64(0n), select(minusOne, sub(i64(0n), n), quotient)));
}

function ror(width: Width, a: Node, by: Node): Node {
  if (width === 64) return op('i64.rotr', [wide(a), wide(by)]);
  return op('i64.extend_i32_u', [op('i32.rotr', [op('i32.wrap_i64', [wide(a)]), narrow(by)])]);
}
const clz = (width: Width, a: Node): Node => (width === 64 ? op('i64.clz', [wide(a)]) : sub(op('i64.clz', [low32(a)]), i64(32n)));

/** Swaps neighbouring groups of `bits`, for all 64 bits. */
function swap(a: Node, bits: number, mask: bigint): Node {
  return or(shl(and(a, i64(mask)), i64(BigInt(bits))), and(lsr(a, i64(BigInt(bits))), i64(mask)));
}
function byteReverse(bytes: 2 | 4 | 8, a: Node): Node {
  const in16 = swap(a, 8, 0x00ff_00ff_00ff_00ffn);
  if (bytes === 2) return in16;
  const in32 = swap(in16, 16, 0x0000_ffff_0000_ffffn);
  return bytes === 4 ? in32 : op('i64.rotl', [in32, i64(32n)]);
}
function rbit(width: Width, a: Node): Node {
  const nibbles = swap(swap(swap(a, 1, 0x5555_5555_5555_5555n), 2, 0x3333_3333_3333_3333n), 4, 0x0f0f_0f0f_0f0f_0f0fn);
  const all = byteReverse(8, nibbles);
  return width === 64 ? all : lsr(all, i64(32n));
}

const compare = (name: string) => (a: Node, b: Node): Node => op(name, [wide(a), wide(b)]);

/** Recognises `~m`, so that subtraction is a subtraction. */
const notOf = (n: Node): Node | null =>
  (n.kind === 'op' && n.name === 'i64.xor' && n.args[1]?.kind === 'const' && n.args[1].value === -1n ? n.args[0]! : null);

function addWithCarry(width: Width, a0: Node, b0: Node, carry: Node): { readonly sum: Node; readonly flags: Flags<Node> } {
  const a = zext(width, a0), constant = carry.kind === 'const' ? carry.value : null;
  const inverted = notOf(wide(b0));
  const subtract = constant === 1n && (inverted !== null || b0.kind === 'const');
  const b = subtract ? zext(width, inverted ?? not(b0)) : zext(width, b0);
  const full = subtract ? sub(a, b) : add(add(a, b), wide(carry));
  const sum = zext(width, full);
  const signed = sext(width, full);
  const c = subtract ? op('i64.ge_u', [a, b]) : width === 32 ? lsr(full, i64(32n)) : carryOut64(a, full, carry, constant);
  const overflow = subtract ? and(xor(a, b), xor(a, full)) : and(xor(a, full), xor(b, full));
  return { sum, flags: { n: signed, z: signed, c: wide(c), v: width === 64 ? overflow : shl(overflow, i64(32n)) } };
}
function carryOut64(a: Node, sum: Node, carry: Node, constant: bigint | null): Node {
  if (constant === 0n) return op('i64.lt_u', [sum, a]);
  if (constant === 1n) return op('i64.le_u', [sum, a]);
  return select(truth(carry), op('i64.le_u', [sum, a]), op('i64.lt_u', [sum, a]));
}

/** Whether a condition (0..15, even ones given, odd ones inverted by the caller) holds. */
function conditionBase(cond: number, f: Flags<Node>): Node {
  const z = () => op('i64.eqz', [f.z]), negative = (n: Node) => op('i64.lt_s', [n, i64(0n)]);
  const ge = () => op('i64.ge_s', [xor(f.n, f.v), i64(0n)]);
  const nonzero = () => op('i64.ne', [f.z, i64(0n)]);
  switch (cond >> 1) {
    case 0: return z();
    case 1: return truth(f.c);
    case 2: return negative(f.n);
    case 3: return negative(f.v);
    case 4: return op('i32.and', [truth(f.c), nonzero()]);
    case 5: return ge();
    case 6: return op('i32.and', [ge(), nonzero()]);
    default: return i32(1);
  }
}
export const holds = (cond: number, flags: Flags<Node>): Node => {
  const base = conditionBase(cond, flags);
  return cond & 1 && cond !== 15 ? op('i32.eqz', [base]) : base;
};

export const integerOps = {
  imm: (value: bigint): Node => i64(value),
  add, sub, mul, and, or, xor, not, shl, lsr, asr, umulh, smulh, udiv, sdiv, ror, clz, rbit, byteReverse, zext, sext, addWithCarry,
  popcount: (a: Node): Node => op('i64.popcnt', [wide(a)]),
  eq: compare('i64.eq'), ne: compare('i64.ne'), ult: compare('i64.lt_u'), slt: compare('i64.lt_s'),
};
