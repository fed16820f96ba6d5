/** Advanced SIMD loads and stores of structures (DDI 0487 C4.1.94): LD1-LD4, ST1-ST4 whole and by element, LD1R-LD4R. */
import { type Row, instruction } from '../instruction.ts';
import { base, imm8, type Reg, type VReg, v, x } from '../operands.ts';
import type { Access, Bytes, Ops } from '../ops.ts';
import { arrangement, bitsOf, bytesOf, gather, range, SIMD, setVector } from './simd-arrangement.ts';

const NAMES = ['t1', 't2', 't3', 't4'] as const;
const names = (count: number) => NAMES.slice(0, count);
/** Consecutive registers, the first after the last; only the first `count` names are there. */
const registers = (first: number, count: number, show: string) =>
  Object.fromEntries(names(count).map((t, i) =>
    [t, v((first + i) & 31, `v${(first + i) & 31}.${show}`)])) as Record<(typeof NAMES)[number], VReg>;
const list = (count: number) => `{ ${names(count).map(n => `{${n}}`).join(', ')} }`;

/** How the base moves: not at all, past what was transferred (an Rm of 31), or by a register. */
type Post = 'none' | 'immediate' | 'register';
const POSTS: readonly Post[] = ['none', 'immediate', 'register'];
const POST_BIT = { none: '0', immediate: '1', register: '1' } as const;
/** Typed as if each had the field; only the register form reads it. */
const RM = { none: '00000', immediate: '11111', register: 'Rm:5' } as unknown as Readonly<Record<Post, 'Rm:5'>>;
const TITLE = { none: '', immediate: ', post-index', register: ', post-index by register' } as const;

/** An Rm of 31 is another row's; a place where it is not lets samples meet every form. */
const isOther = (post: Post, f: { readonly Rm: number }) => post === 'register' && f.Rm === 31;
const RM_PLACES = { none: [{}], immediate: [{}], register: [{}, { Rm: 1 }] } as const;

type Address = { readonly n: Reg } & { readonly m?: Reg };
const addressOf = (post: Post, f: { readonly Rn: number; readonly Rm: number }): Address =>
  ({ n: base(f.Rn), ...(post === 'register' ? { m: x(f.Rm, 1) } : {}) });
const place = (post: Post, bytes: number) => ({ none: '[{n}]', immediate: `[{n}], #${bytes}`, register: '[{n}], {m}' })[post];

function movePast<V>(ops: Ops<V>, { n, m }: Address, post: Post, old: V, bytes: number): void {
  if (post === 'none') return;
  ops.setReg(n, ops.add(old, m ? ops.reg(m) : ops.imm(BigInt(bytes))));
}

/** Each element is an access of its own; they are done several at a time, checked for alignment as elements. */
const several = (bytes: 8 | 16, size: number): Access => ({ bytes, elementBytes: (1 << size) as 1 | 2 | 4 | 8 });

/** Memory in vectors of 16 bytes, a last one perhaps of 8. */
const chunksOf = (bytes: number) => range(Math.ceil(bytes / 16)).map(i =>
  ({ at: BigInt(16 * i), bytes: (bytes - 16 * i >= 16 ? 16 : 8) as 8 | 16 }));

function loadBytes<V>(ops: Ops<V>, size: number, address: V, bytes: number): V[] {
  return chunksOf(bytes).map(chunk => {
    const value = ops.load(several(chunk.bytes, size), ops.add(address, ops.imm(chunk.at)));
    return chunk.bytes === 16 ? value : ops.scalar(64, value);
  });
}
function storeBytes<V>(ops: Ops<V>, size: number, address: V, bytes: number, chunks: readonly V[]): void {
  chunksOf(bytes).forEach((chunk, i) => {
    const value = chunk.bytes === 16 ? chunks[i]! : ops.lane(64, chunks[i]!, 0);
    ops.store(several(chunk.bytes, size), ops.add(address, ops.imm(chunk.at)), value);
  });
}

interface Multiple { readonly count: number; readonly opcode: string; readonly interleaved: boolean }
const MULTIPLE: readonly Multiple[] = [
  { count: 1, opcode: '0111', interleaved: false }, { count: 2, opcode: '1010', interleaved: false },
  { count: 3, opcode: '0110', interleaved: false }, { count: 4, opcode: '0010', interleaved: false },
  { count: 2, opcode: '1000', interleaved: true }, { count: 3, opcode: '0100', interleaved: true },
  { count: 4, opcode: '0000', interleaved: true },
];

/** Elements stand in memory structure by structure: the first of every register, then the second of every register. */
function loadStructures<V>(ops: Ops<V>, Q: number, size: number, count: number, address: V): V[] {
  const each = Q ? 16 : 8, chunks = loadBytes(ops, size, address, each * count);
  return range(count).map(r => gather(ops, chunks, bytesOf(bitsOf(size), range(each >> size).map(e => e * count + r))));
}
function storeStructures<V>(ops: Ops<V>, Q: number, size: number, address: V, from: readonly V[]): void {
  const count = from.length, bytes = (Q ? 16 : 8) * count, perRegister = 16 >> size, perChunk = 16 >> size;
  const chunks = range(Math.ceil(bytes / 16)).map(i => {
    const elements = range(Math.min(perChunk, (bytes >> size) - i * perChunk)).map(e => i * perChunk + e);
    return gather(ops, from, bytesOf(bitsOf(size), elements.map(p => (p % count) * perRegister + Math.floor(p / count))));
  });
  storeBytes(ops, size, address, bytes, chunks);
}
/** LD1 and ST1: register by register, so that only alignment knows of elements. */
function loadWhole<V>(ops: Ops<V>, Q: number, size: number, count: number, address: V): V[] {
  const each = Q ? 16 : 8;
  return range(count).flatMap(r => loadBytes(ops, size, ops.add(address, ops.imm(BigInt(r * each))), each));
}
function storeWhole<V>(ops: Ops<V>, Q: number, size: number, address: V, from: readonly V[]): void {
  const each = Q ? 16 : 8;
  from.forEach((value, r) => storeBytes(ops, size, ops.add(address, ops.imm(BigInt(r * each))), each, [value]));
}

const multipleRow = ({ count, opcode, interleaved }: Multiple, post: Post): Row => instruction({
  ...SIMD,
  name: `${interleaved ? `LD${count}, ST${count}` : 'LD1, ST1'} (multiple structures, ${count} register${count > 1 ? 's' : ''}${TITLE[post]})`,
  doc: interleaved ? `Load or store ${count} registers whose elements stand in memory side by side.`
    : `Load or store ${count} whole register${count > 1 ? 's' : ''}.`,
  bits: `0 Q:1 001100 ${POST_BIT[post]} L:1 0 ${RM[post]} ${opcode} size:2 Rn:5 Rt:5`,
  form: ['Q', 'L', 'size'],
  sparse: RM_PLACES[post],
  operands: f => (isOther(post, f) || (interleaved && f.size === 3 && !f.Q) ? null
    : { ...registers(f.Rt, count, arrangement(f.Q, f.size)), ...addressOf(post, f) }),
  asm: f => `${f.L ? 'ld' : 'st'}${interleaved ? count : 1} ${list(count)}, ${place(post, count * (f.Q ? 16 : 8))}`,
  does(ops, { Q, L, size }, o) {
    const address = ops.base(o.n), all = names(count).map(t => o[t]);
    if (L) {
      const loaded = interleaved ? loadStructures(ops, Q, size, count, address) : loadWhole(ops, Q, size, count, address);
      loaded.forEach((value, r) => ops.setVreg(all[r]!, value));
    } else (interleaved ? storeStructures : storeWhole)(ops, Q, size, address, all.map(t => ops.vreg(t)));
    movePast(ops, o, post, address, count * (Q ? 16 : 8));
  },
});

interface SingleFields { readonly Q: number; readonly h: number; readonly S: number; readonly size: number }
/** Bytes and halfwords (`opcode` 0xx), or words and doublewords (10x); 11x is replication. */
type Kind = 'narrow' | 'wide';
const KINDS: readonly Kind[] = ['narrow', 'wide'];
/** Typed as if both had the field; only the narrow form reads it. */
const OPCODE = { narrow: '0 h:1', wide: '10' } as unknown as Readonly<Record<Kind, '0 h:1'>>;
const KIND_TITLE = { narrow: 'B and H', wide: 'S and D' } as const;

/** Where the allocated encodings lie. */
const PLACES = {
  narrow: [0, 1].flatMap(Q => [{ Q, h: 0 }, { Q, h: 1, size: 0 }, { Q, h: 1, size: 2 }]),
  wide: [0, 1].flatMap(Q => [{ Q, size: 0, S: 0 }, { Q, size: 0, S: 1 }, { Q, size: 1, S: 0 }]),
} as const;

/** Element size and index by DDI 0487's LD1 (single structure), or null where it is unallocated. */
function elementOf(kind: Kind, { Q, h, S, size }: SingleFields): { readonly size: number; readonly index: number } | null {
  if (kind === 'narrow') {
    if (!h) return { size: 0, index: (Q << 3) | (S << 2) | size };
    return size & 1 ? null : { size: 1, index: (Q << 2) | (S << 1) | (size >> 1) };
  }
  if (size === 0) return { size: 2, index: (Q << 1) | S };
  return size === 1 && !S ? { size: 3, index: Q } : null;
}
/** Which half of the register holds the element is a choice of code; where in it, an operand. */
const derivedOf = (kind: Kind, f: SingleFields) => {
  const { size, index } = elementOf(kind, f)!;
  return { element: size, half: (index << size) >> 3 };
};

function readElement<V>(ops: Ops<V>, size: number, t: VReg, half: number, shift: V): V {
  const whole = ops.lane(64, ops.vreg(t), half);
  return size === 3 ? whole : ops.lsr(whole, shift);
}
function writeElement<V>(ops: Ops<V>, size: number, t: VReg, half: number, shift: V, value: V): void {
  const old = ops.vreg(t), kept = ops.not(ops.shl(ops.imm((1n << BigInt(bitsOf(size))) - 1n), shift));
  const whole = size === 3 ? value : ops.or(ops.and(ops.lane(64, old, half), kept), ops.shl(value, shift));
  ops.setVreg(t, ops.withLane(64, old, half, whole));
}

const places = <V>(ops: Ops<V>, address: V, count: number, bytes: number): V[] =>
  range(count).map(r => (r ? ops.add(address, ops.imm(BigInt(r * bytes))) : address));
/** Bits 21 and 13 tell the number of registers. */
const R = (count: number) => ((count - 1) & 1 ? '1' : '0') as '1';
const UPPER = (count: number) => (count > 2 ? '1' : '0') as '1';

const singleRow = (count: number, post: Post, kind: Kind): Row => instruction({
  ...SIMD,
  name: `LD${count}, ST${count} (single structure, ${KIND_TITLE[kind]}${TITLE[post]})`,
  doc: `Load or store one element of ${count === 1 ? 'a register' : `each of ${count} registers, side by side in memory`}.`,
  bits: `0 Q:1 001101 ${POST_BIT[post]} L:1 ${R(count)} ${RM[post]} ${OPCODE[kind]} ${UPPER(count)} S:1 size:2 Rn:5 Rt:5`,
  form: ['L'],
  derived: f => derivedOf(kind, f),
  sparse: PLACES[kind].flatMap(place => RM_PLACES[post].map(rm => ({ ...place, ...rm }))),
  operands(f) {
    const element = elementOf(kind, f);
    return isOther(post, f) || !element ? null : {
      ...registers(f.Rt, count, 'bhsd'[element.size]!), ...addressOf(post, f), shift: imm8((element.index << (3 + element.size)) & 63),
    };
  },
  asm(f) {
    const { size, index } = elementOf(kind, f)!;
    return `${f.L ? 'ld' : 'st'}${count} ${list(count)}[${index}], ${place(post, count << size)}`;
  },
  does(ops, { L, element, half }, o) {
    const bytes = (1 << element) as Bytes, address = ops.base(o.n), all = names(count).map(t => o[t]);
    const at = places(ops, address, count, bytes);
    if (L) {
      const loaded = at.map(place => ops.load({ bytes }, place));
      loaded.forEach((value, r) => writeElement(ops, element, all[r]!, half, o.shift, value));
    } else at.forEach((place, r) => ops.store({ bytes }, place, readElement(ops, element, all[r]!, half, o.shift)));
    movePast(ops, o, post, address, count * bytes);
  },
});

const replicateRow = (count: number, post: Post): Row => instruction({
  ...SIMD,
  name: `LD${count}R${TITLE[post] && ` (${TITLE[post].slice(2)})`}`,
  doc: `Load ${count === 1 ? 'one element and copy it to all of a register' : `${count} elements and copy each to all of its register`}.`,
  bits: `0 Q:1 001101 ${POST_BIT[post]} 1 ${R(count)} ${RM[post]} 11 ${UPPER(count)} 0 size:2 Rn:5 Rt:5`,
  form: ['Q', 'size'],
  sparse: RM_PLACES[post],
  operands: f => (isOther(post, f) ? null : { ...registers(f.Rt, count, arrangement(f.Q, f.size)), ...addressOf(post, f) }),
  asm: f => `ld${count}r ${list(count)}, ${place(post, count << f.size)}`,
  does(ops, { Q, size }, o) {
    const bytes = (1 << size) as Bytes, address = ops.base(o.n), all = names(count).map(t => o[t]);
    const loaded = places(ops, address, count, bytes).map(place => ops.load({ bytes }, place));
    loaded.forEach((value, r) => setVector(ops, all[r]!, Q, ops.splat(bitsOf(size), value)));
    movePast(ops, o, post, address, count * bytes);
  },
});

const COUNTS = [1, 2, 3, 4];
export const SIMD_STRUCTURES: readonly Row[] = POSTS.flatMap(post => [
  ...MULTIPLE.map(r => multipleRow(r, post)), ...COUNTS.flatMap(count => KINDS.map(kind => singleRow(count, post, kind))),
  ...COUNTS.map(count => replicateRow(count, post)),
]);
