/** Data processing with an immediate (DDI 0487 C4.1.86): PC-relative, add and subtract, logical, move wide, bitfield, extract. */
import { instruction } from '../instruction.ts';
import { imm, imm8, imm32, near, page, type Width, x, xsp } from '../operands.ts';
import type { Ops } from '../ops.ts';
import { logicalImmediate, moveWidePreferred } from './logical-immediate.ts';
import { hexImmediate, wName } from './spelling.ts';

const width = (sf: number): Width => (sf ? 64 : 32);
const signedText = (value: bigint, sf: number) => `#${BigInt.asIntN(width(sf), value)}`;

const pcRelative = instruction({
  name: 'ADR',
  doc: 'Form the address of a place near this instruction.',
  bits: '0 immlo:2 10000 immhi:19 Rd:5',
  form: [],
  operands: f => ({ d: x(f.Rd, 1), to: near((f.immhi << 2) | f.immlo, 21) }),
  asm: () => 'adr {d}, {to}',
  does(ops, _form, { d, to }) { ops.setReg(d, ops.labelAddress(to)); },
});

const pcRelativePage = instruction({
  name: 'ADRP',
  doc: 'Form the address of a 4 KiB page near this instruction.',
  bits: '1 immlo:2 10000 immhi:19 Rd:5',
  form: [],
  operands: f => ({ d: x(f.Rd, 1), to: page((f.immhi << 2) | f.immlo, 21) }),
  asm: () => 'adrp {d}, {to}',
  does(ops, _form, { d, to }) { ops.setReg(d, ops.labelAddress(to)); },
});

const addSubImmediate = instruction({
  name: 'ADD, ADDS, SUB, SUBS (immediate)',
  doc: 'Add or subtract a 12-bit immediate, optionally shifted left by 12, optionally setting flags.',
  bits: 'sf:1 op:1 S:1 100010 sh:1 imm12:12 Rn:5 Rd:5',
  form: ['sf', 'op', 'S'],
  operands: f => ({
    d: f.S ? x(f.Rd, f.sf) : xsp(f.Rd, f.sf),
    n: xsp(f.Rn, f.sf),
    imm: imm32(f.sh ? f.imm12 << 12 : f.imm12),
  }),
  asm(f) {
    if (!f.S && !f.op && !f.sh && f.imm12 === 0 && (f.Rd === 31 || f.Rn === 31)) return 'mov {d}, {n}';
    const amount = f.sh ? `#${f.imm12}, lsl #12` : `#${f.imm12}`;
    if (f.S && f.Rd === 31) return `${f.op ? 'cmp' : 'cmn'} {n}, ${amount}`;
    return `${f.op ? 'sub' : 'add'}${f.S ? 's' : ''} {d}, {n}, ${amount}`;
  },
  does(ops, { sf, op, S }, { d, n, imm }) {
    if (!S) { ops.setReg(d, op ? ops.sub(ops.reg(n), imm) : ops.add(ops.reg(n), imm)); return; }
    const { sum, flags } = ops.addWithCarry(width(sf), ops.reg(n), op ? ops.not(imm) : imm, ops.imm(op ? 1n : 0n));
    ops.setFlags(flags);
    ops.setReg(d, sum);
  },
});

/** The flags of a logical result: N and Z from it, C and V clear. */
export const logicalFlags = <V>(ops: Ops<V>, sf: number, result: V) => ({
  n: sf ? result : ops.shl(result, ops.imm(32n)),
  z: sf ? result : ops.zext(32, result),
  c: ops.imm(0n),
  v: ops.imm(0n),
});

const LOGICAL = ['and', 'orr', 'eor', 'ands'] as const;

const logicalImmediateRow = instruction({
  name: 'AND, ORR, EOR, ANDS (immediate)',
  doc: 'Combine a register with a bitmask immediate; ANDS sets N and Z and clears C and V.',
  bits: 'sf:1 opc:2 100100 N:1 immr:6 imms:6 Rn:5 Rd:5',
  form: ['sf', 'opc'],
  operands(f) {
    const mask = logicalImmediate(f.sf, f.N, f.immr, f.imms);
    return mask === null ? null : { d: f.opc === 3 ? x(f.Rd, f.sf) : xsp(f.Rd, f.sf), n: x(f.Rn, f.sf), imm: imm(mask) };
  },
  asm(f, { imm }) {
    if (f.opc === 3 && f.Rd === 31) return `tst {n}, ${hexImmediate(imm.value)}`;
    if (f.opc === 1 && f.Rn === 31 && !moveWidePreferred(f.sf, f.N, f.immr, f.imms)) return `mov {d}, ${signedText(imm.value, f.sf)}`;
    return `${LOGICAL[f.opc]!} {d}, {n}, ${hexImmediate(imm.value)}`;
  },
  does(ops, { sf, opc }, { d, n, imm }) {
    const a = ops.reg(n);
    const result = opc === 1 ? ops.or(a, imm) : opc === 2 ? ops.xor(a, imm) : ops.and(a, imm);
    if (opc === 3) ops.setFlags(logicalFlags(ops, sf, result));
    ops.setReg(d, result);
  },
});

const moveWide = instruction({
  name: 'MOVN, MOVZ',
  doc: 'Move a shifted 16-bit immediate, or its complement, into a register.',
  bits: 'sf:1 z:1 0 100101 hw:2 imm16:16 Rd:5',
  form: ['sf', 'z'],
  operands(f) {
    if (!f.sf && f.hw > 1) return null;
    const value = BigInt(f.imm16) << BigInt(16 * f.hw);
    return { d: x(f.Rd, f.sf), imm: imm(BigInt.asUintN(width(f.sf), f.z ? value : ~value)) };
  },
  asm(f, { imm }) {
    const plain = (f.imm16 === 0 && f.hw !== 0) || (!f.z && !f.sf && f.imm16 === 0xffff);
    if (!plain) return `mov {d}, ${signedText(imm.value, f.sf)}`;
    return `${f.z ? 'movz' : 'movn'} {d}, #${f.imm16}${f.hw ? `, lsl #${16 * f.hw}` : ''}`;
  },
  does(ops, _form, { d, imm }) { ops.setReg(d, imm); },
});

const moveKeep = instruction({
  name: 'MOVK',
  doc: 'Put a 16-bit immediate into a quarter of a register, keeping the rest.',
  bits: 'sf:1 11 100101 hw:2 imm16:16 Rd:5',
  form: ['sf'],
  operands: f => (!f.sf && f.hw > 1 ? null : { d: x(f.Rd, f.sf), imm: imm32(f.imm16), by: imm8(16 * f.hw) }),
  asm: f => `movk {d}, #${f.imm16}${f.hw ? `, lsl #${16 * f.hw}` : ''}`,
  does(ops, _form, { d, imm, by }) {
    const kept = ops.and(ops.reg(d), ops.not(ops.shl(ops.imm(0xffffn), by)));
    ops.setReg(d, ops.or(kept, ops.shl(imm, by)));
  },
});

type BitfieldFields = { readonly sf: number; readonly immr: number; readonly imms: number };

/** Every bitfield move is a shift up that drops what is above `imms`, then one down to where the field goes. */
function bitfieldShifts({ sf, immr, imms }: BitfieldFields) {
  const up = 63 - imms;
  return { up: imm8(up), down: imm8(imms >= immr ? up + immr : up - (width(sf) - immr)) };
}

const bitfieldAllowed = (f: BitfieldFields & { readonly N: number }) => f.N === f.sf && (f.sf === 1 || (f.immr < 32 && f.imms < 32));

function signedBitfieldText(f: BitfieldFields & { readonly Rn: number }): string {
  const w = width(f.sf);
  if (f.imms === w - 1) return `asr {d}, {n}, #${f.immr}`;
  if (f.immr === 0 && (f.imms === 7 || f.imms === 15 || f.imms === 31)) {
    return `sxt${f.imms === 7 ? 'b' : f.imms === 15 ? 'h' : 'w'} {d}, ${wName(f.Rn)}`;
  }
  if (f.imms < f.immr) return `sbfiz {d}, {n}, #${w - f.immr}, #${f.imms + 1}`;
  return `sbfx {d}, {n}, #${f.immr}, #${f.imms - f.immr + 1}`;
}

function unsignedBitfieldText(f: BitfieldFields): string {
  const w = width(f.sf);
  if (f.imms === w - 1) return `lsr {d}, {n}, #${f.immr}`;
  if (f.imms + 1 === f.immr) return `lsl {d}, {n}, #${w - f.immr}`;
  if (f.imms < f.immr) return `ubfiz {d}, {n}, #${w - f.immr}, #${f.imms + 1}`;
  if (!f.sf && f.immr === 0 && (f.imms === 7 || f.imms === 15)) return `uxt${f.imms === 7 ? 'b' : 'h'} {d}, {n}`;
  return `ubfx {d}, {n}, #${f.immr}, #${f.imms - f.immr + 1}`;
}

const bitfieldMove = instruction({
  name: 'SBFM, UBFM',
  doc: 'Copy a bitfield to the bottom of a register or up from it, with sign or zeroes above and zeroes below.',
  bits: 'sf:1 u:1 0 100110 N:1 immr:6 imms:6 Rn:5 Rd:5',
  form: ['sf', 'u'],
  operands: f => (bitfieldAllowed(f) ? { d: x(f.Rd, f.sf), n: x(f.Rn, f.sf), ...bitfieldShifts(f) } : null),
  asm: f => (f.u ? unsignedBitfieldText(f) : signedBitfieldText(f)),
  does(ops, { u }, { d, n, up, down }) {
    const raised = ops.shl(ops.reg(n), up);
    ops.setReg(d, u ? ops.lsr(raised, down) : ops.asr(raised, down));
  },
});

const bitfieldInsert = instruction({
  name: 'BFM',
  doc: 'Copy a bitfield into a register, keeping its other bits.',
  bits: 'sf:1 01 100110 N:1 immr:6 imms:6 Rn:5 Rd:5',
  form: ['sf'],
  operands: f => (bitfieldAllowed(f) ? { d: x(f.Rd, f.sf), n: x(f.Rn, f.sf), ...bitfieldShifts(f) } : null),
  asm(f) {
    const w = width(f.sf);
    if (f.imms >= f.immr) return `bfxil {d}, {n}, #${f.immr}, #${f.imms - f.immr + 1}`;
    const place = `#${w - f.immr}, #${f.imms + 1}`;
    return f.Rn === 31 ? `bfc {d}, ${place}` : `bfi {d}, {n}, ${place}`;
  },
  does(ops, _form, { d, n, up, down }) {
    const field = ops.lsr(ops.shl(ops.reg(n), up), down);
    const mask = ops.lsr(ops.shl(ops.imm(-1n), up), down);
    ops.setReg(d, ops.or(ops.and(ops.reg(d), ops.not(mask)), field));
  },
});

const extract = instruction({
  name: 'EXTR',
  doc: 'Take a register-sized piece out of two registers side by side.',
  bits: 'sf:1 00 100111 N:1 0 Rm:5 imms:6 Rn:5 Rd:5',
  form: ['sf'],
  operands: f => (f.N !== f.sf || (!f.sf && f.imms > 31) ? null : { d: x(f.Rd, f.sf), n: x(f.Rn, f.sf), m: x(f.Rm, f.sf), by: imm8(f.imms) }),
  asm: f => (f.Rn === f.Rm ? `ror {d}, {n}, #${f.imms}` : `extr {d}, {n}, {m}, #${f.imms}`),
  does(ops, { sf }, { d, n, m, by }) {
    if (!sf) { ops.setReg(d, ops.lsr(ops.or(ops.shl(ops.reg(n), ops.imm(32n)), ops.reg(m)), by)); return; }
    // The upper part moves left by 64 - by, in two steps so that `by` 0 shifts it out altogether.
    const upper = ops.shl(ops.shl(ops.reg(n), ops.imm(1n)), ops.xor(by, ops.imm(63n)));
    ops.setReg(d, ops.or(upper, ops.lsr(ops.reg(m), by)));
  },
});

export const DATA_IMMEDIATE = [
  pcRelative, pcRelativePage, addSubImmediate, logicalImmediateRow, moveWide, moveKeep, bitfieldMove, bitfieldInsert, extract,
] as const;
