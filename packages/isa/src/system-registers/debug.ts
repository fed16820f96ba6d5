/** Debug registers (DDI 0487 D17.3). Breakpoints and watchpoints are as many as ID_AA64DFR0_EL1 says. */
import { type SystemRegister, systemRegister } from '../system-register.ts';

/** The last CONTEXT_BREAKPOINTS of the breakpoints can match CONTEXTIDR_EL1. */
export const BREAKPOINTS = 6, WATCHPOINTS = 4, CONTEXT_BREAKPOINTS = 2;

type Extra = Partial<Omit<SystemRegister, 'name' | 'at' | 'doc'>>;
const debug = (name: string, at: SystemRegister['at'], doc: string, extra: Extra = {}): SystemRegister =>
  systemRegister({ name, at, doc, el0: 'none', el1: 'read-write', stored: true, ...extra });

/** Addresses are of words; a breakpoint that can hold a context holds all of it. */
const ADDRESS = 0xffff_ffff_ffff_fffcn;
/** BAS is one, since every A64 instruction is a word. */
const BREAKPOINT: Extra = {
  writesThroughEngine: true, writable: 0x00ff_e007n, reset: 0x1e0n,
  fields: { E: [0, 0], PMC: [2, 1], BAS: [8, 5], HMC: [13, 13], SSC: [15, 14], LBN: [19, 16], BT: [23, 20] },
};
const WATCHPOINT: Extra = {
  writesThroughEngine: true, writable: 0x1f1f_ffffn,
  fields: { E: [0, 0], PAC: [2, 1], LSC: [4, 3], BAS: [12, 5], HMC: [13, 13], SSC: [15, 14], LBN: [19, 16], WT: [20, 20], MASK: [28, 24] },
};

const pairs = (count: number, kind: 'B' | 'W', what: string, op2: number, control: Extra) => Array.from({ length: count }, (_, i) => [
  debug(`DBG${kind}VR${i}_EL1`, [2, 0, 0, i, op2], `Address of ${what} ${i}.`, {
    writesThroughEngine: true, ...(i >= BREAKPOINTS - CONTEXT_BREAKPOINTS && kind === 'B' ? {} : { writable: ADDRESS }),
  }),
  debug(`DBG${kind}CR${i}_EL1`, [2, 0, 0, i, op2 + 1], `Control of ${what} ${i}.`, control),
]).flat();

export const DEBUG: readonly SystemRegister[] = [
  debug('MDSCR_EL1', [2, 0, 0, 2, 2], 'Software step, breakpoints enabled, access to the debug channel.', {
    writesThroughEngine: true, writable: 0xf000n | 0x1n, fields: { SS: [0, 0], TDCC: [12, 12], KDE: [13, 13], HDE: [14, 14], MDE: [15, 15] },
  }),
  debug('MDCCINT_EL1', [2, 0, 0, 2, 0], 'Interrupts of the debug channel.', { writable: 0x6000_0000n }),
  // MDSCR_EL1.TDCC keeps EL0 from the channel.
  debug('MDCCSR_EL0', [2, 3, 0, 1, 0], 'Status of the debug channel: nobody is at the other end.', {
    el0: 'read', el1: 'read', readsThroughEngine: true, writable: 0n,
  }),
  debug('DBGDTR_EL0', [2, 3, 0, 4, 0], 'Data of the debug channel; nobody is at the other end.', { el0: 'read-write', stored: false }),
  debug('DBGDTRTX_EL0', [2, 3, 0, 5, 0], 'Data of the debug channel; nobody is at the other end.', { el0: 'read-write', stored: false }),
  debug('OSDTRRX_EL1', [2, 0, 0, 0, 2], 'Received data, for saving.', { writable: 0xffff_ffffn }),
  debug('OSDTRTX_EL1', [2, 0, 0, 3, 2], 'Transmitted data, for saving.', { writable: 0xffff_ffffn }),
  debug('OSECCR_EL1', [2, 0, 0, 6, 2], 'Exception catch, for saving; nothing here.', { writable: 0n }),
  debug('MDRAR_EL1', [2, 0, 1, 0, 0], 'Address of the debug ROM: none.', { el1: 'read' }),
  debug('OSLAR_EL1', [2, 0, 1, 0, 4], 'Sets or clears the OS lock.', { el1: 'write', stored: false }),
  debug('OSLSR_EL1', [2, 0, 1, 1, 4], 'State of the OS lock, which is set at reset.', {
    el1: 'read', reset: 0xan, fields: { OSLM0: [0, 0], OSLK: [1, 1], OSLM1: [3, 3] },
  }),
  debug('OSDLR_EL1', [2, 0, 1, 3, 4], 'OS double lock: no debug exceptions while it is set.', {
    writesThroughEngine: true, writable: 1n, fields: { DLK: [0, 0] }, fieldNeeds: { DLK: 'FEAT_DoubleLock' },
  }),
  debug('DBGPRCR_EL1', [2, 0, 1, 4, 4], 'Power control as a debugger asks for it.', {
    writesThroughEngine: true, writable: 1n, fields: { CORENPDRQ: [0, 0] },
  }),
  debug('DBGCLAIMSET_EL1', [2, 0, 7, 8, 6], 'Sets claim tags.', { stored: false }),
  debug('DBGCLAIMCLR_EL1', [2, 0, 7, 9, 6], 'Clears claim tags, and reads them.', {
    readsThroughEngine: true, writesThroughEngine: true, fields: { CLAIM: [7, 0] },
  }),
  debug('DBGAUTHSTATUS_EL1', [2, 0, 7, 14, 6], 'Which kinds of debugging are allowed.', { el1: 'read' }),
  ...pairs(BREAKPOINTS, 'B', 'breakpoint', 4, BREAKPOINT),
  ...pairs(WATCHPOINTS, 'W', 'watchpoint', 6, WATCHPOINT),
];
