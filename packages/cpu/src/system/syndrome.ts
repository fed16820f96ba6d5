/** Syndromes: ESR_EL1 values of the synchronous exceptions an EL1 guest can see (DDI 0487 D23.2.44). */
import type { CpuContext } from './context.ts';

/** A synchronous exception that an instruction raises instead of finishing. */
export interface Trap { readonly syndrome: number; readonly faultAddress?: bigint }

export const EC = {
  unknown: 0x00, wfx: 0x01, fp: 0x07, illegalState: 0x0e, svc: 0x15, hvc: 0x16, smc: 0x17, system: 0x18,
  instructionAbortLower: 0x20, instructionAbortSame: 0x21, pcAlignment: 0x22, dataAbortLower: 0x24, dataAbortSame: 0x25, spAlignment: 0x26,
  breakpointLower: 0x30, breakpointSame: 0x31, stepLower: 0x32, stepSame: 0x33, watchpointLower: 0x34, watchpointSame: 0x35, brk: 0x3c,
} as const;

/** Fault status codes; those with a level are the base, to which the level is added. */
export const STATUS = {
  addressSize: 0x00, translation: 0x04, accessFlag: 0x08, permission: 0x0c, external: 0x10, externalOnWalk: 0x14, alignment: 0x21, debug: 0x22,
  unsupportedAtomic: 0x35,
} as const;

/** ESR_EL1 with IL set: every A64 instruction is 32 bits. */
const esr = (ec: number, iss: number): number => ((ec << 26) | (1 << 25) | iss) >>> 0;

/** CV set and COND "always", as A64 reports for conditional-instruction classes. */
const ALWAYS = (1 << 24) | (0xe << 20);

export const UNDEFINED: Trap = { syndrome: esr(EC.unknown, 0) };
export const ILLEGAL_STATE: Trap = { syndrome: esr(EC.illegalState, 0) };
export const SP_MISALIGNED: Trap = { syndrome: esr(EC.spAlignment, 0) };
export const FP_TRAPPED: Trap = { syndrome: esr(EC.fp, ALWAYS) };

export const pcMisaligned = (pc: bigint): Trap => ({ syndrome: esr(EC.pcAlignment, 0), faultAddress: pc });
export const supervisorCall = (imm16: number): Trap => ({ syndrome: esr(EC.svc, imm16) });
export const breakpoint = (imm16: number): Trap => ({ syndrome: esr(EC.brk, imm16) });
/** A trapped WFI (0), WFE (1), WFIT (2) or WFET (3). */
export const trappedWait = (which: 0 | 1 | 2 | 3): Trap => ({ syndrome: esr(EC.wfx, ALWAYS | which) });

/** A trapped MSR, MRS or SYS, from its encoding: the fields of all three stand at the same bits. */
export function trappedSystem(word: number): Trap {
  const field = (low: number, width: number) => (word >>> low) & ((1 << width) - 1);
  const [op0, op1, crn, crm, op2, rt, read] = [field(19, 2), field(16, 3), field(12, 4), field(8, 4), field(5, 3), field(0, 5), field(21, 1)];
  return { syndrome: esr(EC.system, (op0 << 20) | (op2 << 17) | (op1 << 14) | (crn << 10) | (rt << 5) | (crm << 1) | read) };
}

export function instructionAbort(ctx: CpuContext, status: number, address: bigint): Trap {
  return { syndrome: esr(ctx.cpu.el === 0 ? EC.instructionAbortLower : EC.instructionAbortSame, status), faultAddress: address };
}

/** `write` is WnR, `maintenance` CM (cache maintenance and address translation, which count as writes). */
export function dataAbort(ctx: CpuContext, status: number, address: bigint, write: boolean, maintenance = false): Trap {
  const iss = status | (write || maintenance ? 1 << 6 : 0) | (maintenance ? 1 << 8 : 0);
  return { syndrome: esr(ctx.cpu.el === 0 ? EC.dataAbortLower : EC.dataAbortSame, iss), faultAddress: address };
}

/** A hardware breakpoint, taken before its instruction. */
export const breakpointHit = ({ cpu }: CpuContext): Trap => ({ syndrome: esr(cpu.el === 0 ? EC.breakpointLower : EC.breakpointSame, STATUS.debug) });
/** A watchpoint, taken before its access. */
export const watchpointHit = ({ cpu }: CpuContext, address: bigint, write: boolean): Trap => (
  { syndrome: esr(cpu.el === 0 ? EC.watchpointLower : EC.watchpointSame, STATUS.debug | (write ? 1 << 6 : 0)), faultAddress: address });
/** A software step. ISV (24) says that an instruction was stepped, EX (6) that it loaded exclusively: `stepped` of the CPU. */
export const softwareStep = ({ cpu }: CpuContext, stepped: number): Trap => (
  { syndrome: esr(cpu.el === 0 ? EC.stepLower : EC.stepSame, STATUS.debug | (stepped ? 1 << 24 : 0) | (stepped === 2 ? 1 << 6 : 0)) });
