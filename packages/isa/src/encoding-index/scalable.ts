/** SVE and SME (DDI 0487 C4.1), by the groups of their encoding tables: no CPU model has any of it. */
import { absent, type EncodingClass, type EncodingGroup, encodingClass } from './class.ts';

function group(feature: 'SVE' | 'SME', name: string, bits: string): EncodingClass {
  const second = /^S[VM]E2/.exec(name)?.[0];
  return encodingClass(second ? name : `${feature} ${name}`, bits, [absent('all of it', `FEAT_${second ?? feature}`, bits)]);
}

/** Bits 31..29, 24..23, 21 and 20..10 of a group of SVE; 22 and the rest are its own. */
const sve = (name: string, op0: string, op1: string, t: string, rest: string): EncodingClass => group('SVE', name, `${op0} 0010 ${op1} a:1 ${t} ${rest}`);

const INTEGER: readonly EncodingClass[] = [
  sve('Integer Binary Arithmetic - Predicated', '000', '0 s:1', '0', 'b:5 000 c:13'),
  sve('Integer Reduction', '000', '0 s:1', '0', 'b:5 001 c:13'),
  sve('Integer Multiply-Add - Predicated', '000', '0 s:1', '0', 'b:5 d:1 1 c:14'),
  sve('Bitwise Shift - Predicated', '000', '0 s:1', '0', 'b:5 100 c:13'),
  sve('Integer Unary Arithmetic - Predicated', '000', '0 s:1', '0', 'b:5 101 c:13'),
  sve('integer add/subtract vectors (unpredicated)', '000', '0 s:1', '1', 'b:5 000 c:13'),
  sve('Bitwise Logical - Unpredicated', '000', '0 s:1', '1', 'b:5 001 c:13'),
  sve('Index Generation', '000', '0 s:1', '1', 'b:5 0100 c:12'),
  sve('Stack Allocation', '000', '0 s:1', '1', 'b:5 0101 c:12'),
  sve('Integer Multiply - Unpredicated', '000', '0 s:1', '1', 'b:5 011 c:13'),
  sve('Bitwise Shift - Unpredicated', '000', '0 s:1', '1', 'b:5 100 c:13'),
  sve('address generation', '000', '0 s:1', '1', 'b:5 1010 c:12'),
  sve('Integer Misc - Unpredicated', '000', '0 s:1', '1', 'b:5 1011 c:12'),
  sve('Element Count', '000', '0 s:1', '1', 'b:5 11 c:14'),
];
const PERMUTE: readonly EncodingClass[] = [
  sve('Bitwise Immediate', '000', '1 s:1', '0', '0 b:20'),
  sve('Integer Wide Immediate - Predicated', '000', '1 s:1', '0', '1 b:20'),
  sve('Permute Vector - Extract', '000', '1 s:1', '1', 'b:5 000 c:13'),
  sve('Permute Vector - Unpredicated', '000', '1 s:1', '1', 'b:5 001 c:13'),
  sve('Permute Predicate', '000', '1 s:1', '1', 'b:5 010 c:13'),
  sve('permute vector elements', '000', '1 s:1', '1', 'b:5 011 c:13'),
  sve('Permute Vector - Predicated', '000', '1 s:1', '1', 'b:5 10 c:14'),
  sve('select vector elements (predicated)', '000', '1 s:1', '1', 'b:5 11 c:14'),
];
const PREDICATES: readonly EncodingClass[] = [
  sve('Integer Compare - Vectors', '001', '0 s:1', '0', 'b:21'),
  sve('integer compare with unsigned immediate', '001', '0 s:1', '1', 'b:21'),
  sve('integer compare with signed immediate', '001', '1 s:1', '0', 'b:5 d:1 0 c:14'),
  sve('predicate logical operations', '001', '1 s:1', '0', '0 b:4 01 c:14'),
  sve('Propagate Break', '001', '1 s:1', '0', '0 b:4 11 c:14'),
  sve('Partition Break', '001', '1 s:1', '0', '1 b:4 01 c:14'),
  sve('Predicate Misc', '001', '1 s:1', '0', '1 b:4 11 c:14'),
  sve('Integer Compare - Scalars', '001', '1 s:1', '1', 'b:5 00 c:14'),
  sve('predicate select, predicate-as-counter', '001', '1 s:1', '1', 'b:5 01 c:14'),
  sve('Predicate Count, Inc/Dec by Predicate Count, Write FFR', '001', '1 s:1', '1', 'b:5 10 c:14'),
  sve('Integer Wide Immediate - Unpredicated', '001', '1 s:1', '1', 'b:5 11 c:14'),
];
const SVE2: readonly EncodingClass[] = [
  sve('Integer Multiply-Add - Unpredicated', '010', '0 s:1', '0', 'b:5 0 c:15'),
  sve('SVE2 Integer - Predicated', '010', '0 s:1', '0', 'b:5 10 c:14'),
  sve('clamp, two-way dot product, checked pointer', '010', '0 s:1', '0', 'b:5 110 c:13'),
  sve('permute vector elements (quadwords)', '010', '0 s:1', '0', 'b:5 111 c:13'),
  sve('Multiply - Indexed', '010', '0 s:1', '1', 'b:21'),
  sve('SVE2 Widening Integer Arithmetic', '010', '1 s:1', '0', 'b:5 0 c:15'),
  sve('SVE2 Misc', '010', '1 s:1', '0', 'b:5 10 c:14'),
  sve('SVE2 Accumulate', '010', '1 s:1', '0', 'b:5 11 c:14'),
  sve('SVE2 Narrowing', '010', '1 s:1', '1', 'b:5 0 c:15'),
  sve('SVE2 character match', '010', '1 s:1', '1', 'b:5 100 c:13'),
  sve('SVE2 Histogram Computation - Segment, Lookup Table', '010', '1 s:1', '1', 'b:5 101 c:13'),
  sve('SVE2 Histogram Computation - Vector', '010', '1 s:1', '1', 'b:5 110 c:13'),
  sve('SVE2 Crypto Extensions', '010', '1 s:1', '1', 'b:5 111 c:13'),
];
const FLOATING_POINT: readonly EncodingClass[] = [
  sve('floating-point complex multiply-add (predicated)', '011', '0 s:1', '0', 'b:5 0 c:15'),
  sve('floating-point complex add, pairwise, conversions', '011', '0 s:1', '0', 'b:5 1 c:15'),
  sve('floating-point multiply (indexed), widening, dot product, matrix', '011', '0 s:1', '1', 'b:21'),
  sve('floating-point compare vectors', '011', '1 s:1', '0', 'b:5 d:1 1 c:14'),
  sve('floating-point arithmetic (unpredicated)', '011', '1 s:1', '0', 'b:5 000 c:13'),
  sve('Floating Point Reduction, Unary, Compare - with Zero, Serial Reduction', '011', '1 s:1', '0', 'b:5 001 c:13'),
  sve('Floating Point Arithmetic - Predicated', '011', '1 s:1', '0', 'b:5 100 c:13'),
  sve('Floating Point Unary Operations - Predicated', '011', '1 s:1', '0', 'b:5 101 c:13'),
  sve('Floating Point Multiply-Add', '011', '1 s:1', '1', 'b:21'),
];
const MEMORY: readonly EncodingClass[] = [
  group('SVE', 'Memory - 32-bit Gather and Unsized Contiguous', '100 0010 a:25'),
  group('SVE', 'Memory - Contiguous Load', '101 0010 a:25'),
  group('SVE', 'Memory - 64-bit Gather', '110 0010 a:25'),
  group('SVE', 'Memory - Contiguous Store and Unsized Contiguous', '111 0010 a:9 0 d:1 0 c:13'),
  group('SVE', 'Memory - Non-temporal and Quadword Scatter Store', '111 0010 a:9 001 c:13'),
  group('SVE', 'Memory - Non-temporal and Multi-register Contiguous Store', '111 0010 a:9 011 c:13'),
  group('SVE', 'Memory - Scatter with Optional Sign Extend', '111 0010 a:9 1 d:1 0 c:13'),
  group('SVE', 'Memory - Scatter', '111 0010 a:9 101 c:13'),
  group('SVE', 'Memory - Contiguous Store with Immediate Offset', '111 0010 a:9 111 c:13'),
];
const SME: readonly EncodingClass[] = [
  group('SME', 'floating-point outer product', '100 0000 a:25'),
  group('SME', 'SME2 Multi-vector - Memory (contiguous and strided)', '101 0000 a:1 0 b:23'),
  group('SME', 'integer outer product', '101 0000 a:1 1 b:23'),
  group('SME', 'move, zero, add to array, lookup table', '110 0000 0 a:24'),
  group('SME', 'SME2 Multi-vector - Indexed, Array and Multiple Vectors', '110 0000 1 a:24'),
  group('SME', 'Memory', '111 0000 a:25'),
];

export const SCALABLE: readonly EncodingGroup[] = [
  { title: 'SME', classes: SME },
  { title: 'SVE', classes: [...INTEGER, ...PERMUTE, ...PREDICATES, ...SVE2, ...FLOATING_POINT, ...MEMORY] },
];
