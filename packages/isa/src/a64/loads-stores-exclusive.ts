/**
 * Exclusives, ordered loads and stores, compare and swap of pairs (DDI 0487 C4.1.88). Every exclusive is given the
 * stronger order of its kind: that is allowed, and it halves the number of forms.
 */
import { instruction } from '../instruction.ts';
import { base, imm32, type Reg, x } from '../operands.ts';
import type { Access, Bytes } from '../ops.ts';
import { mnemonic, transfer, transferred } from './loads-stores.ts';

const SUFFIX = ['b', 'h', '', ''] as const;
const sized = (n: number, size: number): Reg => x(n, size === 3 ? 1 : 0);
const access = (size: number, ordered: Access['ordered']): Access =>
  ({ bytes: (1 << size) as Bytes, aligned: true, ...(ordered ? { ordered } : {}) });

const storeExclusive = instruction({
  name: 'STXR, STLXR, STXRB, STLXRB, STXRH, STLXRH',
  doc: 'Store if the exclusive monitor still holds, and say whether it did.',
  bits: 'size:2 001000 0 0 0 Rs:5 o0:1 sbo:5 Rn:5 Rt:5',
  form: ['size'],
  operands: f => ({ s: x(f.Rs, 0), t: sized(f.Rt, f.size), n: base(f.Rn) }),
  asm: f => `st${f.o0 ? 'l' : ''}xr${SUFFIX[f.size]!} {s}, {t}, [{n}]`,
  does(ops, { size }, { s, t, n }) {
    // Rs the same as Rt or Rn is CONSTRAINED UNPREDICTABLE; as in QEMU the store uses the old values, then Rs is written.
    ops.setReg(s, ops.storeExclusive(access(size, 'release'), ops.base(n), ops.reg(t)));
  },
});

const loadExclusive = instruction({
  name: 'LDXR, LDAXR, LDXRB, LDAXRB, LDXRH, LDAXRH',
  doc: 'Load and set the exclusive monitor.',
  bits: 'size:2 001000 0 1 0 sboS:5 o0:1 sbo:5 Rn:5 Rt:5',
  form: ['size'],
  operands: f => ({ t: sized(f.Rt, f.size), n: base(f.Rn) }),
  asm: f => `ld${f.o0 ? 'a' : ''}xr${SUFFIX[f.size]!} {t}, [{n}]`,
  does(ops, { size }, { t, n }) { ops.setReg(t, ops.loadExclusive(access(size, 'acquire'), ops.base(n))); },
});

const storeExclusivePair = instruction({
  name: 'STXP, STLXP',
  doc: 'Store two registers if the exclusive monitor still holds, and say whether it did.',
  bits: '1 sz:1 001000 0 0 1 Rs:5 o0:1 Rt2:5 Rn:5 Rt:5',
  form: ['sz'],
  operands: f => ({ s: x(f.Rs, 0), t: x(f.Rt, f.sz), t2: x(f.Rt2, f.sz), n: base(f.Rn) }),
  asm: f => `st${f.o0 ? 'l' : ''}xp {s}, {t}, {t2}, [{n}]`,
  does(ops, { sz }, { s, t, t2, n }) {
    ops.setReg(s, ops.storeExclusivePair(access(2 + sz, 'release'), ops.base(n), ops.reg(t), ops.reg(t2)));
  },
});

const loadExclusivePair = instruction({
  name: 'LDXP, LDAXP',
  doc: 'Load two registers and set the exclusive monitor.',
  bits: '1 sz:1 001000 0 1 1 sboS:5 o0:1 Rt2:5 Rn:5 Rt:5',
  form: ['sz'],
  operands: f => ({ t: x(f.Rt, f.sz), t2: x(f.Rt2, f.sz), n: base(f.Rn) }),
  asm: f => `ld${f.o0 ? 'a' : ''}xp {t}, {t2}, [{n}]`,
  does(ops, { sz }, { t, t2, n }) {
    const [first, second] = ops.loadExclusivePair(access(2 + sz, 'acquire'), ops.base(n));
    // Rt the same as Rt2 is CONSTRAINED UNPREDICTABLE; as in QEMU the second register's value stays.
    ops.setReg(t, first);
    ops.setReg(t2, second);
  },
});

const storeRelease = instruction({
  name: 'STLR, STLRB, STLRH',
  doc: 'Store after every access before it.',
  bits: 'size:2 001000 1 0 0 sboS:5 1 sbo:5 Rn:5 Rt:5',
  form: ['size'],
  operands: f => ({ t: sized(f.Rt, f.size), n: base(f.Rn) }),
  asm: f => `stlr${SUFFIX[f.size]!} {t}, [{n}]`,
  does(ops, { size }, { t, n }) { ops.store(access(size, 'release'), ops.base(n), ops.reg(t)); },
});

const loadAcquire = instruction({
  name: 'LDAR, LDARB, LDARH',
  doc: 'Load before every access after it.',
  bits: 'size:2 001000 1 1 0 sboS:5 1 sbo:5 Rn:5 Rt:5',
  form: ['size'],
  operands: f => ({ t: sized(f.Rt, f.size), n: base(f.Rn) }),
  asm: f => `ldar${SUFFIX[f.size]!} {t}, [{n}]`,
  does(ops, { size }, { t, n }) { ops.setReg(t, ops.load(access(size, 'acquire'), ops.base(n))); },
});

const storeReleaseRegion = instruction({
  name: 'STLLR, STLLRB, STLLRH',
  doc: 'Store after every access before it to the same limited ordering region.',
  bits: 'size:2 001000 1 0 0 sboS:5 0 sbo:5 Rn:5 Rt:5',
  form: ['size'],
  needs: 'FEAT_LOR',
  operands: f => ({ t: sized(f.Rt, f.size), n: base(f.Rn) }),
  asm: f => `stllr${SUFFIX[f.size]!} {t}, [{n}]`,
  does(ops, { size }, { t, n }) { ops.store(access(size, 'release'), ops.base(n), ops.reg(t)); },
});

const loadAcquireRegion = instruction({
  name: 'LDLAR, LDLARB, LDLARH',
  doc: 'Load before every access after it to the same limited ordering region.',
  bits: 'size:2 001000 1 1 0 sboS:5 0 sbo:5 Rn:5 Rt:5',
  form: ['size'],
  needs: 'FEAT_LOR',
  operands: f => ({ t: sized(f.Rt, f.size), n: base(f.Rn) }),
  asm: f => `ldlar${SUFFIX[f.size]!} {t}, [{n}]`,
  does(ops, { size }, { t, n }) { ops.setReg(t, ops.load(access(size, 'acquire'), ops.base(n))); },
});

const signed9 = (field: number) => (field << 23) >> 23;

/** Size and opc as in LDUR; size 3, opc 2 would be a prefetch, which does not exist here. */
const orderedUnscaled = instruction({
  name: 'LDAPUR, STLUR, LDAPURB, LDAPURSB, STLURB, LDAPURH, LDAPURSH, STLURH, LDAPURSW',
  doc: 'Load-acquire RCpc or store-release at a base plus a signed byte offset.',
  bits: 'size:2 011001 opc:2 0 imm9:9 00 Rn:5 Rt:5',
  form: ['size', 'opc'],
  needs: 'FEAT_LRCPC2',
  operands(f) {
    if (f.opc === 2 ? f.size === 3 : f.opc === 3 && f.size > 1) return null;
    return { t: transferred(f), n: base(f.Rn), offset: imm32(signed9(f.imm9)) };
  },
  asm: f => `${mnemonic(f, f.opc ? 'apur' : 'lur')} {t}, ${f.imm9 ? '[{n}, {offset}]' : '[{n}]'}`,
  does(ops, form, { t, n, offset }) {
    transfer(ops, form, t, ops.add(ops.base(n), offset), { ordered: form.opc ? 'acquire' : 'release', aligned: true });
  },
});

export const LOADS_STORES_EXCLUSIVE = [
  storeExclusive, loadExclusive, storeExclusivePair, loadExclusivePair, storeRelease, loadAcquire, storeReleaseRegion, loadAcquireRegion,
  orderedUnscaled,
] as const;
