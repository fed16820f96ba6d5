/** Loads and stores of one general register, all addressing modes (DDI 0487 C4.1.88), and prefetch. */
import { instruction } from '../instruction.ts';
import { base, imm8, imm16, imm32, label, type Reg, x } from '../operands.ts';
import type { Access, Bytes, Ops } from '../ops.ts';
import { extended } from './data-register.ts';
import { EXTENDS } from './spelling.ts';

/** `opc`: 0 store, 1 load with zeroes above, 2 load signed into X, 3 load signed into W. */
type SizeAndOpc = { readonly size: number; readonly opc: number };

/** Whether size and opc name a load or store of a general register; size 3, opc 2 is prefetch, which has rows of its own. */
const allowed = ({ size, opc }: SizeAndOpc) => opc < 2 || (opc === 2 ? size < 3 : size < 2);

/** The register is X for 64-bit accesses and for loads signed to 64 bits. */
export const transferred = (f: SizeAndOpc & { readonly Rt: number }): Reg => x(f.Rt, f.size === 3 || f.opc === 2 ? 1 : 0);

const SUFFIX = ['b', 'h', '', ''] as const;

/** `ldrb`, `sturh`, `ldtrsw`: `kind` is what stands after `ld` or `st`. */
export const mnemonic = ({ size, opc }: SizeAndOpc, kind: string) =>
  `${opc ? 'ld' : 'st'}${kind}${opc > 1 ? (size === 2 ? 'sw' : `s${SUFFIX[size]!}`) : SUFFIX[size]!}`;

export function transfer<V>(ops: Ops<V>, { size, opc }: SizeAndOpc, t: Reg, address: V, more: Omit<Access, 'bytes'> = {}): void {
  const access: Access = { bytes: (1 << size) as Bytes, ...more };
  if (opc === 0) { ops.store(access, address, ops.reg(t)); return; }
  const value = ops.load(access, address);
  ops.setReg(t, opc === 1 ? value : ops.sext(8 << size, value));
}

const signed9 = (field: number) => (field << 23) >> 23;
/** `[x0]` or `[x0, #8]`: a zero displacement is not written. */
const place = (offset: number) => (offset ? `[{n}, #${offset}]` : '[{n}]');

const unsignedOffset = instruction({
  name: 'LDR, STR, LDRB, LDRSB, LDRH, LDRSH, LDRSW (unsigned offset)',
  doc: 'Load or store a register at a base plus a scaled 12-bit offset.',
  bits: 'size:2 111 0 01 opc:2 imm12:12 Rn:5 Rt:5',
  form: ['size', 'opc'],
  operands: f => (allowed(f) ? { t: transferred(f), n: base(f.Rn), offset: imm16(f.imm12 << f.size) } : null),
  asm: f => `${mnemonic(f, 'r')} {t}, ${place(f.imm12 << f.size)}`,
  does(ops, form, { t, n, offset }) { transfer(ops, form, t, ops.add(ops.base(n), offset)); },
});

const unscaled = instruction({
  name: 'LDUR, STUR, LDURB, LDURSB, LDURH, LDURSH, LDURSW',
  doc: 'Load or store a register at a base plus a signed byte offset.',
  bits: 'size:2 111 0 00 opc:2 0 imm9:9 00 Rn:5 Rt:5',
  form: ['size', 'opc'],
  operands: f => (allowed(f) ? { t: transferred(f), n: base(f.Rn), offset: imm32(signed9(f.imm9)) } : null),
  asm: f => `${mnemonic(f, 'ur')} {t}, ${place(signed9(f.imm9))}`,
  does(ops, form, { t, n, offset }) { transfer(ops, form, t, ops.add(ops.base(n), offset)); },
});

const unprivileged = instruction({
  name: 'LDTR, STTR, LDTRB, LDTRSB, LDTRH, LDTRSH, LDTRSW',
  doc: 'Load or store a register with the permissions of EL0.',
  bits: 'size:2 111 0 00 opc:2 0 imm9:9 10 Rn:5 Rt:5',
  form: ['size', 'opc'],
  operands: f => (allowed(f) ? { t: transferred(f), n: base(f.Rn), offset: imm32(signed9(f.imm9)) } : null),
  asm: f => `${mnemonic(f, 'tr')} {t}, ${place(signed9(f.imm9))}`,
  does(ops, form, { t, n, offset }) { transfer(ops, form, t, ops.add(ops.base(n), offset), { unprivileged: true }); },
});

const writeBack = instruction({
  name: 'LDR, STR, LDRB, LDRSB, LDRH, LDRSH, LDRSW (pre- and post-index)',
  doc: 'Load or store a register and move the base, before or after the access.',
  bits: 'size:2 111 0 00 opc:2 0 imm9:9 pre:1 1 Rn:5 Rt:5',
  form: ['size', 'opc', 'pre'],
  operands: f => (allowed(f) ? { t: transferred(f), n: base(f.Rn), offset: imm32(signed9(f.imm9)) } : null),
  asm: f => (f.pre ? `${mnemonic(f, 'r')} {t}, [{n}, {offset}]!` : `${mnemonic(f, 'r')} {t}, [{n}], {offset}`),
  does(ops, form, { t, n, offset }) {
    const old = ops.base(n), moved = ops.add(old, offset);
    // With Rt the same as Rn a store writes the old base; a load is CONSTRAINED UNPREDICTABLE and, as in QEMU, the new base wins.
    transfer(ops, form, t, form.pre ? moved : old);
    ops.setReg(n, moved);
  },
});

const registerOffset = instruction({
  name: 'LDR, STR, LDRB, LDRSB, LDRH, LDRSH, LDRSW (register)',
  doc: 'Load or store a register at a base plus an extended, optionally scaled register.',
  bits: 'size:2 111 0 00 opc:2 1 Rm:5 option:3 S:1 10 Rn:5 Rt:5',
  form: ['size', 'opc', 'option'],
  operands(f) {
    if (!allowed(f) || !(f.option & 2)) return null;
    return { t: transferred(f), n: base(f.Rn), m: x(f.Rm, f.option & 1), by: imm8(f.S ? f.size : 0) };
  },
  asm: f => `${mnemonic(f, 'r')} {t}, [{n}, {m}${indexText(f)}]`,
  does(ops, form, { t, n, m, by }) {
    transfer(ops, form, t, ops.add(ops.base(n), ops.shl(extended(ops, form.option, ops.reg(m)), by)));
  },
});

function indexText(f: { readonly size: number; readonly option: number; readonly S: number }): string {
  if (f.option === 3) return f.S ? `, lsl #${f.size}` : '';
  return `, ${EXTENDS[f.option]!}${f.S ? ` #${f.size}` : ''}`;
}

const literal = instruction({
  name: 'LDR, LDRSW (literal)',
  doc: 'Load a register from a place near this instruction.',
  bits: 'opc:2 011 0 00 imm19:19 Rt:5',
  form: ['opc'],
  operands: f => (f.opc === 3 ? null : { t: x(f.Rt, f.opc === 0 ? 0 : 1), from: label(f.imm19, 19) }),
  asm: f => `${f.opc === 2 ? 'ldrsw' : 'ldr'} {t}, {from}`,
  does(ops, { opc }, { t, from }) {
    const value = ops.load({ bytes: opc === 1 ? 8 : 4 }, ops.labelAddress(from));
    ops.setReg(t, opc === 2 ? ops.sext(32, value) : value);
  },
});

/** Names of prefetch operations; the others are written as a number. */
function prefetchName(prfop: number): string {
  const kind = ['pld', 'pli', 'pst'][prfop >> 3], level = (prfop >> 1) & 3;
  if (kind === undefined || level === 3) return `#${prfop}`;
  return `${kind}l${level + 1}${prfop & 1 ? 'strm' : 'keep'}`;
}

const prefetch = instruction({
  name: 'PRFM (immediate)',
  doc: 'Hint that memory will be used soon.',
  bits: '11 111 0 01 10 imm12:12 Rn:5 prfop:5',
  form: [],
  operands: f => ({ n: base(f.Rn), offset: imm16(f.imm12 << 3) }),
  asm: f => `prfm ${prefetchName(f.prfop)}, ${place(f.imm12 << 3)}`,
  does() {},
});

const prefetchUnscaled = instruction({
  name: 'PRFUM',
  doc: 'Hint that memory at a signed byte offset will be used soon.',
  bits: '11 111 0 00 10 0 imm9:9 00 Rn:5 prfop:5',
  form: [],
  operands: f => ({ n: base(f.Rn), offset: imm32(signed9(f.imm9)) }),
  asm: f => `prfum ${prefetchName(f.prfop)}, ${place(signed9(f.imm9))}`,
  does() {},
});

const prefetchRegister = instruction({
  name: 'PRFM (register)',
  doc: 'Hint that memory at a base plus a register will be used soon.',
  bits: '11 111 0 00 10 1 Rm:5 option:3 S:1 10 Rn:5 prfop:5',
  form: ['option', 'S'],
  operands: f => (f.option & 2 ? { n: base(f.Rn), m: x(f.Rm, f.option & 1) } : null),
  asm: f => `prfm ${prefetchName(f.prfop)}, [{n}, {m}${indexText({ ...f, size: 3 })}]`,
  does() {},
});

const prefetchLiteral = instruction({
  name: 'PRFM (literal)',
  doc: 'Hint that memory near this instruction will be used soon.',
  bits: '11 011 0 00 imm19:19 prfop:5',
  form: [],
  operands: f => ({ from: label(f.imm19, 19) }),
  asm: f => `prfm ${prefetchName(f.prfop)}, {from}`,
  does() {},
});

export const LOADS_STORES = [
  unsignedOffset, unscaled, unprivileged, writeBack, registerOffset, literal, prefetch, prefetchUnscaled, prefetchRegister, prefetchLiteral,
] as const;
