/** Data processing, immediate and register (DDI 0487 C4.1.86 and C4.1.95). */
import { absent, type EncodingClass, encodingClass } from './class.ts';

export const IMMEDIATE: readonly EncodingClass[] = [
  encodingClass('PC-rel. addressing', 'op:1 immlo:2 10000 immhi:19 Rd:5'),
  encodingClass('Add/subtract (immediate)', 'sf:1 op:1 S:1 100010 sh:1 imm12:12 Rn:5 Rd:5'),
  encodingClass('Add/subtract (immediate, with tags)', 'sf:1 op:1 S:1 100011 0 uimm6:6 op3:2 uimm4:4 Rn:5 Rd:5', [
    absent('ADDG, SUBG', 'FEAT_MTE', '1 op:1 0 100011 0 uimm6:6 op3:2 uimm4:4 Rn:5 Rd:5'),
  ]),
  encodingClass('Min/max (immediate)', 'sf:1 op:1 S:1 100011 1 opc:4 imm8:8 Rn:5 Rd:5', [
    absent('SMAX, UMAX, SMIN, UMIN (immediate)', 'FEAT_CSSC', 'sf:1 0 0 100011 1 00 opc:2 imm8:8 Rn:5 Rd:5'),
  ]),
  encodingClass('Logical (immediate)', 'sf:1 opc:2 100100 N:1 immr:6 imms:6 Rn:5 Rd:5'),
  encodingClass('Move wide (immediate)', 'sf:1 opc:2 100101 hw:2 imm16:16 Rd:5'),
  encodingClass('Bitfield', 'sf:1 opc:2 100110 N:1 immr:6 imms:6 Rn:5 Rd:5'),
  encodingClass('Extract', 'sf:1 op21:2 100111 N:1 o0:1 Rm:5 imms:6 Rn:5 Rd:5', [], ['sf:1 11 100111 opc:2 imm16:16 Rd:5']),
  encodingClass('Data-processing (1 source immediate)', 'sf:1 11 100111 opc:2 imm16:16 Rd:5', [
    absent('AUTIASPPC, AUTIBSPPC', 'FEAT_PAuth_LR', '1 11 100111 0 opc:1 imm16:16 11111'),
  ]),
];

const ONE_SOURCE = [
  absent('CTZ, CNT', 'FEAT_CSSC', 'sf:1 1 0 11010110 00000 00011 op:1 Rn:5 Rd:5'),
  absent('ABS', 'FEAT_CSSC', 'sf:1 1 0 11010110 00000 001000 Rn:5 Rd:5'),
  absent('PACIA, PACIB, PACDA, PACDB, AUTIA, AUTIB, AUTDA, AUTDB', 'FEAT_PAuth', '1 1 0 11010110 00001 000 op:3 Rn:5 Rd:5'),
  absent('PACIZA, PACIZB, PACDZA, PACDZB, AUTIZA, AUTIZB, AUTDZA, AUTDZB', 'FEAT_PAuth', '1 1 0 11010110 00001 001 op:3 11111 Rd:5'),
  absent('XPACI, XPACD', 'FEAT_PAuth', '1 1 0 11010110 00001 01000 D:1 11111 Rd:5'),
  absent('PACNBIASPPC, PACNBIBSPPC', 'FEAT_PAuth_LR', '1 1 0 11010110 00001 10000 B:1 11111 11110'),
  absent('PACIASPPC, PACIBSPPC', 'FEAT_PAuth_LR', '1 1 0 11010110 00001 10100 B:1 11111 11110'),
  absent('AUTIASPPCR, AUTIBSPPCR', 'FEAT_PAuth_LR', '1 1 0 11010110 00001 10010 B:1 Rn:5 11110'),
];
const TWO_SOURCES = [
  absent('SUBP, SUBPS', 'FEAT_MTE', '1 0 S:1 11010110 Xm:5 000000 Xn:5 Xd:5'),
  absent('IRG', 'FEAT_MTE', '1 0 0 11010110 Xm:5 000100 Xn:5 Xd:5'),
  absent('GMI', 'FEAT_MTE', '1 0 0 11010110 Xm:5 000101 Xn:5 Xd:5'),
  absent('PACGA', 'FEAT_PAuth', '1 0 0 11010110 Rm:5 001100 Rn:5 Rd:5'),
  absent('SMAX, UMAX, SMIN, UMIN (register)', 'FEAT_CSSC', 'sf:1 0 0 11010110 Rm:5 0110 opc:2 Rn:5 Rd:5'),
];

export const REGISTER: readonly EncodingClass[] = [
  encodingClass('Data-processing (2 source)', 'sf:1 0 S:1 11010110 Rm:5 opcode:6 Rn:5 Rd:5', TWO_SOURCES),
  encodingClass('Data-processing (1 source)', 'sf:1 1 S:1 11010110 opcode2:5 opcode:6 Rn:5 Rd:5', ONE_SOURCE),
  encodingClass('Logical (shifted register)', 'sf:1 opc:2 01010 shift:2 N:1 Rm:5 imm6:6 Rn:5 Rd:5'),
  encodingClass('Add/subtract (shifted register)', 'sf:1 op:1 S:1 01011 shift:2 0 Rm:5 imm6:6 Rn:5 Rd:5'),
  encodingClass('Add/subtract (extended register)', 'sf:1 op:1 S:1 01011 opt:2 1 Rm:5 option:3 imm3:3 Rn:5 Rd:5'),
  encodingClass('Add/subtract (with carry)', 'sf:1 op:1 S:1 11010000 Rm:5 000000 Rn:5 Rd:5'),
  encodingClass('Add/subtract (checked pointer)', 'sf:1 op:1 S:1 11010000 Rm:5 001 imm3:3 Rn:5 Rd:5', [
    absent('ADDPT, SUBPT', 'FEAT_CPA', '1 op:1 0 11010000 Rm:5 001 imm3:3 Rn:5 Rd:5'),
  ]),
  encodingClass('Rotate right into flags', 'sf:1 op:1 S:1 11010000 imm6:6 00001 Rn:5 o2:1 mask:4'),
  encodingClass('Evaluate into flags', 'sf:1 op:1 S:1 11010000 opcode2:6 sz:1 0010 Rn:5 o3:1 mask:4'),
  encodingClass('Conditional compare (register)', 'sf:1 op:1 S:1 11010010 Rm:5 cond:4 0 o2:1 Rn:5 o3:1 nzcv:4'),
  encodingClass('Conditional compare (immediate)', 'sf:1 op:1 S:1 11010010 imm5:5 cond:4 1 o2:1 Rn:5 o3:1 nzcv:4'),
  encodingClass('Conditional select', 'sf:1 op:1 S:1 11010100 Rm:5 cond:4 op2:2 Rn:5 Rd:5'),
  encodingClass('Data-processing (3 source)', 'sf:1 op54:2 11011 op31:3 Rm:5 o0:1 Ra:5 Rn:5 Rd:5', [
    absent('MADDPT, MSUBPT', 'FEAT_CPA', '1 00 11011 011 Rm:5 o0:1 Ra:5 Rn:5 Rd:5'),
  ]),
];
