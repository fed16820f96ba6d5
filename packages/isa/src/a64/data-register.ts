/** Data processing with registers (DDI 0487 C4.1.89): one, two and three sources, logical, add and subtract. */
import { instruction } from '../instruction.ts';
import { imm8, type Width, x, xsp } from '../operands.ts';
import type { Ops } from '../ops.ts';
import { logicalFlags } from './data-immediate.ts';
import { EXTENDS, SHIFTS } from './spelling.ts';

const width = (sf: number): Width => (sf ? 64 : 32);

/** How a shifted operand is shifted: 0 not at all, else 1 plus the manual's shift type. */
const shifting = (f: { readonly shift: number; readonly imm6: number }) => ({ shifting: f.imm6 === 0 ? 0 : 1 + f.shift });

function shifted<V>(ops: Ops<V>, sf: number, kind: number, value: V, by: V): V {
  switch (kind) {
    case 1: return ops.shl(value, by);
    case 2: return ops.lsr(value, by);
    case 3: return ops.asr(sf ? value : ops.sext(32, value), by);
    case 4: return ops.ror(width(sf), value, by);
    default: return value;
  }
}

const shiftText = (f: { readonly shift: number; readonly imm6: number }) =>
  f.shift === 0 && f.imm6 === 0 ? '' : `, ${SHIFTS[f.shift]!} #${f.imm6}`;

const addSubShifted = instruction({
  name: 'ADD, ADDS, SUB, SUBS (shifted register)',
  doc: 'Add or subtract an optionally shifted register, optionally setting flags.',
  bits: 'sf:1 op:1 S:1 01011 shift:2 0 Rm:5 imm6:6 Rn:5 Rd:5',
  form: ['sf', 'op', 'S'],
  derived: shifting,
  operands(f) {
    if (f.shift === 3 || (!f.sf && f.imm6 > 31)) return null;
    return { d: x(f.Rd, f.sf), n: x(f.Rn, f.sf), m: x(f.Rm, f.sf), by: imm8(f.imm6) };
  },
  asm(f) {
    if (f.S && f.Rd === 31) return `${f.op ? 'cmp' : 'cmn'} {n}, {m}${shiftText(f)}`;
    if (f.op && f.Rn === 31) return `neg${f.S ? 's' : ''} {d}, {m}${shiftText(f)}`;
    return `${f.op ? 'sub' : 'add'}${f.S ? 's' : ''} {d}, {n}, {m}${shiftText(f)}`;
  },
  does(ops, { sf, op, S, shifting }, { d, n, m, by }) {
    const b = shifted(ops, sf, shifting, ops.reg(m), by);
    if (!S) { ops.setReg(d, op ? ops.sub(ops.reg(n), b) : ops.add(ops.reg(n), b)); return; }
    const { sum, flags } = ops.addWithCarry(width(sf), ops.reg(n), op ? ops.not(b) : b, ops.imm(op ? 1n : 0n));
    ops.setFlags(flags);
    ops.setReg(d, sum);
  },
});

export function extended<V>(ops: Ops<V>, option: number, value: V): V {
  const bits = 8 << (option & 3);
  if (bits === 64) return value;
  return option & 4 ? ops.sext(bits, value) : ops.zext(bits, value);
}

function extendText(f: { readonly sf: number; readonly option: number; readonly imm3: number; readonly Rn: number; readonly Rd: number; readonly S: number }): string {
  const natural = f.option === (f.sf ? 3 : 2) && (f.Rn === 31 || (f.Rd === 31 && !f.S));
  if (natural) return f.imm3 ? `, lsl #${f.imm3}` : '';
  return `, ${EXTENDS[f.option]!}${f.imm3 ? ` #${f.imm3}` : ''}`;
}

const addSubExtended = instruction({
  name: 'ADD, ADDS, SUB, SUBS (extended register)',
  doc: 'Add or subtract a register that is extended from a smaller size and shifted left by up to 4.',
  bits: 'sf:1 op:1 S:1 01011 00 1 Rm:5 option:3 imm3:3 Rn:5 Rd:5',
  form: ['sf', 'op', 'S', 'option'],
  operands(f) {
    if (f.imm3 > 4) return null;
    const m = x(f.Rm, f.sf && (f.option & 3) === 3 ? 1 : 0);
    return { d: f.S ? x(f.Rd, f.sf) : xsp(f.Rd, f.sf), n: xsp(f.Rn, f.sf), m, by: imm8(f.imm3) };
  },
  asm(f) {
    if (f.S && f.Rd === 31) return `${f.op ? 'cmp' : 'cmn'} {n}, {m}${extendText(f)}`;
    return `${f.op ? 'sub' : 'add'}${f.S ? 's' : ''} {d}, {n}, {m}${extendText(f)}`;
  },
  does(ops, { sf, op, S, option }, { d, n, m, by }) {
    const b = ops.shl(extended(ops, option, ops.reg(m)), by);
    if (!S) { ops.setReg(d, op ? ops.sub(ops.reg(n), b) : ops.add(ops.reg(n), b)); return; }
    const { sum, flags } = ops.addWithCarry(width(sf), ops.reg(n), op ? ops.not(b) : b, ops.imm(op ? 1n : 0n));
    ops.setFlags(flags);
    ops.setReg(d, sum);
  },
});

const addSubCarry = instruction({
  name: 'ADC, ADCS, SBC, SBCS',
  doc: 'Add or subtract with the carry flag.',
  bits: 'sf:1 op:1 S:1 11010000 Rm:5 000000 Rn:5 Rd:5',
  form: ['sf', 'op', 'S'],
  operands: f => ({ d: x(f.Rd, f.sf), n: x(f.Rn, f.sf), m: x(f.Rm, f.sf) }),
  asm(f) {
    if (f.op && f.Rn === 31) return `ngc${f.S ? 's' : ''} {d}, {m}`;
    return `${f.op ? 'sbc' : 'adc'}${f.S ? 's' : ''} {d}, {n}, {m}`;
  },
  does(ops, { sf, op, S }, { d, n, m }) {
    const b = op ? ops.not(ops.reg(m)) : ops.reg(m);
    const { sum, flags } = ops.addWithCarry(width(sf), ops.reg(n), b, ops.flags().c);
    if (S) ops.setFlags(flags);
    ops.setReg(d, sum);
  },
});

const LOGICAL = [['and', 'bic'], ['orr', 'orn'], ['eor', 'eon'], ['ands', 'bics']] as const;

const logicalShifted = instruction({
  name: 'AND, BIC, ORR, ORN, EOR, EON, ANDS, BICS (shifted register)',
  doc: 'Combine two registers, the second optionally shifted and inverted; ANDS and BICS set N and Z and clear C and V.',
  bits: 'sf:1 opc:2 01010 shift:2 N:1 Rm:5 imm6:6 Rn:5 Rd:5',
  form: ['sf', 'opc', 'N'],
  derived: shifting,
  operands: f => (!f.sf && f.imm6 > 31 ? null : { d: x(f.Rd, f.sf), n: x(f.Rn, f.sf), m: x(f.Rm, f.sf), by: imm8(f.imm6) }),
  asm(f) {
    if (f.opc === 1 && f.Rn === 31) {
      if (f.N) return `mvn {d}, {m}${shiftText(f)}`;
      if (f.imm6 === 0 && f.shift === 0) return 'mov {d}, {m}';
    }
    if (f.opc === 3 && !f.N && f.Rd === 31) return `tst {n}, {m}${shiftText(f)}`;
    return `${LOGICAL[f.opc]![f.N]!} {d}, {n}, {m}${shiftText(f)}`;
  },
  does(ops, { sf, opc, N, shifting }, { d, n, m, by }) {
    const a = ops.reg(n), second = shifted(ops, sf, shifting, ops.reg(m), by), b = N ? ops.not(second) : second;
    const result = opc === 1 ? ops.or(a, b) : opc === 2 ? ops.xor(a, b) : ops.and(a, b);
    if (opc === 3) ops.setFlags(logicalFlags(ops, sf, result));
    ops.setReg(d, result);
  },
});

const multiplyAdd = instruction({
  name: 'MADD, MSUB',
  doc: 'Multiply two registers and add the product to, or subtract it from, a third.',
  bits: 'sf:1 00 11011 000 Rm:5 o0:1 Ra:5 Rn:5 Rd:5',
  form: ['sf', 'o0'],
  operands: f => ({ d: x(f.Rd, f.sf), n: x(f.Rn, f.sf), m: x(f.Rm, f.sf), a: x(f.Ra, f.sf) }),
  asm(f) {
    if (f.Ra === 31) return `${f.o0 ? 'mneg' : 'mul'} {d}, {n}, {m}`;
    return `${f.o0 ? 'msub' : 'madd'} {d}, {n}, {m}, {a}`;
  },
  does(ops, { o0 }, { d, n, m, a }) {
    const product = ops.mul(ops.reg(n), ops.reg(m));
    ops.setReg(d, o0 ? ops.sub(ops.reg(a), product) : ops.add(ops.reg(a), product));
  },
});

const multiplyAddLong = instruction({
  name: 'SMADDL, SMSUBL, UMADDL, UMSUBL',
  doc: 'Multiply two 32-bit registers to 64 bits and add the product to, or subtract it from, a third.',
  bits: '1 00 11011 U:1 01 Rm:5 o0:1 Ra:5 Rn:5 Rd:5',
  form: ['U', 'o0'],
  operands: f => ({ d: x(f.Rd, 1), n: x(f.Rn, 0), m: x(f.Rm, 0), a: x(f.Ra, 1) }),
  asm(f) {
    const u = f.U ? 'u' : 's';
    if (f.Ra === 31) return `${u}${f.o0 ? 'mnegl' : 'mull'} {d}, {n}, {m}`;
    return `${u}${f.o0 ? 'msubl' : 'maddl'} {d}, {n}, {m}, {a}`;
  },
  does(ops, { U, o0 }, { d, n, m, a }) {
    const wide = (r: typeof n) => (U ? ops.reg(r) : ops.sext(32, ops.reg(r)));
    const product = ops.mul(wide(n), wide(m));
    ops.setReg(d, o0 ? ops.sub(ops.reg(a), product) : ops.add(ops.reg(a), product));
  },
});

const multiplyHigh = instruction({
  name: 'SMULH, UMULH',
  doc: 'The upper 64 bits of a 128-bit product.',
  bits: '1 00 11011 U:1 10 Rm:5 0 sbo:5 Rn:5 Rd:5',
  form: ['U'],
  operands: f => ({ d: x(f.Rd, 1), n: x(f.Rn, 1), m: x(f.Rm, 1) }),
  asm: f => `${f.U ? 'umulh' : 'smulh'} {d}, {n}, {m}`,
  does(ops, { U }, { d, n, m }) {
    ops.setReg(d, U ? ops.umulh(ops.reg(n), ops.reg(m)) : ops.smulh(ops.reg(n), ops.reg(m)));
  },
});

const divide = instruction({
  name: 'UDIV, SDIV',
  doc: 'Divide; by zero gives zero.',
  bits: 'sf:1 00 11010110 Rm:5 00001 s:1 Rn:5 Rd:5',
  form: ['sf', 's'],
  operands: f => ({ d: x(f.Rd, f.sf), n: x(f.Rn, f.sf), m: x(f.Rm, f.sf) }),
  asm: f => `${f.s ? 'sdiv' : 'udiv'} {d}, {n}, {m}`,
  does(ops, { sf, s }, { d, n, m }) {
    ops.setReg(d, s ? ops.sdiv(width(sf), ops.reg(n), ops.reg(m)) : ops.udiv(width(sf), ops.reg(n), ops.reg(m)));
  },
});

const shiftVariable = instruction({
  name: 'LSLV, LSRV, ASRV, RORV',
  doc: 'Shift or rotate a register by another, modulo the register size.',
  bits: 'sf:1 00 11010110 Rm:5 0010 op2:2 Rn:5 Rd:5',
  form: ['sf', 'op2'],
  operands: f => ({ d: x(f.Rd, f.sf), n: x(f.Rn, f.sf), m: x(f.Rm, f.sf) }),
  asm: f => `${SHIFTS[f.op2]!} {d}, {n}, {m}`,
  does(ops, { sf, op2 }, { d, n, m }) {
    const by = ops.and(ops.reg(m), ops.imm(sf ? 63n : 31n));
    ops.setReg(d, shifted(ops, sf, op2 + 1, ops.reg(n), by));
  },
});

const CRC_SUFFIX = ['b', 'h', 'w', 'x'] as const;

const crc32 = instruction({
  name: 'CRC32B, CRC32H, CRC32W, CRC32X, CRC32CB, CRC32CH, CRC32CW, CRC32CX',
  doc: 'Run a CRC-32 or CRC-32C accumulator over one to eight bytes.',
  bits: 'sf:1 00 11010110 Rm:5 010 C:1 sz:2 Rn:5 Rd:5',
  form: ['C', 'sz'],
  needs: 'FEAT_CRC32',
  operands: f => (f.sf === (f.sz === 3 ? 1 : 0) ? { d: x(f.Rd, 0), n: x(f.Rn, 0), m: x(f.Rm, f.sf) } : null),
  asm: f => `crc32${f.C ? 'c' : ''}${CRC_SUFFIX[f.sz]!} {d}, {n}, {m}`,
  does(ops, { C, sz }, { d, n, m }) {
    ops.setReg(d, ops.crc32((1 << sz) as 1 | 2 | 4 | 8, C === 1, ops.reg(n), ops.reg(m)));
  },
});

const reverse = instruction({
  name: 'RBIT, REV16, REV32, REV, CLZ, CLS',
  doc: 'Reverse bits or bytes, count leading zeroes or leading sign bits.',
  bits: 'sf:1 10 11010110 00000 000 opcode:3 Rn:5 Rd:5',
  form: ['sf', 'opcode'],
  operands: f => (f.opcode > 5 || (!f.sf && f.opcode === 3) ? null : { d: x(f.Rd, f.sf), n: x(f.Rn, f.sf) }),
  asm: f => `${['rbit', 'rev16', f.sf ? 'rev32' : 'rev', 'rev', 'clz', 'cls'][f.opcode]!} {d}, {n}`,
  does(ops, { sf, opcode }, { d, n }) {
    const value = ops.reg(n);
    switch (opcode) {
      case 0: ops.setReg(d, ops.rbit(width(sf), value)); return;
      case 1: ops.setReg(d, ops.byteReverse(2, value)); return;
      case 2: ops.setReg(d, ops.byteReverse(4, value)); return;
      case 3: ops.setReg(d, ops.byteReverse(8, value)); return;
      case 4: ops.setReg(d, ops.clz(width(sf), value)); return;
      default: {
        // Neighbours that differ mark the end of the run of sign bits; the top bit never does.
        const wide = sf ? value : ops.sext(32, value);
        const differ = ops.xor(wide, ops.asr(wide, ops.imm(1n)));
        ops.setReg(d, ops.sub(ops.clz(width(sf), sf ? differ : ops.zext(32, differ)), ops.imm(1n)));
      }
    }
  },
});

export const DATA_REGISTER = [
  addSubShifted, addSubExtended, addSubCarry, logicalShifted, multiplyAdd, multiplyAddLong, multiplyHigh, divide, shiftVariable, crc32, reverse,
] as const;
