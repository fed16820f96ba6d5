/** Conditional select and compare, and the flag instructions of FEAT_FlagM and FEAT_FlagM2 (DDI 0487 C4.1.89, C4.1.87). */
import { instruction } from '../instruction.ts';
import { imm8, type Width, x } from '../operands.ts';
import type { Flags, Ops } from '../ops.ts';
import { condition, inverted } from './spelling.ts';

const width = (sf: number): Width => (sf ? 64 : 32);

const SELECT = [['csel', 'csinc'], ['csinv', 'csneg']] as const;

const conditionalSelect = instruction({
  name: 'CSEL, CSINC, CSINV, CSNEG',
  doc: 'Choose one register, or the other plainly, incremented, inverted or negated.',
  bits: 'sf:1 op:1 0 11010100 Rm:5 cond:4 0 o2:1 Rn:5 Rd:5',
  form: ['sf', 'op', 'o2', 'cond'],
  operands: f => ({ d: x(f.Rd, f.sf), n: x(f.Rn, f.sf), m: x(f.Rm, f.sf) }),
  asm(f) {
    if (f.Rn === f.Rm && f.cond < 14 && (f.op || f.o2)) {
      const zero = f.Rn === 31 && !(f.op && f.o2);
      if (zero) return `${f.op ? 'csetm' : 'cset'} {d}, ${inverted(f.cond)}`;
      return `${f.op ? (f.o2 ? 'cneg' : 'cinv') : 'cinc'} {d}, {n}, ${inverted(f.cond)}`;
    }
    return `${SELECT[f.op]![f.o2]!} {d}, {n}, {m}, ${condition(f.cond)}`;
  },
  does(ops, { op, o2, cond }, { d, n, m }) {
    const second = ops.reg(m);
    const inverse = op ? ops.not(second) : second;
    const other = o2 ? ops.add(inverse, ops.imm(1n)) : inverse;
    ops.setReg(d, ops.select(ops.holds(cond), ops.reg(n), other));
  },
});

/** Flags out of an immediate NZCV, N in bit 3. */
function flagsOf<V>(ops: Ops<V>, nzcv: V): Flags<V> {
  return {
    n: ops.shl(nzcv, ops.imm(60n)),
    z: ops.and(ops.not(nzcv), ops.imm(4n)),
    c: ops.and(ops.lsr(nzcv, ops.imm(1n)), ops.imm(1n)),
    v: ops.shl(nzcv, ops.imm(63n)),
  };
}

function conditionalCompare<V>(ops: Ops<V>, form: { readonly sf: number; readonly op: number; readonly cond: number }, a: V, b: V, nzcv: V): void {
  const holds = ops.holds(form.cond);
  const compared = ops.addWithCarry(width(form.sf), a, form.op ? ops.not(b) : b, ops.imm(form.op ? 1n : 0n)).flags;
  const given = flagsOf(ops, nzcv);
  ops.setFlags({
    n: ops.select(holds, compared.n, given.n),
    z: ops.select(holds, compared.z, given.z),
    c: ops.select(holds, compared.c, given.c),
    v: ops.select(holds, compared.v, given.v),
  });
}

const compareRegister = instruction({
  name: 'CCMN, CCMP (register)',
  doc: 'Compare two registers if a condition holds, else set the flags to an immediate.',
  bits: 'sf:1 op:1 1 11010010 Rm:5 cond:4 00 Rn:5 0 nzcv:4',
  form: ['sf', 'op', 'cond'],
  operands: f => ({ n: x(f.Rn, f.sf), m: x(f.Rm, f.sf), nzcv: imm8(f.nzcv) }),
  asm: f => `${f.op ? 'ccmp' : 'ccmn'} {n}, {m}, {nzcv}, ${condition(f.cond)}`,
  does(ops, form, { n, m, nzcv }) { conditionalCompare(ops, form, ops.reg(n), ops.reg(m), nzcv); },
});

const compareImmediate = instruction({
  name: 'CCMN, CCMP (immediate)',
  doc: 'Compare a register with a 5-bit immediate if a condition holds, else set the flags to an immediate.',
  bits: 'sf:1 op:1 1 11010010 imm5:5 cond:4 10 Rn:5 0 nzcv:4',
  form: ['sf', 'op', 'cond'],
  operands: f => ({ n: x(f.Rn, f.sf), imm: imm8(f.imm5), nzcv: imm8(f.nzcv) }),
  asm: f => `${f.op ? 'ccmp' : 'ccmn'} {n}, {imm}, {nzcv}, ${condition(f.cond)}`,
  does(ops, form, { n, imm, nzcv }) { conditionalCompare(ops, form, ops.reg(n), imm, nzcv); },
});

const rotateIntoFlags = instruction({
  name: 'RMIF',
  doc: 'Rotate a register right and copy chosen ones of its low four bits into the flags.',
  bits: '1 01 11010000 imm6:6 00001 Rn:5 0 mask:4',
  form: ['mask'],
  needs: 'FEAT_FlagM',
  operands: f => ({ n: x(f.Rn, 1), by: imm8(f.imm6) }),
  asm: f => `rmif {n}, {by}, #${f.mask}`,
  does(ops, { mask }, { n, by }) {
    const old = ops.flags(), given = flagsOf(ops, ops.ror(64, ops.reg(n), by));
    ops.setFlags({
      n: mask & 8 ? given.n : old.n, z: mask & 4 ? given.z : old.z, c: mask & 2 ? given.c : old.c, v: mask & 1 ? given.v : old.v,
    });
  },
});

const setFlagsFrom = instruction({
  name: 'SETF8, SETF16',
  doc: 'Set N, Z and V as for an 8- or 16-bit result.',
  bits: '0 01 11010000 000000 sz:1 0010 Rn:5 0 1101',
  form: ['sz'],
  needs: 'FEAT_FlagM',
  operands: f => ({ n: x(f.Rn, 0) }),
  asm: f => `${f.sz ? 'setf16' : 'setf8'} {n}`,
  does(ops, { sz }, { n }) {
    const bits = sz ? 16 : 8, up = ops.imm(BigInt(64 - bits)), value = ops.reg(n);
    // V is where the result's sign bit and the bit above it differ.
    const differ = ops.xor(value, ops.lsr(value, ops.imm(1n)));
    ops.setFlags({ n: ops.shl(value, up), z: ops.zext(bits, value), c: ops.flags().c, v: ops.shl(differ, up) });
  },
});

const invertCarry = instruction({
  name: 'CFINV',
  doc: 'Invert the carry flag.',
  bits: '1101010100 0 00 000 0100 0000 000 11111',
  form: [],
  needs: 'FEAT_FlagM',
  operands: () => ({}),
  asm: () => 'cfinv',
  does(ops) {
    const old = ops.flags();
    ops.setFlags({ ...old, c: ops.xor(old.c, ops.imm(1n)) });
  },
});

const externalFlags = instruction({
  name: 'XAFLAG',
  doc: 'Turn flags of the alternative floating-point comparison format into the Arm format.',
  bits: '1101010100 0 00 000 0100 0000 001 11111',
  form: [],
  needs: 'FEAT_FlagM2',
  operands: () => ({}),
  asm: () => 'xaflag',
  does(ops) {
    const old = ops.flags();
    const z = ops.eq(old.z, ops.imm(0n)), noCarry = ops.xor(old.c, ops.imm(1n)), top = ops.imm(63n);
    ops.setFlags({
      n: ops.shl(ops.and(noCarry, ops.xor(z, ops.imm(1n))), top),
      z: ops.xor(ops.and(z, old.c), ops.imm(1n)),
      c: ops.or(old.c, z),
      v: ops.shl(ops.and(noCarry, z), top),
    });
  },
});

const armFlags = instruction({
  name: 'AXFLAG',
  doc: 'Turn flags of an Arm floating-point comparison into the alternative format.',
  bits: '1101010100 0 00 000 0100 0000 010 11111',
  form: [],
  needs: 'FEAT_FlagM2',
  operands: () => ({}),
  asm: () => 'axflag',
  does(ops) {
    const old = ops.flags();
    const z = ops.eq(old.z, ops.imm(0n)), v = ops.lsr(old.v, ops.imm(63n)), zero = ops.imm(0n);
    ops.setFlags({
      n: zero,
      z: ops.xor(ops.or(z, v), ops.imm(1n)),
      c: ops.and(old.c, ops.xor(v, ops.imm(1n))),
      v: zero,
    });
  },
});

export const CONDITIONAL = [
  conditionalSelect, compareRegister, compareImmediate, rotateIntoFlags, setFlagsFrom, invertCarry, externalFlags, armFlags,
] as const;
