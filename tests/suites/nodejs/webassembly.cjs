// WebAssembly, written byte by byte: both compilers of V8's, with integers, floating point, memory, indirect calls, traps, SIMD and growth.
'use strict';
const leb = n => { const out = []; do { const b = n & 127; n >>= 7; const end = (n === 0 && !(b & 64)) || (n === -1 && b & 64); out.push(end ? b : b | 128); if (end) return out; } while (true); };
const vec = items => [...leb(items.length), ...items.flat()];
const section = (id, body) => [id, ...leb(body.length), ...body];
const I32 = 0x7f, I64 = 0x7e, F64 = 0x7c, V128 = 0x7b;
const get = n => [0x20, n], set = n => [0x21, n], i32 = n => [0x41, ...leb(n)], i64 = n => [0x42, ...leb(n)];
const f64 = x => [0x44, ...new Uint8Array(new Float64Array([x]).buffer)], simd = n => [0xfd, ...leb(n)];
/** A loop that counts local `n` (the first parameter) down to zero. */
const times = body => [0x03, 0x40, ...body, ...get(0), ...i32(1), 0x6b, 0x22, 0, 0x0d, 0, 0x0b];

const functions = {
  integers: { locals: [[1, I64]], result: I64, code: [...i64(1), ...set(1), ...times([
    ...get(1), ...i64(0x5851f42), 0x7e, ...i64(0x1405), 0x7c, ...set(1),
    ...get(1), ...get(1), ...i64(29), 0x8a, 0x85, ...get(1), ...i64(7), 0x80, 0x7c, ...get(1), ...i64(-13), 0x81, 0x85, ...get(1), 0x79, 0x7c, ...get(1), 0x7b, 0x7c, ...get(1), 0x7a, 0x7d, ...set(1),
  ]), ...get(1)] },
  doubles: { locals: [[1, F64]], result: F64, code: [...f64(0.3), ...set(1), ...times([
    ...get(1), ...f64(3.9), 0xa2, ...f64(1), ...get(1), 0xa1, 0xa2, ...set(1),
    ...get(1), 0x9f, ...get(1), ...f64(10), 0xa2, 0x9e, 0xa0, ...f64(7), 0xa3, 0x99, ...f64(0.999), 0xa4, ...f64(1e-9), 0xa5, ...get(1), 0xa6, ...set(1),
  ]), ...get(1)] },
  memory: { locals: [[1, I32]], result: I32, code: [...times([
    ...get(0), ...i32(0xffff), 0x71, ...get(1), 0x36, 0, 0, ...get(0), ...i32(0xfff8), 0x71, 0x29, 0, 3, 0xa7, ...get(0), ...i32(0x7fff), 0x71, 0x2d, 0, 1, 0x6a, ...get(0), ...i32(0xffff), 0x71, 0x2e, 1, 5, 0x73, ...get(1), ...i32(5), 0x77, 0x6a, ...get(0), 0x6a, ...set(1),
    ...get(0), ...i32(0xffff), 0x71, ...get(1), 0x3a, 0, 9, ...get(0), ...i32(0xfffe), 0x71, ...get(1), 0x3b, 1, 6,
  ]), ...get(1)] },
  calls: { locals: [[1, I32]], result: I32, code: [...times([...get(1), ...get(0), 0x6a, ...get(0), ...i32(3), 0x70, 0x11, 1, 0, ...set(1)]), ...get(1)] },
  vectors: { locals: [[2, V128]], result: I32, code: [...simd(12), 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 7, 77, 177, 247, ...set(1), ...times([
    ...get(1), ...get(0), ...simd(17), ...simd(174), ...set(1), ...get(1), ...get(1), ...simd(181), ...get(0), ...simd(15), ...simd(35 + 75), ...set(2),
    ...get(2), ...simd(250), ...simd(227), ...get(2), ...simd(228), ...simd(248), ...get(1), ...simd(81), ...set(1),
    ...get(1), ...get(2), ...simd(13), 0, 17, 2, 19, 4, 21, 6, 23, 8, 25, 10, 27, 12, 29, 14, 31, ...get(1), ...i32(0x0f), ...simd(15), ...simd(78), ...simd(14), ...get(2), ...simd(186), ...get(2), ...simd(174), ...set(1),
  ]), ...get(1), ...simd(27), 0, ...get(1), ...simd(27), 3, 0x73] },
  truncated: { locals: [], result: I32, code: [...get(0), 0xb7, ...f64(1e9), 0xa2, 0xaa] },
  divided: { locals: [], result: I32, code: [...i32(100), ...get(0), 0x6d] },
  outside: { locals: [], result: I32, code: [...get(0), 0x28, 2, 0] },
  unreachable: { locals: [], result: I32, code: [0x00] },
  grown: { locals: [], result: I32, code: [...get(0), 0x40, 0, 0x3f, 0, 0x6a] },
};
const steps = [[...get(0), ...i32(3), 0x6c], [...get(0), ...i32(7), 0x73], [...get(0), ...i32(2), 0x75]];       // what `calls` calls
const names = Object.keys(functions), all = [...steps.map(code => ({ locals: [], result: I32, code })), ...Object.values(functions)];
const bytes = Uint8Array.from([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
  ...section(1, vec([...all.map(f => [0x60, 1, I32, 1, f.result])])), ...section(3, vec(all.map((_, i) => leb(i)))), ...section(4, [1, 0x70, 0, 3]), ...section(5, [1, 1, 2, 9]),
  ...section(7, vec([...names.map((name, i) => [...vec([...Buffer.from(name)].map(b => [b])), 0, ...leb(i + steps.length)])])),
  ...section(9, [1, 0, ...i32(0), 0x0b, ...vec([[0], [1], [2]])]),
  ...section(10, vec(all.map(({ locals, code }) => { const body = [...vec(locals.map(([n, type]) => [n, type])), ...code, 0x0b]; return [...leb(body.length), ...body]; }))),
]);
const made = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
const said = (name, argument) => { try { return String(made[name](argument)); } catch (e) { return `${e.constructor.name}: ${e.message}`; } };
for (const name of names.slice(0, 5)) console.log(name, said(name, 1), said(name, 1000), said(name, 300000), said(name, 7));
for (const [name, ...args] of [['truncated', 2, 3, -3], ['divided', 7, 0, -1], ['outside', 8, 131072, -4, 131070], ['unreachable', 0], ['grown', 1, 0, 100], ['outside', 131072]]) console.log(name, args.map(a => said(name, a)).join(' | '));
