export * from './errors.ts';
export { alignUp, bit, bits, hex, isAligned, ones, popcount32, s64, u32 as asU32, u64 as asU64 } from './bits.ts';
export * as state from './state.ts';
export type { Field, Fields, Shape, View } from './state.ts';
