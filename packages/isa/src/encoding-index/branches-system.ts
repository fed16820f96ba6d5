/** Branches, exception generating and system instructions (DDI 0487 C4.1.93). */
import { absent, type EncodingClass, encodingClass } from './class.ts';

const BRANCHES: readonly EncodingClass[] = [
  encodingClass('Conditional branch (immediate)', '01010100 imm19:19 o0:1 cond:4', [absent('BC.cond', 'FEAT_HBC', '01010100 imm19:19 1 cond:4')]),
  encodingClass('Miscellaneous branch (immediate)', '01010101 opc:3 imm16:16 op2:5', [
    absent('RETAASPPC, RETABSPPC', 'FEAT_PAuth_LR', '01010101 00 M:1 imm16:16 11111'),
  ]),
  encodingClass('Compare registers and branch', 'sf:1 1110100 cc:3 Rm:5 op:2 imm9:9 Rt:5', [
    absent('CB* (register)', 'FEAT_CMPBR', 'sf:1 1110100 cc:3 Rm:5 00 imm9:9 Rt:5'),
    absent('CBB*, CBH*', 'FEAT_CMPBR', '0 1110100 cc:3 Rm:5 1 H:1 imm9:9 Rt:5'),
  ]),
  encodingClass('Compare register with immediate and branch', 'sf:1 1110101 cc:3 imm6:6 op:1 imm9:9 Rt:5', [
    absent('CB* (immediate)', 'FEAT_CMPBR', 'sf:1 1110101 cc:3 imm6:6 0 imm9:9 Rt:5'),
  ]),
  encodingClass('Unconditional branch (register)', '1101011 opc:4 op2:5 op3:6 Rn:5 op4:5', [
    absent('BRAAZ, BRABZ, BLRAAZ, BLRABZ', 'FEAT_PAuth', '1101011 000 L:1 11111 00001 M:1 Rn:5 11111'),
    absent('RETAA, RETAB', 'FEAT_PAuth', '1101011 0010 11111 00001 M:1 11111 11111'),
    absent('RETAASPPCR, RETABSPPCR', 'FEAT_PAuth_LR', '1101011 0010 11111 00001 M:1 11111 0 Rm:4', '1101011 0010 11111 00001 M:1 11111 10 Rm:3',
      '1101011 0010 11111 00001 M:1 11111 110 Rm:2', '1101011 0010 11111 00001 M:1 11111 1110 Rm:1', '1101011 0010 11111 00001 M:1 11111 11110'),
    absent('ERETAA, ERETAB', 'FEAT_PAuth', '1101011 0100 11111 00001 M:1 11111 11111'),
    absent('TEXIT', 'FEAT_TEV', '1101011 0111 11111 00000 NB:1 11111 00000'),
    absent('DRPS', 'Debug state', '1101011 0101 11111 000000 11111 00000'),
    absent('BRAA, BRAB, BLRAA, BLRAB', 'FEAT_PAuth', '1101011 100 L:1 11111 00001 M:1 Rn:5 Rm:5'),
  ]),
  encodingClass('Unconditional branch (immediate)', 'op:1 00101 imm26:26'),
  encodingClass('Compare and branch (immediate)', 'sf:1 011010 op:1 imm19:19 Rt:5'),
  encodingClass('Test and branch (immediate)', 'b5:1 011011 op:1 b40:5 imm14:14 Rt:5'),
];

const SYS = '1101010100 0 01';
/** SYS and SYSL: what the manual has names for, by whose it is. */
const OPERATIONS = [
  absent('TLBI with the nXS qualifier', 'FEAT_XS', `${SYS} op1:3 1001 CRm:4 op2:3 Rt:5`),
  absent('IC, DC, AT, TLBI, MLBI of EL2', 'EL2', `${SYS} 100 0111 CRm:4 op2:3 Rt:5`, `${SYS} 100 1000 CRm:4 op2:3 Rt:5`),
  absent('IC, DC, AT, TLBI, APAS of EL3', 'EL3', `${SYS} 110 0111 CRm:4 op2:3 Rt:5`, `${SYS} 110 1000 CRm:4 op2:3 Rt:5`),
  absent('DC IGVAC, DC IGDVAC', 'FEAT_MTE', `${SYS} 000 0111 0110 011 Rt:5`, `${SYS} 000 0111 0110 101 Rt:5`),
  absent('DC IGSW, DC IGDSW, DC CGSW, DC CGDSW, DC CIGSW, DC CIGDSW', 'FEAT_MTE',
    ...['0110', '1010', '1110'].flatMap(n => [`${SYS} 000 0111 ${n} 100 Rt:5`, `${SYS} 000 0111 ${n} 110 Rt:5`])),
  absent('DC GVA, DC GZVA', 'FEAT_MTE', `${SYS} 011 0111 0100 011 Rt:5`, `${SYS} 011 0111 0100 100 Rt:5`),
  absent('DC CGVAC, CGDVAC, CGVAP, CGDVAP, CGVADP, CGDVADP, CIGVAC, CIGDVAC', 'FEAT_MTE',
    ...['1010', '1100', '1101', '1110'].flatMap(n => [`${SYS} 011 0111 ${n} 011 Rt:5`, `${SYS} 011 0111 ${n} 101 Rt:5`])),
  absent('AT S1E1A', 'FEAT_ATS1A', `${SYS} 000 0111 1001 010 Rt:5`),
  absent('DC CIVAPS, DC CIGDVAPS', 'FEAT_PoPS', `${SYS} 000 0111 1111 001 Rt:5`, `${SYS} 000 0111 1111 101 Rt:5`),
  absent('DC CVAOC, CIVAOC, CGDVAOC, CIGDVAOC', 'FEAT_OCCMO',
    ...['1011', '1111'].flatMap(n => [`${SYS} 011 0111 ${n} 000 Rt:5`, `${SYS} 011 0111 ${n} 111 Rt:5`])),
  absent('DC ZGBVA, DC GBVA', 'FEAT_MTETC', `${SYS} 011 0111 0100 101 Rt:5`, `${SYS} 011 0111 0100 111 Rt:5`),
  absent('PLBI', 'FEAT_S1POE2', `${SYS} op1:3 1010 CRm:4 op2:3 Rt:5`),
  absent('GIC, GSB', 'FEAT_GCIE', `${SYS} op1:3 1100 CRm:4 op2:3 Rt:5`),
  absent('GICR', 'FEAT_GCIE', '1101010100 1 01 op1:3 1100 CRm:4 op2:3 Rt:5'),
  absent('COSP RCTX', 'FEAT_SPECRES2', `${SYS} 011 0111 0011 110 Rt:5`),
  absent('TRCIT', 'FEAT_ITE', `${SYS} 011 0111 0010 111 Rt:5`),
  absent('BRB IALL, BRB INJ', 'FEAT_BRBE', `${SYS} 001 0111 0010 100 Rt:5`, `${SYS} 001 0111 0010 101 Rt:5`),
  absent('GCSPUSHX, GCSPOPCX, GCSPOPX', 'FEAT_GCS', `${SYS} 000 0111 0111 1 op2:2 Rt:5`),
  absent('GCSPUSHM, GCSSS1', 'FEAT_GCS', `${SYS} 011 0111 0111 0 op2:2 Rt:5`),
  absent('GCSPOPM, GCSSS2', 'FEAT_GCS', '1101010100 1 01 011 0111 0111 0 op2:2 Rt:5'),
];

const SYSTEM: readonly EncodingClass[] = [
  encodingClass('Exception generation', '11010100 opc:3 imm16:16 op2:3 LL:2', [
    absent('TCANCEL', 'FEAT_TME', '11010100 011 imm16:16 000 00'),
    absent('TENTER', 'FEAT_TEV', '11010100 111 000000000 imm7:7 000 0 NC:1'),
    absent('DCPS1, DCPS2, DCPS3', 'Debug state', '11010100 101 imm16:16 000 01', '11010100 101 imm16:16 000 1 L:1'),
  ]),
  encodingClass('System instructions with register argument', '11010101000000110001 CRm:4 op2:3 Rt:5'),
  encodingClass('Hints', '11010101000000110010 CRm:4 op2:3 11111'),
  encodingClass('Barriers', '11010101000000110011 CRm:4 op2:3 Rt:5', [
    absent('DSB with the nXS qualifier', 'FEAT_XS', '11010101000000110011 imm2:2 10 001 11111'),
    absent('TCOMMIT', 'FEAT_TME', '11010101000000110011 0000 011 11111'),
  ]),
  encodingClass('PSTATE', '1101010100000 op1:3 0100 CRm:4 op2:3 Rt:5', [
    absent('MSR ALLINT', 'FEAT_NMI', '1101010100000 001 0100 000 imm1:1 000 11111'),
    absent('MSR PM', 'FEAT_EBEP', '1101010100000 001 0100 001 imm1:1 000 11111'),
    absent('MSR TCO', 'FEAT_MTE', '1101010100000 011 0100 000 imm1:1 100 11111'),
    absent('SMSTART, SMSTOP', 'FEAT_SME', '1101010100000 011 0100 0 SM:1 1 imm1:1 011 11111', '1101010100000 011 0100 010 imm1:1 011 11111'),
  ]),
  encodingClass('System with result', '1101010100100 op1:3 CRn:4 CRm:4 op2:3 Rt:5', [
    absent('TSTART, TTEST', 'FEAT_TME', '1101010100100 011 0011 000 T:1 011 Rt:5'),
  ]),
  encodingClass('System instructions', '1101010100 L:1 01 op1:3 CRn:4 CRm:4 op2:3 Rt:5', OPERATIONS),
  encodingClass('System register move', '1101010100 L:1 1 o0:1 op1:3 CRn:4 CRm:4 op2:3 Rt:5'),
  encodingClass('Change of thread index', '11010101 100 i:1 0 B:1 NB:1 0 0000 imm7:7 Rd:5', [
    absent('TCHANGEB, TCHANGEF', 'FEAT_TEV', '11010101 100 i:1 0 B:1 NB:1 0 0000 imm7:7 Rd:5'),
  ]),
  encodingClass('System pair instructions', '1101010101 L:1 01 op1:3 CRn:4 CRm:4 op2:3 Rt:5', [
    absent('SYSP, TLBIP', 'FEAT_SYSINSTR128', '1101010101 0 01 op1:3 CRn:4 CRm:4 op2:3 Rt:5'),
  ]),
  encodingClass('System register pair move', '1101010101 L:1 1 o0:1 op1:3 CRn:4 CRm:4 op2:3 Rt:5', [
    absent('MRRS, MSRR', 'FEAT_SYSREG128', '1101010101 L:1 1 o0:1 op1:3 CRn:4 CRm:4 op2:3 Rt:5'),
  ]),
];

export const BRANCHES_SYSTEM: readonly EncodingClass[] = [...BRANCHES, ...SYSTEM];
