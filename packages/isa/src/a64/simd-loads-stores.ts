/** Loads and stores of one or two SIMD&FP registers, all addressing modes (DDI 0487 C4.1.94). */
import { type Row, instruction } from '../instruction.ts';
import { base, imm8, imm16, imm32, label, type VReg, x } from '../operands.ts';
import type { Access, Bytes, Ops } from '../ops.ts';
import { bitsOf, FP, scalar } from './simd-arrangement.ts';
import { EXTENDS } from './spelling.ts';

/** The upper bit of `opc` with size 0 names Q; with another size the encoding is unallocated. */
type Accessed = { readonly size: number; readonly opc: number };
const allowed = ({ size, opc }: Accessed) => !(opc & 2) || size === 0;
const scaleOf = ({ size, opc }: Accessed) => (opc & 2 ? 4 : size);
const transferred = (f: Accessed & { readonly Rt: number }): VReg => scalar(f.Rt, scaleOf(f));
const verb = (f: Accessed) => (f.opc & 1 ? 'ld' : 'st');

const accessOf = (scale: number): Access => ({ bytes: (1 << scale) as Bytes });
/** What memory holds of a register: 16 bytes as a vector, fewer as a value. */
const toMemory = <V>(ops: Ops<V>, scale: number, t: VReg): V => (scale === 4 ? ops.vreg(t) : ops.lane(bitsOf(scale), ops.vreg(t), 0));
const fromMemory = <V>(ops: Ops<V>, scale: number, t: VReg, value: V): void =>
  ops.setVreg(t, scale === 4 ? value : ops.scalar(bitsOf(scale), value));

function transfer<V>(ops: Ops<V>, f: Accessed, t: VReg, address: V): void {
  const scale = scaleOf(f), access = accessOf(scale);
  if (f.opc & 1) fromMemory(ops, scale, t, ops.load(access, address));
  else ops.store(access, address, toMemory(ops, scale, t));
}

const signed9 = (field: number) => (field << 23) >> 23;
const place = (offset: number) => (offset ? `[{n}, #${offset}]` : '[{n}]');

const unsignedOffset = instruction({
  ...FP,
  name: 'LDR, STR (immediate, SIMD&FP, unsigned offset)',
  doc: 'Load or store a SIMD&FP register at a base plus a scaled 12-bit offset.',
  bits: 'size:2 111 1 01 opc:2 imm12:12 Rn:5 Rt:5',
  form: ['size', 'opc'],
  operands: f => (allowed(f) ? { t: transferred(f), n: base(f.Rn), offset: imm16(f.imm12 << scaleOf(f)) } : null),
  asm: f => `${verb(f)}r {t}, ${place(f.imm12 << scaleOf(f))}`,
  does(ops, form, { t, n, offset }) { transfer(ops, form, t, ops.add(ops.base(n), offset)); },
});

const unscaled = instruction({
  ...FP,
  name: 'LDUR, STUR (SIMD&FP)',
  doc: 'Load or store a SIMD&FP register at a base plus a signed byte offset.',
  bits: 'size:2 111 1 00 opc:2 0 imm9:9 00 Rn:5 Rt:5',
  form: ['size', 'opc'],
  operands: f => (allowed(f) ? { t: transferred(f), n: base(f.Rn), offset: imm32(signed9(f.imm9)) } : null),
  asm: f => `${verb(f)}ur {t}, ${place(signed9(f.imm9))}`,
  does(ops, form, { t, n, offset }) { transfer(ops, form, t, ops.add(ops.base(n), offset)); },
});

const writeBack = instruction({
  ...FP,
  name: 'LDR, STR (immediate, SIMD&FP, pre- and post-index)',
  doc: 'Load or store a SIMD&FP register and move the base, before or after the access.',
  bits: 'size:2 111 1 00 opc:2 0 imm9:9 pre:1 1 Rn:5 Rt:5',
  form: ['size', 'opc', 'pre'],
  operands: f => (allowed(f) ? { t: transferred(f), n: base(f.Rn), offset: imm32(signed9(f.imm9)) } : null),
  asm: f => `${verb(f)}r {t}, ${f.pre ? '[{n}, {offset}]!' : '[{n}], {offset}'}`,
  does(ops, form, { t, n, offset }) {
    const old = ops.base(n), moved = ops.add(old, offset);
    transfer(ops, form, t, form.pre ? moved : old);
    ops.setReg(n, moved);
  },
});

const registerOffset = instruction({
  ...FP,
  name: 'LDR, STR (register, SIMD&FP)',
  doc: 'Load or store a SIMD&FP register at a base plus an extended, optionally scaled register.',
  bits: 'size:2 111 1 00 opc:2 1 Rm:5 option:3 S:1 10 Rn:5 Rt:5',
  form: ['size', 'opc', 'option'],
  operands: f => (!allowed(f) || !(f.option & 2) ? null
    : { t: transferred(f), n: base(f.Rn), m: x(f.Rm, f.option & 1), by: imm8(f.S ? scaleOf(f) : 0) }),
  asm(f) {
    const extend = f.option === 3 ? (f.S ? 'lsl' : '') : EXTENDS[f.option]!;
    return `${verb(f)}r {t}, [{n}, {m}${extend ? `, ${extend}` : ''}${f.S ? ` #${scaleOf(f)}` : ''}]`;
  },
  does(ops, form, { t, n, m, by }) {
    // A W register reads with zeroes above, so only SXTW (6) has more to do.
    const offset = form.option === 6 ? ops.sext(32, ops.reg(m)) : ops.reg(m);
    transfer(ops, form, t, ops.add(ops.base(n), ops.shl(offset, by)));
  },
});

const literal = instruction({
  ...FP,
  name: 'LDR (literal, SIMD&FP)',
  doc: 'Load a SIMD&FP register from a place near this instruction.',
  bits: 'opc:2 011 1 00 imm19:19 Rt:5',
  form: ['opc'],
  operands: f => (f.opc === 3 ? null : { t: scalar(f.Rt, 2 + f.opc), from: label(f.imm19, 19) }),
  asm: () => 'ldr {t}, {from}',
  does(ops, { opc }, { t, from }) { fromMemory(ops, 2 + opc, t, ops.load(accessOf(2 + opc), ops.labelAddress(from))); },
});

type PairFields = { readonly opc: number; readonly L: number; readonly imm7: number; readonly Rt: number; readonly Rt2: number;
  readonly Rn: number };
const pairOffset = (f: PairFields) => ((f.imm7 << 25) >> 25) * (4 << f.opc);
const pairOperands = (f: PairFields) => (f.opc === 3 ? null
  : { t: scalar(f.Rt, 2 + f.opc), t2: scalar(f.Rt2, 2 + f.opc), n: base(f.Rn), offset: imm32(pairOffset(f)) });

function transferPair<V>(ops: Ops<V>, { opc, L }: { readonly opc: number; readonly L: number }, t: VReg, t2: VReg, address: V): void {
  const scale = 2 + opc, access = accessOf(scale);
  if (!L) return ops.storePair(access, address, toMemory(ops, scale, t), toMemory(ops, scale, t2));
  const [first, second] = ops.loadPair(access, address);
  // Rt the same as Rt2 is CONSTRAINED UNPREDICTABLE; as in QEMU the second value stays.
  fromMemory(ops, scale, t, first);
  fromMemory(ops, scale, t2, second);
}

const pair = instruction({
  ...FP,
  name: 'LDP, STP (SIMD&FP, signed offset)',
  doc: 'Load or store two SIMD&FP registers side by side.',
  bits: 'opc:2 101 1 010 L:1 imm7:7 Rt2:5 Rn:5 Rt:5',
  form: ['opc', 'L'],
  operands: pairOperands,
  asm: f => `${f.L ? 'ld' : 'st'}p {t}, {t2}, ${place(pairOffset(f))}`,
  does(ops, form, { t, t2, n, offset }) { transferPair(ops, form, t, t2, ops.add(ops.base(n), offset)); },
});

const pairNoAllocate = instruction({
  ...FP,
  name: 'LDNP, STNP (SIMD&FP)',
  doc: 'Load or store two SIMD&FP registers side by side, hinting that caches need not keep them.',
  bits: 'opc:2 101 1 000 L:1 imm7:7 Rt2:5 Rn:5 Rt:5',
  form: ['opc', 'L'],
  operands: pairOperands,
  asm: f => `${f.L ? 'ld' : 'st'}np {t}, {t2}, ${place(pairOffset(f))}`,
  does(ops, form, { t, t2, n, offset }) { transferPair(ops, form, t, t2, ops.add(ops.base(n), offset)); },
});

const pairWriteBack = instruction({
  ...FP,
  name: 'LDP, STP (SIMD&FP, pre- and post-index)',
  doc: 'Load or store two SIMD&FP registers side by side and move the base, before or after the access.',
  bits: 'opc:2 101 1 0 pre:1 1 L:1 imm7:7 Rt2:5 Rn:5 Rt:5',
  form: ['opc', 'L', 'pre'],
  operands: pairOperands,
  asm: f => `${f.L ? 'ld' : 'st'}p {t}, {t2}, ${f.pre ? '[{n}, {offset}]!' : '[{n}], {offset}'}`,
  does(ops, form, { t, t2, n, offset }) {
    const old = ops.base(n), moved = ops.add(old, offset);
    transferPair(ops, form, t, t2, form.pre ? moved : old);
    ops.setReg(n, moved);
  },
});

export const SIMD_LOADS_STORES: readonly Row[] = [
  unsignedOffset, unscaled, writeBack, registerOffset, literal, pair, pairNoAllocate, pairWriteBack,
];
