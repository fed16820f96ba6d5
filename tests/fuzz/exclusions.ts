/** What QEMU is not asked, and why. Every entry has its reason; there is no other place where a difference is forgiven. */
import type { Decoded, SystemRegister } from '@hypnos/isa';
import { DATA, DATA_BYTES, KIND } from './layout.ts';

export interface Exclusion {
  readonly reason: string;
  applies(decoded: Decoded): boolean;
}

const rows = (reason: string, pattern: RegExp): Exclusion => ({ reason, applies: ({ row }) => pattern.test(row.name) });

/** EL0 sees these the same everywhere, or not at all. Linux answers reads of the identification space (op0 3, op1 0, CRn 0) itself. */
const SHARED_REGISTERS: ReadonlySet<string> = new Set(['NZCV', 'FPCR', 'FPSR', 'SSBS', 'DIT']);
const sharedRegister = ({ name, at, el0 }: SystemRegister): boolean =>
  SHARED_REGISTERS.has(name) || (el0 === 'none' && at[0] === 3 && !(at[1] === 0 && at[2] === 0));

/** Against qemu-aarch64 in user mode these are not drawn. */
const NEVER: readonly Exclusion[] = [
  { reason: 'SVC is a system call of the emulated Linux', applies: ({ row, fields }) => row.name.startsWith('SVC') && fields['LL'] === 1 },
  rows('HLT is a semihosting call of the emulator', /^HLT/),
  rows('QEMU 7.2 has no FEAT_WFxT', /^WFET/),
  rows("QEMU's largest CPU zeroes blocks of 512 bytes, ours 64: DCZID_EL0.BS leaves it to the CPU (zero-block.test.ts asks another one)", /^DC ZVA/),
  {
    reason: "registers that EL0 can reach hold what is Linux's: its thread pointer, counters, and identification that it answers itself",
    applies: ({ operands }) => Object.values(operands).some(o => o.kind === 'sysreg' && !sharedRegister(o.row)),
  },
  rows("QEMU 7.2's user mode has no DC CVAP and DC CVADP, though its CPU tells of FEAT_DPB and FEAT_DPB2 (C5.3)", /^DC CVA(D?)P$/),
  {
    reason: "FPCR.{Len,Stride} and FPSR.{N,Z,C,V} are stored where there is AArch32, as on QEMU's CPU, and RES0 on ours (C5.2)",
    applies: ({ row, operands: { register, t } }) =>
      row.name === 'MSR (register)' && register?.kind === 'sysreg' && /^FP[CS]R$/.test(register.row.name) && t?.kind === 'reg' && t.slot < 31,
  },
  rows('QEMU 7.2 leaves the sign above the halfword; a scalar result has zeroes there (C7.2, FCVTZS (vector, fixed-point): V[d] = result)', /^FCVTZS \(scalar, vector fixed-point\), half/),
];

/** Why QEMU is never given this word, if so. */
export const keptFromQemu = (decoded: Decoded): string | undefined => NEVER.find(x => x.applies(decoded))?.reason;

/** What an exclusion by outcome goes by: the kind and fault address of the exception that ended a single instruction. */
export interface Ending { readonly kind: number; readonly faultAddress: bigint; readonly fpcr: number }
interface ByOutcome extends Exclusion { when(ending: Ending): boolean }

const FLUSH_TO_ZERO = 1 << 24;
const misaligned = ({ kind }: Ending) => kind === KIND.misaligned;

/** Where qemu-aarch64 7.2 does otherwise than the manual, or the manual lets both be right, by what came of the instruction. */
const BY_OUTCOME: readonly ByOutcome[] = [
  { ...rows('QEMU 7.2 does not check the alignment of LDAPR, which must be aligned without FEAT_LSE2 (B2.5.2)', /^LDAPR/), when: misaligned },
  {
    ...rows('QEMU looks at the monitor of a store exclusive before its aborts: the order is IMPLEMENTATION DEFINED (AArch64.ExclusiveMonitorsPass)', /^(STXR|STXP)/),
    when: ({ kind }) => kind === KIND.misaligned || kind === KIND.abort,
  },
  {
    ...rows('QEMU 7.2 sets Z for a denormal that FPCR.FZ flushes (its issue 2375); FPToFixedJS clears it, since the input was flushed (C6.2, FJCVTZS)', /^FJCVTZS/),
    when: ({ fpcr }) => (fpcr & FLUSH_TO_ZERO) !== 0,
  },
  {
    ...rows("user mode does not translate the addresses of cache maintenance (D7.5.9 asks for its faults)", /^(IC|DC)/),
    when: ({ kind }) => kind === KIND.abort,
  },
  {
    reason: 'an access that aborts half way may have written memory or registers before: they are UNKNOWN (D1.3.5)',
    applies: ({ operands }) => Object.values(operands).some(o => o.kind === 'base' || o.kind === 'spbase'),
    when: ({ kind, faultAddress }) => {
      const inside = BigInt.asIntN(56, faultAddress - DATA) + 64n;
      return (kind === KIND.abort || kind === KIND.misaligned) && inside >= 0n && inside <= BigInt(DATA_BYTES + 128);
    },
  },
];

/** Why QEMU is not asked about this instruction, given what came of it on the judge. */
export const excusedByOutcome = (decoded: Decoded, ending: Ending): string | undefined => BY_OUTCOME.find(x => x.when(ending) && x.applies(decoded))?.reason;

/** Rows whose misaligned or aborting accesses QEMU treats otherwise: programs for it only give them good addresses. */
export const needsGoodAddress = ({ row }: Decoded): boolean => /^(LDAPR|STXR|STXP|IC|DC)/.test(row.name);
