/**
 * Atomic memory operations of FEAT_LSE, and LDAPR (DDI 0487 C4.1.88). All are acquire-release whatever the encoding
 * asks: a stronger order is always allowed, and it quarters the number of forms.
 */
import { instruction } from '../instruction.ts';
import { base, type Reg, x } from '../operands.ts';
import type { Access, AtomicOp, Bytes } from '../ops.ts';

const SUFFIX = ['b', 'h', '', ''] as const;
const OPERATIONS: readonly AtomicOp[] = ['add', 'clr', 'eor', 'set', 'smax', 'smin', 'umax', 'umin'];
const sized = (n: number, size: number): Reg => x(n, size === 3 ? 1 : 0);
const access = (size: number): Access => ({ bytes: (1 << size) as Bytes, aligned: true, ordered: 'acquire-release' });
const order = (acquire: number, release: number) => `${acquire ? 'a' : ''}${release ? 'l' : ''}`;

const loadOperation = instruction({
  name: 'LDADD, LDCLR, LDEOR, LDSET, LDSMAX, LDSMIN, LDUMAX, LDUMIN',
  doc: 'Change memory by a register in one atomic step and answer the old value.',
  bits: 'size:2 111 0 00 A:1 R:1 1 Rs:5 0 opc:3 00 Rn:5 Rt:5',
  form: ['size', 'opc'],
  needs: 'FEAT_LSE',
  operands: f => ({ s: sized(f.Rs, f.size), t: sized(f.Rt, f.size), n: base(f.Rn) }),
  asm(f) {
    const tail = `${OPERATIONS[f.opc]!}${order(f.A, f.R)}${SUFFIX[f.size]!}`;
    return f.Rt === 31 && !f.A ? `st${tail} {s}, [{n}]` : `ld${tail} {s}, {t}, [{n}]`;
  },
  does(ops, { size, opc }, { s, t, n }) {
    ops.setReg(t, ops.atomic(OPERATIONS[opc]!, access(size), ops.base(n), ops.reg(s)));
  },
});

const swap = instruction({
  name: 'SWP, SWPB, SWPH',
  doc: 'Exchange a register with memory in one atomic step.',
  bits: 'size:2 111 0 00 A:1 R:1 1 Rs:5 1 000 00 Rn:5 Rt:5',
  form: ['size'],
  needs: 'FEAT_LSE',
  operands: f => ({ s: sized(f.Rs, f.size), t: sized(f.Rt, f.size), n: base(f.Rn) }),
  asm: f => `swp${order(f.A, f.R)}${SUFFIX[f.size]!} {s}, {t}, [{n}]`,
  does(ops, { size }, { s, t, n }) { ops.setReg(t, ops.atomic('swp', access(size), ops.base(n), ops.reg(s))); },
});

const loadAcquireRcpc = instruction({
  name: 'LDAPR, LDAPRB, LDAPRH',
  doc: 'Load-acquire with the RCpc order.',
  bits: 'size:2 111 0 00 1 0 1 11111 1 100 00 Rn:5 Rt:5',
  form: ['size'],
  needs: 'FEAT_LRCPC',
  operands: f => ({ t: sized(f.Rt, f.size), n: base(f.Rn) }),
  asm: f => `ldapr${SUFFIX[f.size]!} {t}, [{n}]`,
  does(ops, { size }, { t, n }) {
    ops.setReg(t, ops.load({ bytes: (1 << size) as Bytes, aligned: true, ordered: 'acquire' }, ops.base(n)));
  },
});

const compareAndSwap = instruction({
  name: 'CAS, CASB, CASH',
  doc: 'Store a register if memory equals another, in one atomic step, and answer the old value.',
  bits: 'size:2 001000 1 L:1 1 Rs:5 o0:1 11111 Rn:5 Rt:5',
  form: ['size'],
  needs: 'FEAT_LSE',
  operands: f => ({ s: sized(f.Rs, f.size), t: sized(f.Rt, f.size), n: base(f.Rn) }),
  asm: f => `cas${order(f.L, f.o0)}${SUFFIX[f.size]!} {s}, {t}, [{n}]`,
  does(ops, { size }, { s, t, n }) {
    ops.setReg(s, ops.compareAndSwap(access(size), ops.base(n), ops.reg(s), ops.reg(t)));
  },
});

const compareAndSwapPair = instruction({
  name: 'CASP',
  doc: 'Store a pair of registers if memory equals another pair, in one atomic step, and answer the old pair.',
  bits: '0 sz:1 001000 0 L:1 1 Rs:5 o0:1 11111 Rn:5 Rt:5',
  form: ['sz'],
  needs: 'FEAT_LSE',
  operands(f) {
    if (f.Rs & 1 || f.Rt & 1) return null;
    return { s: x(f.Rs, f.sz), s2: x(f.Rs + 1, f.sz), t: x(f.Rt, f.sz), t2: x(f.Rt + 1, f.sz), n: base(f.Rn) };
  },
  asm: f => `casp${order(f.L, f.o0)} {s}, {s2}, {t}, {t2}, [{n}]`,
  does(ops, { sz }, { s, s2, t, t2, n }) {
    const [first, second] = ops.compareAndSwapPair(
      access(2 + sz), ops.base(n), [ops.reg(s), ops.reg(s2)], [ops.reg(t), ops.reg(t2)],
    );
    ops.setReg(s, first);
    ops.setReg(s2, second);
  },
});

export const ATOMICS = [loadOperation, swap, loadAcquireRcpc, compareAndSwap, compareAndSwapPair] as const;
