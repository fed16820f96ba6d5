/** Data processing, scalar floating-point and Advanced SIMD (DDI 0487 C4.1.96). */
import { absent, type EncodingClass, encodingClass } from './class.ts';

const CRYPTO: readonly EncodingClass[] = [
  encodingClass('Cryptographic AES', '01001110 size:2 10100 opcode:5 10 Rn:5 Rd:5'),
  encodingClass('Cryptographic three-register SHA', '01011110 size:2 0 Rm:5 0 opcode:3 00 Rn:5 Rd:5'),
  encodingClass('Cryptographic two-register SHA', '01011110 size:2 10100 opcode:5 10 Rn:5 Rd:5'),
  encodingClass('Cryptographic three-register, imm2', '11001110010 Rm:5 10 imm2:2 opcode:2 Rn:5 Rd:5', [
    absent('SM3TT1A, SM3TT1B, SM3TT2A, SM3TT2B', 'FEAT_SM3', '11001110010 Rm:5 10 imm2:2 opcode:2 Rn:5 Rd:5'),
  ]),
  encodingClass('Cryptographic three-register SHA 512', '11001110011 Rm:5 1 O:1 00 opcode:2 Rn:5 Rd:5', [
    absent('SM3PARTW1, SM3PARTW2', 'FEAT_SM3', '11001110011 Rm:5 1 1 00 0 o:1 Rn:5 Rd:5'),
    absent('SM4EKEY', 'FEAT_SM4', '11001110011 Rm:5 1 1 00 10 Rn:5 Rd:5'),
  ]),
  encodingClass('Cryptographic four-register', '110011100 Op0:2 Rm:5 0 Ra:5 Rn:5 Rd:5', [
    absent('SM3SS1', 'FEAT_SM3', '110011100 10 Rm:5 0 Ra:5 Rn:5 Rd:5'),
  ]),
  encodingClass('Cryptographic three-register, imm6', '11001110100 Rm:5 imm6:6 Rn:5 Rd:5'),
  encodingClass('Cryptographic two-register SHA 512', '11001110110000001000 opcode:2 Rn:5 Rd:5', [
    absent('SM4E', 'FEAT_SM4', '11001110110000001000 01 Rn:5 Rd:5'),
  ]),
];

const SCALAR: readonly EncodingClass[] = [
  encodingClass('Advanced SIMD scalar copy', '01 op:1 11110000 imm5:5 0 imm4:4 1 Rn:5 Rd:5'),
  encodingClass('Advanced SIMD scalar three same FP16', '01 U:1 11110 a:1 10 Rm:5 00 opcode:3 1 Rn:5 Rd:5'),
  encodingClass('Advanced SIMD scalar two-register miscellaneous FP16', '01 U:1 11110 a:1 111100 opcode:5 10 Rn:5 Rd:5'),
  encodingClass('Advanced SIMD scalar three same extra', '01 U:1 11110 size:2 0 Rm:5 1 opcode:4 1 Rn:5 Rd:5'),
  encodingClass('Advanced SIMD scalar two-register miscellaneous', '01 U:1 11110 size:2 10000 opcode:5 10 Rn:5 Rd:5'),
  encodingClass('Advanced SIMD scalar pairwise', '01 U:1 11110 size:2 11000 opcode:5 10 Rn:5 Rd:5'),
  encodingClass('Advanced SIMD scalar three different', '01 U:1 11110 size:2 1 Rm:5 opcode:4 00 Rn:5 Rd:5'),
  encodingClass('Advanced SIMD scalar three same', '01 U:1 11110 size:2 1 Rm:5 opcode:5 1 Rn:5 Rd:5'),
  encodingClass('Advanced SIMD scalar shift by immediate', '01 U:1 111110 immh:4 immb:3 opcode:5 1 Rn:5 Rd:5'),
  encodingClass('Advanced SIMD scalar x indexed element', '01 U:1 11111 size:2 L:1 M:1 Rm:4 opcode:4 H:1 0 Rn:5 Rd:5'),
];

const EXTRA = [
  absent('USDOT (vector)', 'FEAT_I8MM', '0 Q:1 0 01110 10 0 Rm:5 1 0011 1 Rn:5 Rd:5'),
  absent('SMMLA, UMMLA', 'FEAT_I8MM', '01 U:1 01110 10 0 Rm:5 1 0100 1 Rn:5 Rd:5'),
  absent('USMMLA', 'FEAT_I8MM', '01 0 01110 10 0 Rm:5 1 0101 1 Rn:5 Rd:5'),
  absent('BFDOT (vector)', 'FEAT_BF16', '0 Q:1 1 01110 01 0 Rm:5 1 1111 1 Rn:5 Rd:5'),
  absent('BFMMLA', 'FEAT_BF16', '01 1 01110 01 0 Rm:5 1 1101 1 Rn:5 Rd:5'),
  absent('BFMLALB, BFMLALT (vector)', 'FEAT_BF16', '0 Q:1 1 01110 11 0 Rm:5 1 1111 1 Rn:5 Rd:5'),
  absent('FCVTN, FCVTN2 (to 8-bit floating point)', 'FEAT_FP8', '0 Q:1 0 01110 0 size:1 0 Rm:5 1 1110 1 Rn:5 Rd:5'),
  absent('FDOT (vector, 8-bit to single precision)', 'FEAT_FP8DOT4', '0 Q:1 0 01110 00 0 Rm:5 1 1111 1 Rn:5 Rd:5'),
  absent('FDOT (vector, 8-bit to half precision)', 'FEAT_FP8DOT2', '0 Q:1 0 01110 01 0 Rm:5 1 1111 1 Rn:5 Rd:5'),
  absent('FDOT (vector, half to single precision)', 'FEAT_F16F32DOT', '0 Q:1 0 01110 10 0 Rm:5 1 1111 1 Rn:5 Rd:5'),
  absent('FMLALB, FMLALT (vector)', 'FEAT_FP8FMA', '0 Q:1 0 01110 11 0 Rm:5 1 1111 1 Rn:5 Rd:5'),
  absent('FMLALLBB, FMLALLBT, FMLALLTB, FMLALLTT (vector)', 'FEAT_FP8FMA', '0 Q:1 0 01110 0 size:1 0 Rm:5 1 1000 1 Rn:5 Rd:5'),
  absent('FMMLA (8-bit to half precision)', 'FEAT_F8F16MM', '01 1 01110 00 0 Rm:5 1 1101 1 Rn:5 Rd:5'),
  absent('FMMLA (8-bit to single precision)', 'FEAT_F8F32MM', '01 1 01110 10 0 Rm:5 1 1101 1 Rn:5 Rd:5'),
  absent('FMMLA (half precision)', 'FEAT_F16MM', '01 0 01110 11 0 Rm:5 1 1101 1 Rn:5 Rd:5'),
  absent('FMMLA (half to single precision)', 'FEAT_F16F32MM', '01 0 01110 01 0 Rm:5 1 1101 1 Rn:5 Rd:5'),
];
const BY_ELEMENT = [
  absent('SUDOT (by element)', 'FEAT_I8MM', '0 Q:1 0 01111 00 L:1 M:1 Rm:4 1111 H:1 0 Rn:5 Rd:5'),
  absent('USDOT (by element)', 'FEAT_I8MM', '0 Q:1 0 01111 10 L:1 M:1 Rm:4 1111 H:1 0 Rn:5 Rd:5'),
  absent('BFDOT (by element)', 'FEAT_BF16', '0 Q:1 0 01111 01 L:1 M:1 Rm:4 1111 H:1 0 Rn:5 Rd:5'),
  absent('BFMLALB, BFMLALT (by element)', 'FEAT_BF16', '0 Q:1 0 01111 11 L:1 M:1 Rm:4 1111 H:1 0 Rn:5 Rd:5'),
  absent('FDOT (by element, 8-bit to single precision)', 'FEAT_FP8DOT4', '0 Q:1 0 01111 00 L:1 M:1 Rm:4 0000 H:1 0 Rn:5 Rd:5'),
  absent('FDOT (by element, 8-bit to half precision)', 'FEAT_FP8DOT2', '0 Q:1 0 01111 01 L:1 M:1 Rm:4 0000 H:1 0 Rn:5 Rd:5'),
  absent('FDOT (by element, half to single precision)', 'FEAT_F16F32DOT', '0 Q:1 0 01111 01 L:1 M:1 Rm:4 1001 H:1 0 Rn:5 Rd:5'),
  absent('FMLALB, FMLALT (by element)', 'FEAT_FP8FMA', '0 Q:1 0 01111 11 L:1 M:1 Rm:4 0000 H:1 0 Rn:5 Rd:5'),
  absent('FMLALLBB, FMLALLBT, FMLALLTB, FMLALLTT (by element)', 'FEAT_FP8FMA', '0 Q:1 1 01111 0 o:1 L:1 M:1 Rm:4 1000 H:1 0 Rn:5 Rd:5'),
];
const VECTOR: readonly EncodingClass[] = [
  encodingClass('Advanced SIMD table lookup', '0 Q:1 001110 op2:2 0 Rm:5 0 len:2 op:1 00 Rn:5 Rd:5', [
    absent('LUTI2', 'FEAT_LUT', '0 1 001110 10 0 Rm:5 0 len:2 1 00 Rn:5 Rd:5', '0 1 001110 11 0 Rm:5 0 len:2 op:1 00 Rn:5 Rd:5'),
    absent('LUTI4', 'FEAT_LUT', '0 1 001110 01 0 Rm:5 0 i:1 10 00 Rn:5 Rd:5', '0 1 001110 01 0 Rm:5 0 i:2 1 00 Rn:5 Rd:5'),
  ]),
  encodingClass('Advanced SIMD permute', '0 Q:1 001110 size:2 0 Rm:5 0 opcode:3 10 Rn:5 Rd:5'),
  encodingClass('Advanced SIMD extract', '0 Q:1 101110 op2:2 0 Rm:5 0 imm4:4 0 Rn:5 Rd:5'),
  encodingClass('Advanced SIMD copy', '0 Q:1 op:1 01110000 imm5:5 0 imm4:4 1 Rn:5 Rd:5'),
  encodingClass('Advanced SIMD three same (FP16)', '0 Q:1 U:1 01110 a:1 10 Rm:5 00 opcode:3 1 Rn:5 Rd:5', [
    absent('FAMAX, FAMIN (half precision)', 'FEAT_FAMINMAX', '0 Q:1 U:1 01110 1 10 Rm:5 00 011 1 Rn:5 Rd:5'),
    absent('FSCALE (half precision)', 'FEAT_FP8', '0 Q:1 1 01110 1 10 Rm:5 00 111 1 Rn:5 Rd:5'),
  ]),
  encodingClass('Advanced SIMD two-register miscellaneous (FP16)', '0 Q:1 U:1 01110 a:1 111100 opcode:5 10 Rn:5 Rd:5'),
  encodingClass('Advanced SIMD three-register extension', '0 Q:1 U:1 01110 size:2 0 Rm:5 1 opcode:4 1 Rn:5 Rd:5', EXTRA),
  encodingClass('Advanced SIMD two-register miscellaneous', '0 Q:1 U:1 01110 size:2 10000 opcode:5 10 Rn:5 Rd:5', [
    absent('BFCVTN, BFCVTN2', 'FEAT_BF16', '0 Q:1 0 01110 10 10000 10110 10 Rn:5 Rd:5'),
    absent('F1CVTL, F2CVTL, BF1CVTL, BF2CVTL', 'FEAT_FP8', '0 Q:1 1 01110 size:2 10000 10111 10 Rn:5 Rd:5'),
  ]),
  encodingClass('Advanced SIMD across lanes', '0 Q:1 U:1 01110 size:2 11000 opcode:5 10 Rn:5 Rd:5'),
  encodingClass('Advanced SIMD three different', '0 Q:1 U:1 01110 size:2 1 Rm:5 opcode:4 00 Rn:5 Rd:5'),
  encodingClass('Advanced SIMD three same', '0 Q:1 U:1 01110 size:2 1 Rm:5 opcode:5 1 Rn:5 Rd:5', [
    absent('FAMAX, FAMIN', 'FEAT_FAMINMAX', '0 Q:1 U:1 01110 10 1 Rm:5 11011 1 Rn:5 Rd:5', '01 U:1 01110 11 1 Rm:5 11011 1 Rn:5 Rd:5'),
    absent('FSCALE', 'FEAT_FP8', '0 Q:1 1 01110 10 1 Rm:5 11111 1 Rn:5 Rd:5', '01 1 01110 11 1 Rm:5 11111 1 Rn:5 Rd:5'),
  ]),
  encodingClass('Advanced SIMD modified immediate', '0 Q:1 op:1 0111100000 abc:3 cmode:4 o2:1 1 defgh:5 Rd:5'),
  encodingClass('Advanced SIMD shift by immediate', '0 Q:1 U:1 011110 immh:4 immb:3 opcode:5 1 Rn:5 Rd:5', [], [
    '0 Q:1 op:1 0111100000 abc:3 cmode:4 o2:1 1 defgh:5 Rd:5',
  ]),
  encodingClass('Advanced SIMD vector x indexed element', '0 Q:1 U:1 01111 size:2 L:1 M:1 Rm:4 opcode:4 H:1 0 Rn:5 Rd:5', BY_ELEMENT),
];

/** Conversions whose integer stands in a SIMD register of another size than the number. */
const SIZES = ['1 0 0 11110 00 1', '0 0 0 11110 01 1', 'sf:1 0 0 11110 11 1'];
const BETWEEN_REGISTERS = [
  absent('FCVTNS, FCVTNU, FCVTPS, FCVTPU, FCVTAS, FCVTAU (scalar SIMD&FP)', 'FEAT_FPRCVT',
    ...SIZES.flatMap(size => ['01', '10', '11'].map(rmode => `${size} ${rmode} 01 U:1 000000 Rn:5 Rd:5`))),
  absent('FCVTMS, FCVTMU, FCVTZS, FCVTZU (scalar SIMD&FP)', 'FEAT_FPRCVT', ...SIZES.map(size => `${size} 10 1 z:1 U:1 000000 Rn:5 Rd:5`)),
  absent('SCVTF, UCVTF (scalar SIMD&FP)', 'FEAT_FPRCVT', ...SIZES.map(size => `${size} 11 10 U:1 000000 Rn:5 Rd:5`)),
];

const FLOATING_POINT: readonly EncodingClass[] = [
  encodingClass('Conversion between floating-point and fixed-point', 'sf:1 0 S:1 11110 ptype:2 0 rmode:2 opcode:3 scale:6 Rn:5 Rd:5'),
  encodingClass('Conversion between floating-point and integer', 'sf:1 0 S:1 11110 ptype:2 1 rmode:2 opcode:3 000000 Rn:5 Rd:5', BETWEEN_REGISTERS),
  encodingClass('Floating-point data-processing (1 source)', 'M:1 0 S:1 11110 ptype:2 1 opcode:6 10000 Rn:5 Rd:5', [
    absent('BFCVT', 'FEAT_BF16', '0 0 0 11110 01 1 000110 10000 Rn:5 Rd:5'),
  ]),
  encodingClass('Floating-point compare', 'M:1 0 S:1 11110 ptype:2 1 Rm:5 op:2 1000 Rn:5 opcode2:5'),
  encodingClass('Floating-point immediate', 'M:1 0 S:1 11110 ptype:2 1 imm8:8 100 imm5:5 Rd:5'),
  encodingClass('Floating-point conditional compare', 'M:1 0 S:1 11110 ptype:2 1 Rm:5 cond:4 01 Rn:5 op:1 nzcv:4'),
  encodingClass('Floating-point data-processing (2 source)', 'M:1 0 S:1 11110 ptype:2 1 Rm:5 opcode:4 10 Rn:5 Rd:5'),
  encodingClass('Floating-point conditional select', 'M:1 0 S:1 11110 ptype:2 1 Rm:5 cond:4 11 Rn:5 Rd:5'),
  encodingClass('Floating-point data-processing (3 source)', 'M:1 0 S:1 11111 ptype:2 o1:1 Rm:5 o0:1 Ra:5 Rn:5 Rd:5'),
];

export const SIMD_FP: readonly EncodingClass[] = [...CRYPTO, ...SCALAR, ...VECTOR, ...FLOATING_POINT];
