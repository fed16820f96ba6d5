/** Named services: what instructions ask of the engine beyond registers, arithmetic and memory. */

export const SERVICES = [
  'NOP', 'YIELD', 'WFE', 'WFI', 'SEV', 'SEVL', 'WFET', 'WFIT',
  'DMB', 'DSB', 'ISB', 'SB', 'CLREX',
  'ERET',
  // Cache maintenance by VA (argument: address) or set/way; data caches are coherent, so only faults and IC matter.
  'IC_IALLU', 'IC_IVAU', 'DC_CVAC', 'DC_IVAC', 'DC_SW',
  // Address translation (argument: address); the answer is in PAR_EL1.
  'AT_S1E1R', 'AT_S1E1W', 'AT_S1E0R', 'AT_S1E0W', 'AT_S1E1RP', 'AT_S1E1WP',
  // TLB maintenance (argument: the instruction's register).
  'TLBI_VMALLE1', 'TLBI_VAE1', 'TLBI_ASIDE1', 'TLBI_VAAE1', 'TLBI_RVAE1', 'TLBI_RVAAE1',
  // PSTATE fields: the argument is the immediate.
  'MSR_DAIFSet', 'MSR_DAIFClr', 'MSR_SPSel', 'MSR_PAN', 'MSR_UAO', 'MSR_SSBS', 'MSR_DIT',
  // EL checks of instructions that EL0 may be kept from (argument: unused); they raise the trap themselves.
  'CHECK_EL1', 'CHECK_SPSEL', 'CHECK_EL0_DC_ZVA', 'CHECK_EL0_CACHE', 'CHECK_EL0_RCTX', 'CHECK_FP',
  // Sets FPSR.QC.
  'SET_QC',
] as const;

export type ServiceName = (typeof SERVICES)[number];
