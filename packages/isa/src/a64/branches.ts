/** Branches and exception generation (DDI 0487 C4.1.87). */
import { instruction } from '../instruction.ts';
import { imm8, imm16, label, x } from '../operands.ts';
import { condition, hexImmediate } from './spelling.ts';

const branch = instruction({
  name: 'B, BL',
  doc: 'Branch to a label; BL leaves the return address in X30.',
  bits: 'op:1 00101 imm26:26',
  form: ['op'],
  operands: f => ({ to: label(f.imm26, 26) }),
  asm: f => `${f.op ? 'bl' : 'b'} {to}`,
  does(ops, { op }, { to }) {
    if (op) ops.setReg(x(30, 1), ops.nextAddress());
    ops.branch(to);
  },
});

const branchConditional = instruction({
  name: 'B.cond',
  doc: 'Branch to a label if a condition holds.',
  bits: '0101010 0 imm19:19 0 cond:4',
  form: ['cond'],
  operands: f => ({ to: label(f.imm19, 19) }),
  asm: f => `b.${condition(f.cond)} {to}`,
  does(ops, { cond }, { to }) { ops.branchIf(ops.holds(cond), to); },
});

const compareBranch = instruction({
  name: 'CBZ, CBNZ',
  doc: 'Branch to a label if a register is zero, or is not.',
  bits: 'sf:1 011010 op:1 imm19:19 Rt:5',
  form: ['sf', 'op'],
  operands: f => ({ t: x(f.Rt, f.sf), to: label(f.imm19, 19) }),
  asm: f => `${f.op ? 'cbnz' : 'cbz'} {t}, {to}`,
  does(ops, { op }, { t, to }) {
    const zero = ops.imm(0n);
    ops.branchIf(op ? ops.ne(ops.reg(t), zero) : ops.eq(ops.reg(t), zero), to);
  },
});

const testBranch = instruction({
  name: 'TBZ, TBNZ',
  doc: 'Branch to a label if one bit of a register is zero, or is not.',
  bits: 'b5:1 011011 op:1 b40:5 imm14:14 Rt:5',
  form: ['b5', 'op'],
  operands: f => ({ t: x(f.Rt, f.b5), bit: imm8((f.b5 << 5) | f.b40), to: label(f.imm14, 14) }),
  asm: f => `${f.op ? 'tbnz' : 'tbz'} {t}, {bit}, {to}`,
  does(ops, { op }, { t, bit, to }) {
    const tested = ops.and(ops.lsr(ops.reg(t), bit), ops.imm(1n));
    ops.branchIf(op ? tested : ops.xor(tested, ops.imm(1n)), to);
  },
});

const BRANCH_REGISTER = ['br', 'blr', 'ret'] as const;

const branchRegister = instruction({
  name: 'BR, BLR, RET',
  doc: 'Branch to the address in a register; BLR leaves the return address in X30.',
  bits: '1101011 0 0 opc:2 11111 000000 Rn:5 00000',
  form: ['opc'],
  operands: f => (f.opc === 3 ? null : { n: x(f.Rn, 1) }),
  asm: f => (f.opc === 2 && f.Rn === 30 ? 'ret' : `${BRANCH_REGISTER[f.opc]!} {n}`),
  does(ops, { opc }, { n }) {
    const to = ops.reg(n);
    if (opc === 1) ops.setReg(x(30, 1), ops.nextAddress());
    ops.jump(to, opc === 0 ? 'jump' : opc === 1 ? 'call' : 'return');
  },
});

const CALLS = [, 'SVC', 'HVC', 'SMC'] as const;

const exceptionCall = instruction({
  name: 'SVC, HVC, SMC',
  doc: 'Call the kernel, the hypervisor or the secure monitor.',
  bits: '11010100 000 imm16:16 000 LL:2',
  form: ['LL'],
  operands: f => (f.LL === 0 ? null : { imm: imm16(f.imm16, hexImmediate(f.imm16)) }),
  asm: f => `${['', 'svc', 'hvc', 'smc'][f.LL]!} {imm}`,
  does(ops, { LL }, { imm }) {
    // HVC and SMC are UNDEFINED at EL0 (C6.2.108, C6.2.284).
    if (LL !== 1) ops.service('CHECK_EL1');
    ops.exception(CALLS[LL]!, imm);
  },
});

const breakpoint = instruction({
  name: 'BRK',
  doc: 'Software breakpoint.',
  bits: '11010100 001 imm16:16 000 00',
  form: [],
  operands: f => ({ imm: imm16(f.imm16, hexImmediate(f.imm16)) }),
  asm: () => 'brk {imm}',
  does(ops, _form, { imm }) { ops.exception('BRK', imm); },
});

const halt = instruction({
  name: 'HLT',
  doc: 'Halting breakpoint: UNDEFINED unless an external debugger has allowed it.',
  bits: '11010100 010 imm16:16 000 00',
  form: [],
  operands: f => ({ imm: imm16(f.imm16, hexImmediate(f.imm16)) }),
  asm: () => 'hlt {imm}',
  does(ops, _form, { imm }) { ops.exception('HLT', imm); },
});

const undefined = instruction({
  name: 'UDF',
  doc: 'Permanently UNDEFINED.',
  bits: '0000000000000000 imm16:16',
  form: [],
  operands: f => ({ imm: imm16(f.imm16) }),
  asm: () => 'udf {imm}',
  does(ops, _form, { imm }) { ops.exception('UNDEFINED', imm); },
});

export const BRANCHES = [
  branch, branchConditional, compareBranch, testBranch, branchRegister, exceptionCall, breakpoint, halt, undefined,
] as const;
