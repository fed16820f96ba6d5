/** System instructions: hints, barriers, PSTATE fields, MRS and MSR, exception return (DDI 0487 C4.1.87). */
import { instruction } from '../instruction.ts';
import { imm8, sysreg, x } from '../operands.ts';
import type { ServiceName } from '../services.ts';
import { encodingOf, type SystemRegister } from '../system-register.ts';
import { SYSTEM_REGISTERS } from '../system-registers.ts';

const HINTS: readonly ServiceName[] = ['NOP', 'YIELD', 'WFE', 'WFI', 'SEV', 'SEVL'];

/** Hints with a name of their own; on a CPU without their feature they are NOPs all the same. */
const HINT_NAMES: Readonly<Record<number, string>> = {
  0: 'nop', 1: 'yield', 2: 'wfe', 3: 'wfi', 4: 'sev', 5: 'sevl', 6: 'dgh', 7: 'xpaclri', 8: 'pacia1716', 10: 'pacib1716', 12: 'autia1716',
  14: 'autib1716', 16: 'esb', 17: 'psb csync', 18: 'tsb csync', 20: 'csdb', 24: 'paciaz', 25: 'paciasp', 26: 'pacibz', 27: 'pacibsp',
  28: 'autiaz', 29: 'autiasp', 30: 'autibz', 31: 'autibsp', 32: 'bti', 34: 'bti c', 36: 'bti j', 38: 'bti jc',
};

const hint = instruction({
  name: 'HINT',
  doc: 'NOP, YIELD, WFE, WFI, SEV, SEVL, and hints this CPU takes as NOP.',
  bits: '1101010100 0 00 011 0010 hint:7 11111',
  form: [],
  derived: f => ({ kind: f.hint < HINTS.length ? f.hint : 0 }),
  operands: () => ({}),
  asm: f => HINT_NAMES[f.hint] ?? `hint #${f.hint}`,
  does(ops, { kind }) { ops.service(HINTS[kind]!); },
});

const waitWithTimeout = instruction({
  name: 'WFET, WFIT',
  doc: 'Wait for an event or interrupt, or until the virtual counter passes a register.',
  bits: '1101010100 0 00 011 0001 0000 00 i:1 Rd:5',
  form: ['i'],
  needs: 'FEAT_WFxT',
  operands: f => ({ d: x(f.Rd, 1) }),
  asm: f => `${f.i ? 'wfit' : 'wfet'} {d}`,
  does(ops, { i }, { d }) { ops.service(i ? 'WFIT' : 'WFET', ops.reg(d)); },
});

const clearExclusive = instruction({
  name: 'CLREX',
  doc: 'Open the exclusive monitor.',
  bits: '1101010100 0 00 011 0011 CRm:4 010 11111',
  form: [],
  operands: () => ({}),
  asm: f => (f.CRm === 15 ? 'clrex' : `clrex #${f.CRm}`),
  does(ops) { ops.service('CLREX'); },
});

const DOMAINS = ['osh', 'nsh', 'ish', ''] as const;
const KINDS = ['', 'ld', 'st', ''] as const;

/** The name of a barrier's domain and kind: `ish`, `oshld`, `sy`; encodings without a name are written as numbers. */
function barrierName(option: number): string {
  const domain = option >> 2, kind = option & 3;
  if (kind === 0) return `#${option}`;
  if (domain === 3) return ['', 'ld', 'st', 'sy'][kind]!;
  return `${DOMAINS[domain]!}${KINDS[kind]!}`;
}

const dataSynchronization = instruction({
  name: 'DSB',
  doc: 'Wait until accesses and maintenance before it have finished.',
  bits: '1101010100 0 00 011 0011 CRm:4 100 11111',
  form: [],
  operands: () => ({}),
  asm: f => (f.CRm === 0 ? 'ssbb' : f.CRm === 4 ? 'pssbb' : `dsb ${barrierName(f.CRm)}`),
  does(ops) { ops.service('DSB'); },
});

const dataMemory = instruction({
  name: 'DMB',
  doc: 'Order accesses before it with those after it.',
  bits: '1101010100 0 00 011 0011 CRm:4 101 11111',
  form: [],
  operands: () => ({}),
  asm: f => `dmb ${barrierName(f.CRm)}`,
  does(ops) { ops.service('DMB'); },
});

const instructionSynchronization = instruction({
  name: 'ISB',
  doc: 'Fetch everything after it anew.',
  bits: '1101010100 0 00 011 0011 CRm:4 110 11111',
  form: [],
  operands: () => ({}),
  asm: f => (f.CRm === 15 ? 'isb' : `isb #${f.CRm}`),
  does(ops) { ops.service('ISB'); },
});

const speculation = instruction({
  name: 'SB',
  doc: 'Speculation barrier.',
  bits: '1101010100 0 00 011 0011 0000 111 11111',
  form: [],
  needs: 'FEAT_SB',
  operands: () => ({}),
  asm: () => 'sb',
  does(ops) { ops.service('SB'); },
});

/** DAIFSet and DAIFClr: the service itself raises the trap that SCTLR_EL1.UMA asks for at EL0. */
const maskInterrupts = instruction({
  name: 'MSR (immediate): DAIFSet, DAIFClr',
  doc: 'Set or clear interrupt masks.',
  bits: '1101010100 0 00 011 0100 CRm:4 11 clear:1 11111',
  form: ['clear'],
  operands: f => ({ imm: imm8(f.CRm) }),
  asm: f => `msr ${f.clear ? 'daifclr' : 'daifset'}, {imm}`,
  does(ops, { clear }, { imm }) { ops.service(clear ? 'MSR_DAIFClr' : 'MSR_DAIFSet', imm); },
});

const selectStack = instruction({
  name: 'MSR (immediate): SPSel',
  doc: 'Choose between SP_EL0 and the stack pointer of this exception level.',
  bits: '1101010100 0 00 000 0100 CRm:4 101 11111',
  form: [],
  operands: f => ({ imm: imm8(f.CRm & 1) }),
  asm: f => `msr spsel, #${f.CRm}`,
  does(ops, _form, { imm }) {
    ops.service('CHECK_EL1');
    ops.service('MSR_SPSel', imm);
  },
});

const privilegedAccessNever = instruction({
  name: 'MSR (immediate): PAN',
  doc: 'Keep EL1 from data that EL0 may reach, or allow it.',
  bits: '1101010100 0 00 000 0100 000 imm1:1 100 11111',
  form: [],
  needs: 'FEAT_PAN',
  operands: f => ({ imm: imm8(f.imm1) }),
  asm: () => 'msr pan, {imm}',
  does(ops, _form, { imm }) {
    ops.service('CHECK_EL1');
    ops.service('MSR_PAN', imm);
  },
});

const userAccessOverride = instruction({
  name: 'MSR (immediate): UAO',
  doc: 'Let unprivileged loads and stores act as privileged ones, or not.',
  bits: '1101010100 0 00 000 0100 000 imm1:1 011 11111',
  form: [],
  needs: 'FEAT_UAO',
  operands: f => ({ imm: imm8(f.imm1) }),
  asm: () => 'msr uao, {imm}',
  does(ops, _form, { imm }) {
    ops.service('CHECK_EL1');
    ops.service('MSR_UAO', imm);
  },
});

const speculativeStoreBypass = instruction({
  name: 'MSR (immediate): SSBS',
  doc: 'Allow speculative store bypass, or not.',
  bits: '1101010100 0 00 011 0100 000 imm1:1 001 11111',
  form: [],
  needs: 'FEAT_SSBS',
  operands: f => ({ imm: imm8(f.imm1) }),
  asm: () => 'msr ssbs, {imm}',
  does(ops, _form, { imm }) { ops.service('MSR_SSBS', imm); },
});

const dataIndependentTiming = instruction({
  name: 'MSR (immediate): DIT',
  doc: 'Ask for timing that does not depend on data, or not.',
  bits: '1101010100 0 00 011 0100 000 imm1:1 010 11111',
  form: [],
  needs: 'FEAT_DIT',
  operands: f => ({ imm: imm8(f.imm1) }),
  asm: () => 'msr dit, {imm}',
  does(ops, _form, { imm }) { ops.service('MSR_DIT', imm); },
});

const byEncoding = new Map(SYSTEM_REGISTERS.map(row => [encodingOf(row.at), row]));

type RegisterFields = { readonly o0: number; readonly op1: number; readonly CRn: number; readonly CRm: number; readonly op2: number };
const registerAt = (f: RegisterFields): SystemRegister | undefined => byEncoding.get(encodingOf([2 + f.o0, f.op1, f.CRn, f.CRm, f.op2]));

/** Every place a register of ours stands at. */
const PLACES = SYSTEM_REGISTERS.filter(({ at }) => at[0] >= 2)
  .map(({ at: [op0, op1, CRn, CRm, op2] }) => ({ o0: op0 - 2, op1, CRn, CRm, op2 }));

const reads = (reach: SystemRegister['el1']) => reach === 'read' || reach === 'read-write';
const writes = (reach: SystemRegister['el1']) => reach === 'write' || reach === 'read-write';

/** While SP_EL0 is the current stack pointer it has no other name (C5.2.23). */
const isStack = (row: SystemRegister | null | undefined) => (row?.name === 'SP_EL0' ? 1 : 0);

/** `through` 1: the engine's `readSystem` computes it; 0: it is the cell of that name. `el0` 1: EL0 may ask. `stack` 1: SP_EL0. */
const moveFromSystem = instruction({
  name: 'MRS',
  doc: 'Read a system register.',
  bits: '1101010100 1 1 o0:1 op1:3 CRn:4 CRm:4 op2:3 Rt:5',
  form: [],
  sparse: PLACES,
  derived(f) {
    const row = registerAt(f);
    return {
      through: row?.stored && !row.readsThroughEngine ? 0 : 1, el0: row && reads(row.el0) ? 1 : 0,
      random: row?.needs?.includes('FEAT_RNG') ? 1 : 0, stack: isStack(row),
    };
  },
  operands(f) {
    const row = registerAt(f);
    return row && reads(row.el1) ? { t: x(f.Rt, 1), register: sysreg(row) } : null;
  },
  asm: () => 'mrs {t}, {register}',
  does(ops, { el0, random, stack }, { t, register }) {
    if (!el0) ops.service('CHECK_EL1');
    if (stack) ops.service('CHECK_SPSEL');
    const value = ops.readSystem(register);
    // RNDR and RNDRRS clear NZCV when there was a number, and there always is (D17.2, RNDR).
    if (random) ops.setFlags({ n: ops.imm(0n), z: ops.imm(1n), c: ops.imm(0n), v: ops.imm(0n) });
    ops.setReg(t, value);
  },
});

const moveToSystem = instruction({
  name: 'MSR (register)',
  doc: 'Write a system register.',
  bits: '1101010100 0 1 o0:1 op1:3 CRn:4 CRm:4 op2:3 Rt:5',
  form: [],
  sparse: PLACES,
  derived(f) {
    const row = registerAt(f);
    const plain = row?.stored && !row.writesThroughEngine && row.writable === undefined;
    return { through: plain ? 0 : 1, el0: row && writes(row.el0) ? 1 : 0, stack: isStack(row) };
  },
  operands(f) {
    const row = registerAt(f);
    return row && writes(row.el1) ? { register: sysreg(row), t: x(f.Rt, 1) } : null;
  },
  asm: () => 'msr {register}, {t}',
  does(ops, { el0, stack }, { register, t }) {
    if (!el0) ops.service('CHECK_EL1');
    if (stack) ops.service('CHECK_SPSEL');
    ops.writeSystem(register, ops.reg(t));
  },
});

const exceptionReturn = instruction({
  name: 'ERET',
  doc: 'Return from an exception: PC from ELR, PSTATE from SPSR.',
  bits: '1101011 0100 11111 000000 11111 00000',
  form: [],
  operands: () => ({}),
  asm: () => 'eret',
  does(ops) {
    ops.service('CHECK_EL1');
    ops.service('ERET');
  },
});

export const SYSTEM = [
  hint, waitWithTimeout, clearExclusive, dataSynchronization, dataMemory, instructionSynchronization, speculation, maskInterrupts, selectStack,
  privilegedAccessNever, userAccessOverride, speculativeStoreBypass, dataIndependentTiming, moveFromSystem, moveToSystem, exceptionReturn,
] as const;
