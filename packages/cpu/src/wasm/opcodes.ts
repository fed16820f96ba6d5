/** WebAssembly opcodes by name, with operand and result types (WebAssembly core 2.0 and threads, §5.4). A table. */

export type Type = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

export interface Opcode {
  readonly code: readonly number[];
  readonly takes: readonly Type[];
  readonly gives: Type | null;
  /** log2 of a memory access's bytes; its natural alignment. */
  readonly align?: number;
}

const table = new Map<string, Opcode>();
const leb = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...leb(n >>> 7)]);
const add = (name: string, code: readonly number[], takes: readonly Type[], gives: Type | null, align?: number) => {
  table.set(name, align === undefined ? { code, takes, gives } : { code, takes, gives, align });
};
/** Names in opcode order from `first`; `-` leaves a gap. */
const run = (first: number, names: string, takes: readonly Type[], gives: Type, prefix: readonly number[] = []) => {
  names.split(' ').forEach((name, i) => {
    if (name !== '-') add(name, prefix.length ? [...prefix, ...leb(first + i)] : [first + i], takes, gives);
  });
};
const named = (type: string, names: string) => names.split(' ').map(n => (n === '-' ? n : `${type}.${n}`)).join(' ');

const COMPARE = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u';
for (const [type, first] of [['i32', 0x45], ['i64', 0x50]] as const) {
  run(first, `${type}.eqz`, [type], 'i32');
  run(first + 1, named(type, COMPARE), [type, type], 'i32');
}
run(0x5b, named('f32', 'eq ne lt gt le ge'), ['f32', 'f32'], 'i32');
run(0x61, named('f64', 'eq ne lt gt le ge'), ['f64', 'f64'], 'i32');
for (const [type, first] of [['i32', 0x67], ['i64', 0x79]] as const) {
  run(first, named(type, 'clz ctz popcnt'), [type], type);
  run(first + 3, named(type, 'add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr'), [type, type], type);
}
for (const [type, first] of [['f32', 0x8b], ['f64', 0x99]] as const) {
  run(first, named(type, 'abs neg ceil floor trunc nearest sqrt'), [type], type);
  run(first + 7, named(type, 'add sub mul div min max copysign'), [type, type], type);
}

const CONVERSIONS: readonly (readonly [string, Type, Type])[] = [
  ['i32.wrap_i64', 'i64', 'i32'], ['i32.trunc_f32_s', 'f32', 'i32'], ['i32.trunc_f32_u', 'f32', 'i32'], ['i32.trunc_f64_s', 'f64', 'i32'],
  ['i32.trunc_f64_u', 'f64', 'i32'], ['i64.extend_i32_s', 'i32', 'i64'], ['i64.extend_i32_u', 'i32', 'i64'], ['i64.trunc_f32_s', 'f32', 'i64'],
  ['i64.trunc_f32_u', 'f32', 'i64'], ['i64.trunc_f64_s', 'f64', 'i64'], ['i64.trunc_f64_u', 'f64', 'i64'], ['f32.convert_i32_s', 'i32', 'f32'],
  ['f32.convert_i32_u', 'i32', 'f32'], ['f32.convert_i64_s', 'i64', 'f32'], ['f32.convert_i64_u', 'i64', 'f32'], ['f32.demote_f64', 'f64', 'f32'],
  ['f64.convert_i32_s', 'i32', 'f64'], ['f64.convert_i32_u', 'i32', 'f64'], ['f64.convert_i64_s', 'i64', 'f64'], ['f64.convert_i64_u', 'i64', 'f64'],
  ['f64.promote_f32', 'f32', 'f64'], ['i32.reinterpret_f32', 'f32', 'i32'], ['i64.reinterpret_f64', 'f64', 'i64'],
  ['f32.reinterpret_i32', 'i32', 'f32'], ['f64.reinterpret_i64', 'i64', 'f64'], ['i32.extend8_s', 'i32', 'i32'], ['i32.extend16_s', 'i32', 'i32'],
  ['i64.extend8_s', 'i64', 'i64'], ['i64.extend16_s', 'i64', 'i64'], ['i64.extend32_s', 'i64', 'i64'],
];
CONVERSIONS.forEach(([name, takes, gives], i) => { add(name, [0xa7 + i], [takes], gives); });
['i32.trunc_sat_f32_s', 'i32.trunc_sat_f32_u', 'i32.trunc_sat_f64_s', 'i32.trunc_sat_f64_u',
  'i64.trunc_sat_f32_s', 'i64.trunc_sat_f32_u', 'i64.trunc_sat_f64_s', 'i64.trunc_sat_f64_u'].forEach((name, i) => {
  add(name, [0xfc, i], [i & 2 ? 'f64' : 'f32'], i < 4 ? 'i32' : 'i64');
});

const LOADS: readonly (readonly [string, Type, number])[] = [
  ['i32.load', 'i32', 2], ['i64.load', 'i64', 3], ['f32.load', 'f32', 2], ['f64.load', 'f64', 3], ['i32.load8_s', 'i32', 0], ['i32.load8_u', 'i32', 0],
  ['i32.load16_s', 'i32', 1], ['i32.load16_u', 'i32', 1], ['i64.load8_s', 'i64', 0], ['i64.load8_u', 'i64', 0], ['i64.load16_s', 'i64', 1],
  ['i64.load16_u', 'i64', 1], ['i64.load32_s', 'i64', 2], ['i64.load32_u', 'i64', 2],
];
LOADS.forEach(([name, gives, align], i) => { add(name, [0x28 + i], ['i32'], gives, align); });
const STORES: readonly (readonly [string, Type, number])[] = [
  ['i32.store', 'i32', 2], ['i64.store', 'i64', 3], ['f32.store', 'f32', 2], ['f64.store', 'f64', 3], ['i32.store8', 'i32', 0], ['i32.store16', 'i32', 1],
  ['i64.store8', 'i64', 0], ['i64.store16', 'i64', 1], ['i64.store32', 'i64', 2],
];
STORES.forEach(([name, takes, align], i) => { add(name, [0x36 + i], ['i32', takes], null, align); });

add('memory.copy', [0xfc, 10, 0, 0], ['i32', 'i32', 'i32'], null);
add('memory.fill', [0xfc, 11, 0], ['i32', 'i32', 'i32'], null);

const ATOMIC_SHAPES: readonly (readonly [Type, string, number])[] = [
  ['i32', '', 2], ['i64', '', 3], ['i32', '8', 0], ['i32', '16', 1], ['i64', '8', 0], ['i64', '16', 1], ['i64', '32', 2],
];
const atomics = (first: number, name: (type: Type, size: string) => string, takes: (type: Type) => readonly Type[], gives: boolean) => {
  ATOMIC_SHAPES.forEach(([type, size, align], i) => { add(name(type, size), [0xfe, first + i], takes(type), gives ? type : null, align); });
};
atomics(0x10, (t, s) => `${t}.atomic.load${s && `${s}_u`}`, () => ['i32'], true);
atomics(0x17, (t, s) => `${t}.atomic.store${s}`, t => ['i32', t], false);
['add', 'sub', 'and', 'or', 'xor', 'xchg'].forEach((op, n) => {
  atomics(0x1e + 7 * n, (t, s) => `${t}.atomic.rmw${s}.${op}${s && '_u'}`, t => ['i32', t], true);
});
atomics(0x48, (t, s) => `${t}.atomic.rmw${s}.cmpxchg${s && '_u'}`, t => ['i32', t, t], true);

const SIMD = [0xfd];
const simd = (first: number, names: string, takes: readonly Type[], gives: Type) => { run(first, names, takes, gives, SIMD); };
add('v128.load', [0xfd, 0], ['i32'], 'v128', 4);
add('v128.store', [0xfd, 11], ['i32', 'v128'], null, 4);
add('v128.load32_zero', [0xfd, 92], ['i32'], 'v128', 2);
add('v128.load64_zero', [0xfd, 93], ['i32'], 'v128', 3);
add('i8x16.shuffle', [0xfd, 13], ['v128', 'v128'], 'v128');
simd(14, 'i8x16.swizzle', ['v128', 'v128'], 'v128');
const SPLATS: readonly Type[] = ['i32', 'i32', 'i32', 'i64', 'f32', 'f64'];
['i8x16', 'i16x8', 'i32x4', 'i64x2', 'f32x4', 'f64x2'].forEach((shape, i) => { simd(15 + i, `${shape}.splat`, [SPLATS[i]!], 'v128'); });
simd(21, 'i8x16.extract_lane_s i8x16.extract_lane_u', ['v128'], 'i32');
simd(23, 'i8x16.replace_lane', ['v128', 'i32'], 'v128');
simd(24, 'i16x8.extract_lane_s i16x8.extract_lane_u', ['v128'], 'i32');
simd(26, 'i16x8.replace_lane', ['v128', 'i32'], 'v128');
simd(27, 'i32x4.extract_lane', ['v128'], 'i32');
simd(28, 'i32x4.replace_lane', ['v128', 'i32'], 'v128');
simd(29, 'i64x2.extract_lane', ['v128'], 'i64');
simd(30, 'i64x2.replace_lane', ['v128', 'i64'], 'v128');
const VV: readonly Type[] = ['v128', 'v128'];
simd(35, named('i8x16', COMPARE), VV, 'v128');
simd(45, named('i16x8', COMPARE), VV, 'v128');
simd(55, named('i32x4', COMPARE), VV, 'v128');
simd(65, named('f32x4', 'eq ne lt gt le ge'), VV, 'v128');
simd(71, named('f64x2', 'eq ne lt gt le ge'), VV, 'v128');
simd(77, 'v128.not', ['v128'], 'v128');
simd(78, 'v128.and v128.andnot v128.or v128.xor', VV, 'v128');
simd(82, 'v128.bitselect', ['v128', 'v128', 'v128'], 'v128');
simd(83, 'v128.any_true', ['v128'], 'i32');
simd(94, 'f32x4.demote_f64x2_zero f64x2.promote_low_f32x4 i8x16.abs i8x16.neg i8x16.popcnt', ['v128'], 'v128');
simd(99, 'i8x16.all_true i8x16.bitmask', ['v128'], 'i32');
simd(101, 'i8x16.narrow_i16x8_s i8x16.narrow_i16x8_u', VV, 'v128');
simd(103, 'f32x4.ceil f32x4.floor f32x4.trunc f32x4.nearest', ['v128'], 'v128');
simd(116, 'f64x2.ceil f64x2.floor - - - - f64x2.trunc', ['v128'], 'v128');
const SHIFTS = 'shl shr_s shr_u';
const VI: readonly Type[] = ['v128', 'i32'];
simd(107, named('i8x16', SHIFTS), VI, 'v128');
simd(110, named('i8x16', 'add add_sat_s add_sat_u sub sub_sat_s sub_sat_u'), VV, 'v128');
simd(118, named('i8x16', 'min_s min_u max_s max_u'), VV, 'v128');
simd(123, 'i8x16.avgr_u', VV, 'v128');
simd(124, 'i16x8.extadd_pairwise_i8x16_s i16x8.extadd_pairwise_i8x16_u i32x4.extadd_pairwise_i16x8_s i32x4.extadd_pairwise_i16x8_u', ['v128'], 'v128');
simd(128, 'i16x8.abs i16x8.neg', ['v128'], 'v128');
simd(130, 'i16x8.q15mulr_sat_s', VV, 'v128');
simd(133, 'i16x8.narrow_i32x4_s i16x8.narrow_i32x4_u', VV, 'v128');
simd(135, 'i16x8.extend_low_i8x16_s i16x8.extend_high_i8x16_s i16x8.extend_low_i8x16_u i16x8.extend_high_i8x16_u', ['v128'], 'v128');
simd(139, named('i16x8', SHIFTS), VI, 'v128');
simd(142, named('i16x8', 'add add_sat_s add_sat_u sub sub_sat_s sub_sat_u'), VV, 'v128');
simd(148, 'f64x2.nearest', ['v128'], 'v128');
simd(149, named('i16x8', 'mul min_s min_u max_s max_u - avgr_u'), VV, 'v128');
simd(160, 'i32x4.abs i32x4.neg', ['v128'], 'v128');
simd(167, 'i32x4.extend_low_i16x8_s i32x4.extend_high_i16x8_s i32x4.extend_low_i16x8_u i32x4.extend_high_i16x8_u', ['v128'], 'v128');
simd(171, named('i32x4', SHIFTS), VI, 'v128');
simd(174, named('i32x4', 'add - - sub - - - mul min_s min_u max_s max_u'), VV, 'v128');
simd(192, 'i64x2.abs i64x2.neg', ['v128'], 'v128');
simd(199, 'i64x2.extend_low_i32x4_s i64x2.extend_high_i32x4_s i64x2.extend_low_i32x4_u i64x2.extend_high_i32x4_u', ['v128'], 'v128');
simd(203, named('i64x2', SHIFTS), VI, 'v128');
simd(206, named('i64x2', 'add - - sub - - - mul eq ne lt_s gt_s le_s ge_s'), VV, 'v128');
simd(224, 'f32x4.abs f32x4.neg - f32x4.sqrt', ['v128'], 'v128');
simd(228, named('f32x4', 'add sub mul div min max'), VV, 'v128');
simd(236, 'f64x2.abs f64x2.neg - f64x2.sqrt', ['v128'], 'v128');
simd(240, named('f64x2', 'add sub mul div min max'), VV, 'v128');

// Relaxed SIMD: whether these round once is up to the host, see `fused.ts`.
simd(0x105, 'f32x4.relaxed_madd - f64x2.relaxed_madd', ['v128', 'v128', 'v128'], 'v128');

export const OPCODES: ReadonlyMap<string, Opcode> = table;
