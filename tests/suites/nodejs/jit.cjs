// Code that is compiled while it runs: loops the optimising compiler takes and gives up again, and what it made told by its own status bits.
'use strict';
// In texts of their own: elsewhere these are no JavaScript.
const [prepare, optimise, statusOf] = ['PrepareFunctionForOptimization', 'OptimizeFunctionOnNextCall', 'GetOptimizationStatus'].map(name => new Function('f', `return %${name}(f);`));
const OPTIMIZED = 1 << 4;                                 // V8's OptimizationStatus
// The guesses of these hold; of the others the compiler may think what it likes.
const mustStay = ['integers', 'doubles', 'typed', 'bytes', 'toInt'];
const sums = new Map();
const mix = (sum, value) => Math.imul(sum ^ value, 16777619) >>> 0;

function integers(n) { let a = 1, b = 0; for (let i = 0; i < n; i++) { a = Math.imul(a, 1664525) + 1013904223 | 0; b = (b + (a >>> 3) ^ a << 5) | 0; if ((a & 7) === 3) b -= i; } return b; }
function doubles(n) { let x = 0.1, s = 0; for (let i = 1; i < n; i++) { x = x * 3.7 * (1 - x); s += Math.sqrt(x) / i + Math.floor(x * 10) - Math.abs(s % 1.5); } return s; }
function typed(a, b) { for (let i = 0; i < a.length; i++) a[i] = a[i] * 0.5 + b[i & b.length - 1] * (i & 3); return a; }
function bytes(a) { let h = 2166136261; for (let i = 0; i < a.length; i++) { a[i] = a[i] + i * 7; h = mix(h, a[i]); } return h; }
function toInt(a) { let s = 0; for (let i = 0; i < a.length; i++) s = (s + (a[i] | 0) + (a[i] >>> 1) % 97) | 0; return s; }
function wide(n) { let a = 1n; for (let i = 0; i < n; i++) a = BigInt.asUintN(64, a * 6364136223846793005n + 1442695040888963407n); return a; }
class Point { constructor(x, y) { this.x = x; this.y = y; } plus(p) { return new Point(this.x + p.x, this.y - p.y); } }
function objects(n) { let p = new Point(0, 0); for (let i = 0; i < n; i++) p = p.plus(new Point(i, i * 0.5)); return p.x + p.y; }
function closures(n) { const fs = [x => x + 1, x => x * 2, x => x - 3]; let v = 1; for (let i = 0; i < n; i++) v = fs[i % 3](v) % 1000003; return v; }
function texts(n) { let s = ''; for (let i = 0; i < n; i++) { s += String.fromCharCode(97 + i % 26); if (s.length > 200) s = s.slice(100) + s.charCodeAt(3); } return s; }
function sorted(n) { const a = Array.from({ length: n }, (_, i) => Math.imul(i, 2654435761) >>> 0); a.sort((x, y) => x - y); return a[n >> 1] ^ a[n >> 3]; }
function caught(n) { let c = 0; for (let i = 0; i < n; i++) { try { if (i % 5 === 0) throw new RangeError(`${i}`); c += i; } catch (e) { c -= e.message.length; } finally { c ^= 1; } } return c; }
function* numbers(n) { for (let i = 0; i < n; i++) yield i * i; }
function generated(n) { let s = 0; for (const v of numbers(n)) s = (s + v) % 65537; return s; }

const runs = {
  integers: [integers, () => [200000]], doubles: [doubles, () => [200000]],
  typed: [(a, b) => typed(a, b).reduce((s, v) => s + v, 0), () => [new Float64Array(20000).map((_, i) => i / 3), new Float32Array(1024).map((_, i) => 1 / (i + 1))], typed],
  bytes: [bytes, () => [new Uint8Array(50000).map((_, i) => i * 31)]], toInt: [toInt, () => [new Float64Array(30000).map((_, i) => (i - 15000) * 1e5 * i)]],
  wide: [wide, () => [30000]], objects: [objects, () => [60000]], closures: [closures, () => [60000]], texts: [texts, () => [30000]], sorted: [sorted, () => [20000]],
  caught: [caught, () => [10000]], generated: [generated, () => [30000]],
};
for (const [name, [run, args, inner = run]] of Object.entries(runs)) {
  // The same before it is compiled, after, and once its guesses were wrong.
  const first = run(...args());
  let second, stays = false;
  // A guess may be wrong the first time, and when the compiler's thread has finished is nobody's to say.
  for (let attempt = 0; attempt < 20 && !stays; attempt++) {
    prepare(inner);
    run(...args());
    optimise(inner);
    second = run(...args());
    stays = (statusOf(inner) & OPTIMIZED) !== 0;
  }
  sums.set(name, String(second));
  console.log(name, String(second).slice(0, 40));
  if (String(first) !== String(second)) console.log(`FAILED ${name}: ${first} and then ${second}`);
  if (!stays && mustStay.includes(name)) console.log(`FAILED ${name} does not stay optimised`);
}
console.log('other types', doubles('1000'), objects(10.5), closures(7n === 7n ? 10 : 0), (() => { try { return integers(Symbol.iterator); } catch (e) { return e.constructor.name; } })());
for (const [name, [run, args]] of Object.entries(runs)) if (String(run(...args())) !== sums.get(name)) console.log(`FAILED ${name} after its code was given up`);

// Hot by itself, with no word to the compiler: it replaces the loop that is running.
function hot() { let s = 0; for (let i = 0; i < 3e6; i++) { s += i % 7; if (s > 1e9) s -= 1e9; } return s; }
console.log('replaced in its loop', hot(), statusOf(hot) > 0);
for (let i = 0; i < 300; i++) { const f = new Function('x', `let s = ${i}; for (let i = 0; i < 50; i++) s = (s * ${i + 3} + x) % 10007; return s;`); sums.set(i, f(i) + f(i + 0.5)); }
console.log('made functions', [...sums.values()].slice(-300).reduce((a, b) => a + b, 0));
