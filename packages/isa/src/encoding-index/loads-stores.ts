/** Loads and stores (DDI 0487 C4.1.94). */
import { absent, type EncodingClass, encodingClass } from './class.ts';

const STRUCTURES: readonly EncodingClass[] = [
  encodingClass('Advanced SIMD load/store multiple structures', '0 Q:1 0011000 L:1 000000 opcode:4 size:2 Rn:5 Rt:5'),
  encodingClass('Advanced SIMD load/store multiple structures (post-indexed)', '0 Q:1 0011001 L:1 0 Rm:5 opcode:4 size:2 Rn:5 Rt:5'),
  encodingClass('Advanced SIMD load/store single structure', '0 Q:1 0011010 L:1 R:1 0000 o2:1 opcode:3 S:1 size:2 Rn:5 Rt:5', [
    absent('LDAP1, STL1 (SIMD&FP)', 'FEAT_LRCPC3', '0 Q:1 0011010 L:1 0 00001 100 0 01 Rn:5 Rt:5'),
  ]),
  encodingClass('Advanced SIMD load/store single structure (post-indexed)', '0 Q:1 0011011 L:1 R:1 Rm:5 opcode:3 S:1 size:2 Rn:5 Rt:5'),
];

const EXCLUSIVE: readonly EncodingClass[] = [
  encodingClass('Compare and swap pair', '0 sz:1 001000 0 L:1 1 Rs:5 o0:1 Rt2:5 Rn:5 Rt:5'),
  encodingClass('Load/store exclusive pair', '1 sz:1 001000 0 L:1 1 Rs:5 o0:1 Rt2:5 Rn:5 Rt:5'),
  encodingClass('Load/store exclusive register', 'size:2 001000 0 L:1 0 Rs:5 o0:1 Rt2:5 Rn:5 Rt:5'),
  encodingClass('Load/store ordered', 'size:2 001000 1 L:1 0 Rs:5 o0:1 Rt2:5 Rn:5 Rt:5'),
  encodingClass('Compare and swap', 'size:2 001000 1 L:1 1 Rs:5 o0:1 Rt2:5 Rn:5 Rt:5'),
  encodingClass('Load/store exclusive register (unprivileged)', 'size:2 001001 0 L:1 0 Rs:5 o0:1 Rt2:5 Rn:5 Rt:5', [
    absent('LDTXR, STTXR, LDATXR, STLTXR', 'FEAT_LSUI', '1 sz:1 001001 0 L:1 0 Rs:5 o0:1 Rt2:5 Rn:5 Rt:5'),
  ]),
  encodingClass('Compare and swap pair (unprivileged)', '0 sz:1 001001 1 L:1 0 Rs:5 o0:1 Rt2:5 Rn:5 Rt:5', [
    absent('CASPT, CASPAT, CASPLT, CASPALT', 'FEAT_LSUI', '01 001001 1 L:1 0 Rs:5 o0:1 Rt2:5 Rn:5 Rt:5'),
  ]),
  encodingClass('Compare and swap (unprivileged)', '1 sz:1 001001 1 L:1 0 Rs:5 o0:1 Rt2:5 Rn:5 Rt:5', [
    absent('CAST, CASAT, CASLT, CASALT', 'FEAT_LSUI', '11 001001 1 L:1 0 Rs:5 o0:1 Rt2:5 Rn:5 Rt:5'),
  ]),
];

const ORDERED: readonly EncodingClass[] = [
  encodingClass('RCW compare and swap', '0 S:1 011001 A:1 R:1 1 Rs:5 000010 Rn:5 Rt:5', [
    absent('RCWCAS, RCWSCAS', 'FEAT_THE', '0 S:1 011001 A:1 R:1 1 Rs:5 000010 Rn:5 Rt:5'),
  ]),
  encodingClass('RCW compare and swap pair', '0 S:1 011001 A:1 R:1 1 Rs:5 000011 Rn:5 Rt:5', [
    absent('RCWCASP, RCWSCASP', 'FEAT_THE and FEAT_D128', '0 S:1 011001 A:1 R:1 1 Rs:5 000011 Rn:5 Rt:5'),
  ]),
  encodingClass('128-bit atomic memory operations', '0 S:1 011001 A:1 R:1 1 Rt2:5 o3:1 opc:3 00 Rn:5 Rt:5', [
    absent('LDCLRP, LDSETP', 'FEAT_LSE128', '00 011001 A:1 R:1 1 Rt2:5 00 set:1 1 00 Rn:5 Rt:5'),
    absent('SWPP', 'FEAT_LSE128', '00 011001 A:1 R:1 1 Rt2:5 1000 00 Rn:5 Rt:5'),
    absent('RCWCLRP, RCWSCLRP, RCWSWPP, RCWSSWPP, RCWSETP, RCWSSETP', 'FEAT_THE and FEAT_D128',
      '0 S:1 011001 A:1 R:1 1 Rt2:5 1001 00 Rn:5 Rt:5', '0 S:1 011001 A:1 R:1 1 Rt2:5 101 o:1 00 Rn:5 Rt:5'),
  ]),
  encodingClass('Atomic memory operations (unprivileged)', '0 sz:1 011001 A:1 R:1 1 Rs:5 o3:1 opc:3 01 Rn:5 Rt:5', [
    absent('LDTADD, LDTCLR, LDTSET, STTADD, STTCLR, STTSET', 'FEAT_LSUI',
      '0 sz:1 011001 A:1 R:1 1 Rs:5 000 o:1 01 Rn:5 Rt:5', '0 sz:1 011001 A:1 R:1 1 Rs:5 0011 01 Rn:5 Rt:5'),
    absent('SWPT', 'FEAT_LSUI', '0 sz:1 011001 A:1 R:1 1 Rs:5 1000 01 Rn:5 Rt:5'),
  ]),
  encodingClass('GCS load/store', '11011001 000 11111 000 opc:1 11 Rn:5 Rt:5', [absent('GCSSTR, GCSSTTR', 'FEAT_GCS', '11011001 000 11111 000 opc:1 11 Rn:5 Rt:5')]),
  encodingClass('Load/store memory tags', '11011001 opc:2 1 imm9:9 op2:2 Rn:5 Rt:5', [
    absent('STG, STZG, ST2G, STZ2G', 'FEAT_MTE', '11011001 opc:2 1 imm9:9 01 Rn:5 Rt:5', '11011001 opc:2 1 imm9:9 1 op2:1 Rn:5 Rt:5'),
    absent('LDG', 'FEAT_MTE', '11011001 01 1 imm9:9 00 Rn:5 Rt:5'),
    absent('STZGM, STGM, LDGM', 'FEAT_MTE2', '11011001 00 1 000000000 00 Rn:5 Rt:5', '11011001 1 L:1 1 000000000 00 Rn:5 Rt:5'),
  ]),
  encodingClass('LDIAPP/STILP', 'size:2 011001 0 L:1 0 Rt2:5 opc2:4 10 Rn:5 Rt:5', [
    absent('LDIAPP, STILP', 'FEAT_LRCPC3', '1 sz:1 011001 0 L:1 0 Rt2:5 000 opc2:1 10 Rn:5 Rt:5'),
    absent('LDAP, LDAPP, STLP', 'FEAT_LSCP', '11 011001 0 L:1 0 Rt2:5 0101 10 Rn:5 Rt:5', '11 011001 0 1 0 Rt2:5 0111 10 Rn:5 Rt:5'),
  ]),
  encodingClass('LDAPR/STLR (writeback)', 'size:2 011001 1 L:1 0 Rt2:5 opc2:4 10 Rn:5 Rt:5', [
    absent('LDAPR (post-index), STLR (pre-index)', 'FEAT_LRCPC3', '1 sz:1 011001 1 L:1 0 00000 0000 10 Rn:5 Rt:5'),
  ]),
  encodingClass('LDAPR/STLR (unscaled immediate)', 'size:2 011001 opc:2 0 imm9:9 00 Rn:5 Rt:5'),
  encodingClass('LDAPR/STLR (SIMD&FP)', 'size:2 011101 opc:2 0 imm9:9 10 Rn:5 Rt:5', [
    absent('LDAPUR, STLUR (SIMD&FP)', 'FEAT_LRCPC3', 'size:2 011101 0 L:1 0 imm9:9 10 Rn:5 Rt:5', '00 011101 1 L:1 0 imm9:9 10 Rn:5 Rt:5'),
  ]),
  encodingClass('Memory set (tags only)', '00 011 1 01 11 0 11111 op2:4 00 Rn:5 Rd:5', [
    absent('SETGO*', 'FEAT_MOPS_GO', '00 011 1 01 11 0 11111 0 op2:3 00 Rn:5 Rd:5', '00 011 1 01 11 0 11111 10 op2:2 00 Rn:5 Rd:5'),
  ]),
  encodingClass('Memory copy and memory set', 'size:2 011 o0:1 01 op1:2 0 Rs:5 op2:4 01 Rn:5 Rd:5', [
    absent('CPYF*, CPY*', 'FEAT_MOPS',
      '00 011 o0:1 01 00 0 Rs:5 op2:4 01 Rn:5 Rd:5', '00 011 o0:1 01 01 0 Rs:5 op2:4 01 Rn:5 Rd:5', '00 011 o0:1 01 10 0 Rs:5 op2:4 01 Rn:5 Rd:5'),
    absent('SET*, SETG*', 'FEAT_MOPS', '00 011 o0:1 01 11 0 Rs:5 0 op2:3 01 Rn:5 Rd:5', '00 011 o0:1 01 11 0 Rs:5 10 op2:2 01 Rn:5 Rd:5'),
  ]),
];

const unprivilegedPair = (bits: string, names = 'LDTP, STTP') => absent(names, 'FEAT_LSUI', `11 101 V:1 ${bits} L:1 imm7:7 Rt2:5 Rn:5 Rt:5`);
const tagPair = (bits: string) => absent('STGP', 'FEAT_MTE', `01 101 0 ${bits} 0 imm7:7 Rt2:5 Rn:5 Rt:5`);

const PAIRS: readonly EncodingClass[] = [
  encodingClass('Load/store no-allocate pair (offset)', 'opc:2 101 V:1 000 L:1 imm7:7 Rt2:5 Rn:5 Rt:5', [unprivilegedPair('000', 'LDTNP, STTNP')]),
  encodingClass('Load/store register pair (post-indexed)', 'opc:2 101 V:1 001 L:1 imm7:7 Rt2:5 Rn:5 Rt:5', [unprivilegedPair('001'), tagPair('001')]),
  encodingClass('Load/store register pair (offset)', 'opc:2 101 V:1 010 L:1 imm7:7 Rt2:5 Rn:5 Rt:5', [unprivilegedPair('010'), tagPair('010')]),
  encodingClass('Load/store register pair (pre-indexed)', 'opc:2 101 V:1 011 L:1 imm7:7 Rt2:5 Rn:5 Rt:5', [unprivilegedPair('011'), tagPair('011')]),
];

const ATOMIC = [
  absent('LD64B', 'FEAT_LS64', '11 111 0 00 0 0 1 11111 1101 00 Rn:5 Rt:5'),
  absent('ST64B', 'FEAT_LS64', '11 111 0 00 0 0 1 11111 1001 00 Rn:5 Rt:5'),
  absent('ST64BV', 'FEAT_LS64_V', '11 111 0 00 0 0 1 Rs:5 1011 00 Rn:5 Rt:5'),
  absent('ST64BV0', 'FEAT_LS64_ACCDATA', '11 111 0 00 0 0 1 Rs:5 1010 00 Rn:5 Rt:5'),
  absent('RCWCLR, RCWSCLR, RCWSWP, RCWSSWP, RCWSET, RCWSSET', 'FEAT_THE',
    '0 S:1 111 0 00 A:1 R:1 1 Rs:5 1001 00 Rn:5 Rt:5', '0 S:1 111 0 00 A:1 R:1 1 Rs:5 101 o:1 00 Rn:5 Rt:5'),
  absent('LDF*, LDBF* (floating-point add, maximum, minimum)', 'FEAT_LSFE',
    ...['0000', '0100', '0101', '0110', '0111'].map(o => `size:2 111 1 00 A:1 R:1 1 Rs:5 ${o} 00 Rn:5 Rt:5`)),
  absent('STF*, STBF* (floating-point add, maximum, minimum)', 'FEAT_LSFE',
    ...['1000', '1100', '1101', '1110', '1111'].map(o => `size:2 111 1 00 0 R:1 1 Rs:5 ${o} 00 Rn:5 11111`)),
];

const REGISTER: readonly EncodingClass[] = [
  encodingClass('Load register (literal)', 'opc:2 011 V:1 00 imm19:19 Rt:5'),
  encodingClass('Load/store register (unscaled immediate)', 'size:2 111 V:1 00 opc:2 0 imm9:9 00 Rn:5 Rt:5'),
  encodingClass('Load/store register (immediate post-indexed)', 'size:2 111 V:1 00 opc:2 0 imm9:9 01 Rn:5 Rt:5'),
  encodingClass('Load/store register (unprivileged)', 'size:2 111 V:1 00 opc:2 0 imm9:9 10 Rn:5 Rt:5'),
  encodingClass('Load/store register (immediate pre-indexed)', 'size:2 111 V:1 00 opc:2 0 imm9:9 11 Rn:5 Rt:5'),
  encodingClass('Atomic memory operations', 'size:2 111 V:1 00 A:1 R:1 1 Rs:5 o3:1 opc:3 00 Rn:5 Rt:5', ATOMIC),
  encodingClass('Load/store register (register offset)', 'size:2 111 V:1 00 opc:2 1 Rm:5 option:3 S:1 10 Rn:5 Rt:5'),
  encodingClass('Load/store register (pac)', 'size:2 111 V:1 00 M:1 S:1 1 imm9:9 W:1 1 Rn:5 Rt:5', [
    absent('LDRAA, LDRAB', 'FEAT_PAuth', '11 111 0 00 M:1 S:1 1 imm9:9 W:1 1 Rn:5 Rt:5'),
  ]),
  encodingClass('Load/store register (unsigned immediate)', 'size:2 111 V:1 01 opc:2 imm12:12 Rn:5 Rt:5'),
];

export const LOADS_STORES: readonly EncodingClass[] = [...STRUCTURES, ...EXCLUSIVE, ...ORDERED, ...PAIRS, ...REGISTER];
