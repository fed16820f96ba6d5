/** Registers of EL1: control, translation, exceptions, threads (DDI 0487 D17.2). */
import { bitsOf, type SystemRegister, systemRegister } from '../system-register.ts';

type Extra = Partial<Omit<SystemRegister, 'name' | 'at' | 'doc'>>;
const el1 = (name: string, at: SystemRegister['at'], doc: string, extra: Extra = {}): SystemRegister =>
  systemRegister({ name, at, doc, el0: 'none', el1: 'read-write', stored: true, ...extra });

/** SCTLR_EL1 fields that this CPU has; the others are fixed. No mixed endianness, no AArch32, no RAS. */
const SCTLR_FIELDS = {
  M: [0, 0], A: [1, 1], C: [2, 2], SA: [3, 3], SA0: [4, 4], UMA: [9, 9], EnRCTX: [10, 10], I: [12, 12], DZE: [14, 14], UCT: [15, 15], nTWI: [16, 16],
  nTWE: [18, 18], WXN: [19, 19], TSCXT: [20, 20], SPAN: [23, 23], UCI: [26, 26], DSSBS: [44, 44],
} as const;

const CONTROL: readonly SystemRegister[] = [
  el1('SCTLR_EL1', [3, 0, 1, 0, 0], 'System control.', {
    writable: bitsOf(SCTLR_FIELDS), reset: 0x30d5_0998n, writesThroughEngine: true, fields: SCTLR_FIELDS,
    fieldNeeds: { SPAN: 'FEAT_PAN', DSSBS: 'FEAT_SSBS', EnRCTX: 'FEAT_SPECRES', TSCXT: 'FEAT_CSV2' },
  }),
  el1('ACTLR_EL1', [3, 0, 1, 0, 1], 'Auxiliary control; nothing here.', { writable: 0n }),
  el1('CPACR_EL1', [3, 0, 1, 0, 2], 'Traps of floating point and vector instructions.', {
    writable: 0x0030_0000n, writesThroughEngine: true, fields: { FPEN: [21, 20] },
  }),
];

const TRANSLATION: readonly SystemRegister[] = [
  el1('TTBR0_EL1', [3, 0, 2, 0, 0], 'Translation table of the lower addresses.', {
    writesThroughEngine: true, fields: { CnP: [0, 0], BADDR: [47, 1], ASID: [63, 48] },
  }),
  el1('TTBR1_EL1', [3, 0, 2, 0, 1], 'Translation table of the upper addresses.', {
    writesThroughEngine: true, fields: { CnP: [0, 0], BADDR: [47, 1], ASID: [63, 48] },
  }),
  el1('TCR_EL1', [3, 0, 2, 0, 2], 'Sizes, granules and attributes of table walks.', {
    writesThroughEngine: true,
    fields: {
      T0SZ: [5, 0], EPD0: [7, 7], IRGN0: [9, 8], ORGN0: [11, 10], SH0: [13, 12], TG0: [15, 14], T1SZ: [21, 16], A1: [22, 22], EPD1: [23, 23],
      IRGN1: [25, 24], ORGN1: [27, 26], SH1: [29, 28], TG1: [31, 30], IPS: [34, 32], AS: [36, 36], TBI0: [37, 37], TBI1: [38, 38],
      HA: [39, 39], HD: [40, 40], E0PD0: [55, 55], E0PD1: [56, 56],
    },
    fieldNeeds: { HA: 'FEAT_HAFDBS', HD: 'FEAT_HAFDBS', E0PD0: 'FEAT_E0PD', E0PD1: 'FEAT_E0PD' },
  }),
  el1('MAIR_EL1', [3, 0, 10, 2, 0], 'Memory attributes by index.', { writesThroughEngine: true }),
  el1('AMAIR_EL1', [3, 0, 10, 3, 0], 'Auxiliary memory attributes; nothing here.', { writable: 0n }),
  el1('PAR_EL1', [3, 0, 7, 4, 0], 'Answer of an address translation instruction.', { fields: { F: [0, 0], FST: [6, 1], PA: [47, 12] } }),
  el1('CONTEXTIDR_EL1', [3, 0, 13, 0, 1], 'Process identifier for debuggers.', { writable: 0xffff_ffffn }),
  el1('LORSA_EL1', [3, 0, 10, 4, 0], 'Start of a limited ordering region.', { needs: ['FEAT_LOR'] }),
  el1('LOREA_EL1', [3, 0, 10, 4, 1], 'End of a limited ordering region.', { needs: ['FEAT_LOR'] }),
  el1('LORN_EL1', [3, 0, 10, 4, 2], 'Selects a limited ordering region descriptor.', { needs: ['FEAT_LOR'] }),
  el1('LORC_EL1', [3, 0, 10, 4, 3], 'Enables limited ordering regions.', { needs: ['FEAT_LOR'] }),
  el1('LORID_EL1', [3, 0, 10, 4, 7], 'How many limited ordering regions there are: none.', { needs: ['FEAT_LOR'], el1: 'read' }),
];

const EXCEPTIONS: readonly SystemRegister[] = [
  el1('VBAR_EL1', [3, 0, 12, 0, 0], 'Exception vectors.', { writable: 0xffff_ffff_ffff_f800n }),
  el1('ELR_EL1', [3, 0, 4, 0, 1], 'Where an exception came from.'),
  el1('SPSR_EL1', [3, 0, 4, 0, 0], 'PSTATE an exception came from.', {
    fields: {
      M: [3, 0], F: [6, 6], I: [7, 7], A: [8, 8], D: [9, 9], BTYPE: [11, 10], SSBS: [12, 12], IL: [20, 20], SS: [21, 21], PAN: [22, 22],
      UAO: [23, 23], DIT: [24, 24], V: [28, 28], C: [29, 29], Z: [30, 30], N: [31, 31],
    },
  }),
  el1('ESR_EL1', [3, 0, 5, 2, 0], 'What an exception was.', { fields: { ISS: [24, 0], IL: [25, 25], EC: [31, 26] } }),
  el1('FAR_EL1', [3, 0, 6, 0, 0], 'The address an exception was about.'),
  el1('AFSR0_EL1', [3, 0, 5, 1, 0], 'Auxiliary fault status; nothing here.', { writable: 0n }),
  el1('AFSR1_EL1', [3, 0, 5, 1, 1], 'Auxiliary fault status; nothing here.', { writable: 0n }),
  el1('ISR_EL1', [3, 0, 12, 1, 0], 'Which interrupts are pending.', { el1: 'read', stored: false, fields: { F: [6, 6], I: [7, 7], A: [8, 8] } }),
];

const STACKS: readonly SystemRegister[] = [
  // Plain, because Linux keeps its current task here and reads it all the time. At EL1 with SPSel 0 the access is UNDEFINED (D17.2.131);
  // the engine keeps the cell equal to the stack pointer it is the bank of.
  el1('SP_EL0', [3, 0, 4, 1, 0], 'The stack pointer of EL0, while it is not the current one.'),
  el1('SP_EL1', [3, 4, 4, 1, 0], 'The stack pointer of EL1, while it is not the current one; reachable from EL2 only.', { el1: 'none' }),
  el1('TPIDR_EL1', [3, 0, 13, 0, 4], 'Thread pointer of EL1.'),
  el1('SCXTNUM_EL1', [3, 0, 13, 0, 7], 'Software context number of EL1.', { needs: ['FEAT_CSV2'] }),
];

export const EL1: readonly SystemRegister[] = [...CONTROL, ...TRANSLATION, ...EXCEPTIONS, ...STACKS];
