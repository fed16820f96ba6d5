/** The instructions that steps are made of, as text: x1 is the address (SP for some), x2 and x3 are data, x4 and up take results. */
import { assemble, SYSTEM_REGISTERS } from '@hypnos/isa';

/** `size` is what the address must be a multiple of to be aligned. */
export interface Access {
  readonly text: string;
  readonly size: number;
  readonly kind: 'load' | 'store' | 'atomic' | 'exclusive' | 'cache' | 'stack';
  /** How many parts it may be done in. */
  readonly pieces: number;
}

const access = (kind: Access['kind'], size: number, pieces: number, ...texts: readonly string[]): Access[] =>
  texts.map(text => ({ text, size, kind, pieces }));

export const ACCESSES: readonly Access[] = [
  ...access('load', 8, 1, 'ldr x4, [x1]', 'ldur x4, [x1, #0]', 'ldtr x4, [x1]', 'ldar x4, [x1]', 'ldr d0, [x1]', 'ld1 {v0.1d}, [x1]',
    'ldr x4, [x1], #8', 'ldr x4, [x1, #0]!',
    'ldapr x4, [x1]', 'ld1 {v0.d}[1], [x1]', 'ldr x4, [x1, xzr]'),
  ...access('load', 4, 1, 'ldr w4, [x1]', 'ldrsw x4, [x1]', 'ldtr w4, [x1]', 'ldtrsw x4, [x1]', 'ldar w4, [x1]', 'ldr s1, [x1]',
    'ld1r {v2.4s}, [x1]', 'ldapur w4, [x1]'),
  ...access('load', 2, 1, 'ldrh w4, [x1]', 'ldrsh x4, [x1]', 'ldtrh w4, [x1]', 'ldtrsh w4, [x1]', 'ldarh w4, [x1]', 'ldr h1, [x1]'),
  ...access('load', 1, 1, 'ldrb w4, [x1]', 'ldrsb w4, [x1]', 'ldtrb w4, [x1]', 'ldtrsb x4, [x1]', 'ldarb w4, [x1]', 'ldr b1, [x1]',
    'prfm pldl1keep, [x1]'),
  ...access('load', 16, 1, 'ldr q0, [x1]', 'ldur q1, [x1, #0]'),
  ...access('load', 16, 2, 'ld1 {v0.16b}, [x1]', 'ld1 {v1.2d}, [x1]'),
  ...access('load', 16, 2, 'ldp x4, x5, [x1]', 'ldnp x4, x5, [x1]', 'ldp d0, d1, [x1]', 'ldp x4, x5, [x1], #16'),
  ...access('load', 8, 2, 'ldp w4, w5, [x1]', 'ldpsw x4, x5, [x1]', 'ldp s0, s1, [x1]'),
  ...access('load', 32, 2, 'ldp q0, q1, [x1]', 'ld2 {v0.4s, v1.4s}, [x1]', 'ld1 {v0.2d, v1.2d}, [x1]'),
  ...access('load', 64, 4, 'ld4 {v0.8h, v1.8h, v2.8h, v3.8h}, [x1]', 'ld1 {v0.16b, v1.16b, v2.16b, v3.16b}, [x1]'),
  ...access('store', 8, 1, 'str x2, [x1]', 'stur x2, [x1, #0]', 'sttr x2, [x1]', 'stlr x2, [x1]', 'str d0, [x1]', 'str x2, [x1], #8',
    'st1 {v1.1d}, [x1]'),
  ...access('store', 4, 1, 'str w2, [x1]', 'sttr w2, [x1]', 'stlr w2, [x1]', 'str s0, [x1]', 'stlur w2, [x1]'),
  ...access('store', 2, 1, 'strh w2, [x1]', 'sttrh w2, [x1]', 'stlrh w2, [x1]'),
  ...access('store', 1, 1, 'strb w2, [x1]', 'sttrb w2, [x1]', 'stlrb w2, [x1]'),
  ...access('store', 16, 2, 'str q0, [x1]', 'st1 {v0.2d}, [x1]'),
  ...access('store', 16, 2, 'stp x2, x3, [x1]', 'stnp x2, x3, [x1]', 'stp d0, d1, [x1]'),
  ...access('store', 32, 2, 'stp q0, q1, [x1]', 'st2 {v0.4s, v1.4s}, [x1]'),
  ...access('atomic', 8, 1, 'ldadd x3, x4, [x1]', 'ldseta x2, x4, [x1]', 'ldclral x2, x4, [x1]', 'ldeorl x2, x4, [x1]',
    'swp x2, x4, [x1]', 'cas x4, x2, [x1]', 'ldsmax x2, x4, [x1]', 'ldumin x2, x4, [x1]', 'stset x2, [x1]'),
  ...access('atomic', 4, 1, 'ldset w2, w4, [x1]', 'swpal w2, w4, [x1]', 'casal w4, w2, [x1]', 'ldsmin w2, w4, [x1]'),
  ...access('atomic', 2, 1, 'swph w2, w4, [x1]', 'ldclrh w2, w4, [x1]'),
  ...access('atomic', 1, 1, 'swpb w2, w4, [x1]', 'casb w4, w2, [x1]'),
  ...access('atomic', 16, 2, 'casp x4, x5, x2, x3, [x1]'),
  ...access('exclusive', 8, 1, 'ldxr x4, [x1]', 'ldaxr x4, [x1]', 'ldxr x4, [x1]; stxr w5, x2, [x1]',
    'ldaxr x4, [x1]; stlxr w5, x2, [x1]', 'ldxp w4, w5, [x1]'),
  ...access('exclusive', 4, 1, 'ldxr w4, [x1]', 'ldxr w4, [x1]; stxr w5, w2, [x1]'),
  ...access('exclusive', 2, 1, 'ldxrh w4, [x1]; stxrh w5, w2, [x1]'),
  ...access('exclusive', 1, 1, 'ldxrb w4, [x1]; stxrb w5, w2, [x1]'),
  ...access('exclusive', 16, 1, 'ldxp x4, x5, [x1]', 'ldaxp x4, x5, [x1]; stlxp w6, x2, x3, [x1]'),
  ...access('cache', 1, 1, 'dc cvac, x1', 'dc cvau, x1', 'dc civac, x1', 'dc ivac, x1', 'ic ivau, x1', 'dc cvap, x1', 'dc cvadp, x1'),
  ...access('stack', 16, 1, 'ldr x4, [sp]', 'str x2, [sp]', 'ldr x4, [sp], #16', 'stp x2, x3, [sp]', 'ldr q0, [sp]', 'ldrb w4, [sp]',
    'ldr x4, [sp, xzr]'),
];

export const BRANCHES = ['br x1', 'blr x1', 'ret x1'] as const;
export const TRANSLATIONS = ['at s1e0r, x1', 'at s1e0w, x1', 'at s1e1r, x1', 'at s1e1w, x1', 'at s1e1rp, x1', 'at s1e1wp, x1'] as const;
/** Exceptions, PSTATE fields, and what is not there. */
export const SYSTEM = [
  'svc #0', 'svc #0xffff', 'brk #0', 'brk #0xabcd', '.inst 0x00000000', '.inst 0x0000ffff', '.inst 0xffffffff', 'msr daifset, #15',
    'msr daifclr, #15', 'msr daifset, #5',
  'msr daifclr, #2', 'msr spsel, #0', 'msr spsel, #1', 'msr pan, #0', 'msr pan, #1', 'msr uao, #0', 'msr uao, #1', 'msr ssbs, #0',
    'msr ssbs, #1', 'msr dit, #0', 'msr dit, #1',
  'mrs x4, nzcv', 'msr nzcv, x2', 'mrs x4, daif', 'msr daif, x2', 'mrs x4, currentel', 'mrs x4, spsel', 'msr spsel, x2', 'mrs x4, pan',
    'msr pan, x2', 'mrs x4, uao', 'msr uao, x2',
  'mrs x4, dit', 'msr dit, x2', 'mrs x4, ssbs', 'msr ssbs, x2', 'mrs x4, sp_el0', 'nop', 'yield', 'isb', 'dsb sy', 'dmb ish', 'sb',
    'sevl', 'clrex',
  'fadd d0, d1, d2', 'movi v0.16b, #0x20', 'mrs x4, fpcr', 'and x2, x2, #0x0fffffff; msr fpsr, x2', 'adr x4, 1f; 1: nop',
    'b 1f; .inst 0; 1: nop', 'cfp rctx, x2', 'dvp rctx, x2', 'cpp rctx, x2',
] as const;

/** At EL0 these are UNDEFINED; at EL1 they would call firmware or come back for ever. */
export const NOT_AT_EL0 = ['hvc #1', 'smc #1', 'eret'] as const;

/** Bits that both CPUs have, of what EL1 writes to a register and reads back. */
const WRITABLE: Readonly<Record<string, bigint>> = {
  TPIDR_EL0: ~0n, TPIDR_EL1: ~0n, CONTEXTIDR_EL1: 0xffff_ffffn, AFSR0_EL1: ~0n, AFSR1_EL1: ~0n, AMAIR_EL1: ~0n,
  ACTLR_EL1: ~0n, FAR_EL1: ~0n, ELR_EL1: ~0n,
  SCXTNUM_EL0: ~0n, SCXTNUM_EL1: ~0n, FPCR: 0x07c8_0000n, CSSELR_EL1: 3n, SPSR_EL1: 0xf1f0_03cfn,
  SP_EL0: ~0n, DBGBVR0_EL1: 0x0000_7fff_ffff_fffcn, DBGWVR1_EL1: 0x0000_7fff_ffff_fffcn,
};
export interface RegisterWrite { readonly text: string; readonly bits: bigint }
export const WRITES: readonly RegisterWrite[] = Object.entries(WRITABLE).map(([name, bits]) => ({
  text: `msr ${name}, x2; mrs x4, ${name}`, bits: BigInt.asUintN(64, bits),
}));

/** Not the identification registers, which FEAT_IDST traps on QEMU's CPU, and not the debug channel, which QEMU 7.2 has not. */
const ELSEWHERE = /^(MDCCSR_EL0|DBGDTR)/;
/** Registers as EL0 asks for them: most are refused, some by a control of EL1's. What is read may be the time, so it is not looked at. */
export const ASKED_AT_EL0: readonly string[] = SYSTEM_REGISTERS.flatMap(row => {
  const [op0, op1, CRn] = row.at, identification = op0 === 3 && CRn === 0 && op1 !== 3;
  if (op0 < 2 || identification || ELSEWHERE.test(row.name)) return [];
  const asked: string[] = [];
  if (row.el1.includes('read')) asked.push(`mrs x4, ${row.name}; movz x4, #0`);
  if (row.el1.includes('write') && !/^(CNT|FPCR|SPSR|NZCV|DAIF)/.test(row.name)) asked.push(`msr ${row.name}, x0`);
  return asked;
});
/** Waiting at EL0, where SCTLR_EL1.nTWI traps it. */
export const WAIT = 'wfi';
export const ZERO = 'dc zva, x1';

/** Words of a text whose instructions are divided by semicolons. */
export const words = (text: string): number[] => [...assemble(text.replaceAll(';', '\n')).words];
