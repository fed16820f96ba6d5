/** Fast paths of arithmetic and comparison, with the test of exactness each needs. */
import type { FpOp } from '@hypnos/isa';
import { i64, type Node, op, select } from '../wasm/node.ts';
import { hasFusedMultiplyAdd, relaxedMultiplyAdd } from '../wasm/fused.ts';
import { both, either, f, float, type FpFast, not, type Size } from './fp-fast.ts';
import type { FastPath } from './fp-helpers.ts';

const sizeOf = (what: FpOp): Size => (what as { size: Size }).size;
const ne = (size: Size, a: Node, b: Node) => f('ne', size, a, b);
const promote = (v: Node) => op('f64.promote_f32', [v]);

/** The rounding error of a sum, exactly (Knuth's two-sum; no overflow, since the sum is ordinary or zero). */
function sumError(size: Size, a: Node, b: Node, sum: Node): Node {
  const bPart = f('sub', size, sum, a);
  return f('add', size, f('sub', size, a, f('sub', size, sum, bPart)), f('sub', size, b, bPart));
}

const sum = (name: 'add' | 'sub'): FastPath => (fast, what) => {
  const size = sizeOf(what), { fn } = fast, a = fast.operand(0, size);
  const b = name === 'add' ? fast.operand(1, size) : fn.pin(f('neg', size, fast.operand(1, size)));
  const r = fn.pin(f('add', size, a, b));
  // A zero sum is exact; WebAssembly's sign of it is the default rounding's.
  fast.unless(either(fast.ordinary(r, size), f('eq', size, r, float(size, 0))));
  fast.inexactIf(() => ne(size, sumError(size, a, b, r), float(size, 0)));
  fast.return(r, size);
};

const product: FastPath = (fast, what) => {
  const size = sizeOf(what), { fn } = fast, a = fast.operand(0, size), b = fast.operand(1, size);
  const r = fn.pin(f('mul', size, a, b)), zero = float(size, 0);
  // Zero times a number is exactly zero; zero times infinity is NaN, which equals nothing.
  fn.when(both(f('eq', size, r, zero), either(f('eq', size, a, zero), f('eq', size, b, zero))), () => { fast.return(r, size); });
  fast.unless(fast.ordinary(r, size));
  if (size === 32) fast.inexactIf(() => ne(64, promote(r), f('mul', 64, promote(a), promote(b))));
  else {
    fast.unless(both(fast.ordinary(a, 64), fast.ordinary(b, 64)));
    fast.inexactIf(() => fast.productInexact64(a, b, r));
  }
  fast.return(r, size);
};

/** A quotient or root r is exact if r times something gives the operand back, exactly. */
const quotient: FastPath = (fast, what) => {
  const size = sizeOf(what), { fn } = fast, a = fast.operand(0, size), b = fast.operand(1, size);
  const r = fn.pin(f('div', size, a, b)), zero = float(size, 0);
  fn.when(both(f('eq', size, r, zero), f('eq', size, a, zero)), () => { fast.return(r, size); });
  fast.unless(fast.ordinary(r, size));
  if (size === 32) fast.inexactIf(() => ne(64, f('mul', 64, promote(r), promote(b)), promote(a)));
  else {
    fast.unless(both(fast.ordinary(a, 64), fast.ordinary(b, 64)));
    fast.inexactIf(() => {
      const back = fn.pin(f('mul', 64, r, b));
      return either(ne(64, back, a), fast.productInexact64(r, b, back));
    });
  }
  fast.return(r, size);
};

const root: FastPath = (fast, what) => {
  const size = sizeOf(what), { fn } = fast, a = fast.operand(0, size);
  fast.unless(both(fast.ordinary(a, size), f('gt', size, a, float(size, 0))));
  const r = fn.pin(f('sqrt', size, a));
  if (size === 32) fast.inexactIf(() => ne(64, f('mul', 64, promote(r), promote(r)), promote(a)));
  else {
    fast.inexactIf(() => {
      const back = fn.pin(f('mul', 64, r, r));
      return either(ne(64, back, a), fast.productInexact64(r, r, back));
    });
  }
  fast.return(r, size);
};

/**
 * addend + a*b rounded once. Single precision: the product is exact in double; the sum is rounded to odd there, which
 * the second rounding cannot see (53 >= 2*24 + 2).
 */
const multiplyAdd: FastPath = (fast, what) => {
  if (sizeOf(what) === 64) return multiplyAdd64(fast);
  const { fn } = fast, c = fn.pin(promote(fast.operand(0, 32)));
  const p = fn.pin(f('mul', 64, promote(fast.operand(1, 32)), promote(fast.operand(2, 32))));
  const s = fn.pin(f('add', 64, p, c));
  fast.unless(fast.ordinary(s, 64));
  const error = fn.pin(sumError(64, p, c, s)), exactSum = fn.pin(f('eq', 64, error, float(64, 0)));
  const bits = fn.pin(op('i64.reinterpret_f64', [s]));
  const even = op('i64.eqz', [op('i64.and', [bits, i64(1n)])]);
  // The error points away from zero if it has the sum's sign: then the odd neighbour is one above in magnitude.
  const outward = op('i64.ge_s', [op('i64.xor', [op('i64.reinterpret_f64', [error]), bits]), i64(0n)]);
  const odd = op('i64.add', [bits, select(outward, i64(1n), i64(-1n))]);
  const sticky = fn.pin(op('f64.reinterpret_i64', [select(both(not(exactSum), even), odd, bits)]));
  const r = fn.pin(op('f32.demote_f64', [sticky]));
  fast.unless(fast.ordinary(r, 32));
  fast.inexactIf(() => either(not(exactSum), ne(64, promote(r), s)));
  fast.return(r, 32);
};

/** Double precision by the host's fused instruction, if it has one; whether it was exact is only asked while IXC is clear. */
function multiplyAdd64(fast: FpFast): void {
  if (!hasFusedMultiplyAdd()) { fast.never(); return; }
  fast.unless(fast.alreadyInexact());
  const [c, a, b] = [0, 1, 2].map(n => fast.operand(n, 64));
  const r = fast.fn.pin(fast.toFloat(relaxedMultiplyAdd(a!, b!, c!), 64));
  fast.unless(fast.ordinary(r, 64));
  fast.return(r, 64);
}

const extreme = (name: 'max' | 'min'): FastPath => (fast, what) => {
  const size = sizeOf(what), a = fast.operand(0, size), b = fast.operand(1, size);
  fast.unless(both(fast.isNumber(a, size), fast.isNumber(b, size)));
  fast.return(f(name, size, a, b), size);
};

/** FCMP's NZCV: less 1000, equal 0110, greater 0010. */
const compare: FastPath = (fast, what) => {
  const size = sizeOf(what), a = fast.operand(0, size), b = fast.operand(1, size);
  fast.unless(both(fast.isNumber(a, size), fast.isNumber(b, size)));
  fast.fn.return(select(f('lt', size, a, b), i64(8n), select(f('eq', size, a, b), i64(6n), i64(2n))));
};
const predicate = (name: 'eq' | 'ge' | 'gt'): FastPath => (fast, what) => {
  const size = sizeOf(what), a = fast.operand(0, size), b = fast.operand(1, size);
  fast.unless(both(fast.isNumber(a, size), fast.isNumber(b, size)));
  fast.fn.return(op('i64.extend_i32_u', [f(name, size, a, b)]));
};

export const arithmetic = {
  add: sum('add'), sub: sum('sub'), mul: product, div: quotient, sqrt: root, muladd: multiplyAdd,
  max: extreme('max'), min: extreme('min'), maxnum: extreme('max'), minnum: extreme('min'),
  compare, equal: predicate('eq'), 'greater-equal': predicate('ge'), greater: predicate('gt'),
} satisfies Partial<Record<FpOp['op'], FastPath>>;
