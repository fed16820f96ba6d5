/** Loads and stores of register pairs (DDI 0487 C4.1.88). */
import { instruction } from '../instruction.ts';
import { base, imm32, type Reg, x } from '../operands.ts';
import type { Ops } from '../ops.ts';

type PairFields = { readonly opc: number; readonly L: number; readonly imm7: number; readonly Rt: number; readonly Rt2: number; readonly Rn: number };

/** opc 0 is W, 2 is X, 1 with L is LDPSW. */
const allowed = ({ opc, L }: { readonly opc: number; readonly L: number }) => opc !== 3 && (opc !== 1 || L === 1);
const offsetOf = (f: PairFields) => ((f.imm7 << 25) >> 25) * (f.opc & 2 ? 8 : 4);
const operands = (f: PairFields) => ({
  t: x(f.Rt, f.opc ? 1 : 0), t2: x(f.Rt2, f.opc ? 1 : 0), n: base(f.Rn), offset: imm32(offsetOf(f)),
});
const mnemonic = (f: PairFields, kind: string) => `${f.L ? 'ld' : 'st'}${kind}${f.opc === 1 ? 'sw' : ''}`;
const place = (f: PairFields) => (f.imm7 ? '[{n}, {offset}]' : '[{n}]');

function transferPair<V>(ops: Ops<V>, { opc, L }: { readonly opc: number; readonly L: number }, t: Reg, t2: Reg, address: V): void {
  const access = { bytes: opc & 2 ? 8 : 4 } as const;
  if (!L) { ops.storePair(access, address, ops.reg(t), ops.reg(t2)); return; }
  const [first, second] = ops.loadPair(access, address);
  const wide = (value: V) => (opc === 1 ? ops.sext(32, value) : value);
  // Rt the same as Rt2 is CONSTRAINED UNPREDICTABLE; as in QEMU the first register's value stays.
  ops.setReg(t2, wide(second));
  ops.setReg(t, wide(first));
}

const pairOffset = instruction({
  name: 'LDP, STP, LDPSW (signed offset)',
  doc: 'Load or store two registers side by side.',
  bits: 'opc:2 101 0 010 L:1 imm7:7 Rt2:5 Rn:5 Rt:5',
  form: ['opc', 'L'],
  operands: f => (allowed(f) ? operands(f) : null),
  asm: f => `${mnemonic(f, 'p')} {t}, {t2}, ${place(f)}`,
  does(ops, form, { t, t2, n, offset }) { transferPair(ops, form, t, t2, ops.add(ops.base(n), offset)); },
});

const pairNoAllocate = instruction({
  name: 'LDNP, STNP',
  doc: 'Load or store two registers side by side, hinting that caches need not keep them.',
  bits: 'opc:2 101 0 000 L:1 imm7:7 Rt2:5 Rn:5 Rt:5',
  form: ['opc', 'L'],
  operands: f => (f.opc & 1 ? null : operands(f)),
  asm: f => `${mnemonic(f, 'np')} {t}, {t2}, ${place(f)}`,
  does(ops, form, { t, t2, n, offset }) { transferPair(ops, form, t, t2, ops.add(ops.base(n), offset)); },
});

const pairWriteBack = instruction({
  name: 'LDP, STP, LDPSW (pre- and post-index)',
  doc: 'Load or store two registers side by side and move the base, before or after the access.',
  bits: 'opc:2 101 0 0 pre:1 1 L:1 imm7:7 Rt2:5 Rn:5 Rt:5',
  form: ['opc', 'L', 'pre'],
  operands: f => (allowed(f) ? operands(f) : null),
  asm: f => `${mnemonic(f, 'p')} {t}, {t2}, ${f.pre ? '[{n}, {offset}]!' : '[{n}], {offset}'}`,
  does(ops, form, { t, t2, n, offset }) {
    const old = ops.base(n), moved = ops.add(old, offset);
    // A base that is also loaded is CONSTRAINED UNPREDICTABLE; as in QEMU the new base wins.
    transferPair(ops, form, t, t2, form.pre ? moved : old);
    ops.setReg(n, moved);
  },
});

export const LOADS_STORES_PAIR = [pairOffset, pairNoAllocate, pairWriteBack] as const;
