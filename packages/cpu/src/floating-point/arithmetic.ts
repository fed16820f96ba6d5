/** FPAdd, FPSub, FPMul, FPMulX, FPDiv, FPMulAdd, FPSqrt and the Newton steps (DDI 0487 shared/functions/float). */
import type { FpSize } from '@hypnos/isa';
import { DZC, type Environment, IOC } from './environment.ts';
import { invalid, processNaN, processNaNs } from './nan.ts';
import { defaultNaN, exact, type Exact, FORMATS, infinity, negate, product, sum, type Unpacked, unpack, zero } from './number.ts';
import { bitLength, exactZero, round, roundOrZero } from './rounding.ts';

const opposite = (n: Unpacked): Unpacked => ({ ...n, sign: (n.sign ^ 1) as 0 | 1 });
const isZeroTimesInfinity = (a: Unpacked, b: Unpacked) =>
  (a.kind === 'zero' && b.kind === 'infinity') || (a.kind === 'infinity' && b.kind === 'zero');

/** FPAdd, and FPSub when `subtract`: a NaN keeps its sign in both. */
export function add(env: Environment, size: FpSize, op1: bigint, op2: bigint, subtract: boolean): bigint {
  const f = FORMATS[size], a = unpack(env, size, op1), second = unpack(env, size, op2);
  const nan = processNaNs(env, a, second);
  if (nan !== null) return nan;
  const b = subtract ? opposite(second) : second;
  if (a.kind === 'infinity' && b.kind === 'infinity' && a.sign !== b.sign) return invalid(env, f);
  if (a.kind === 'infinity') return infinity(f, a.sign);
  if (b.kind === 'infinity') return infinity(f, b.sign);
  if (a.kind === 'zero' && b.kind === 'zero' && a.sign === b.sign) return zero(f, a.sign);
  return roundOrZero(env, f, sum(a, b));
}

/** FPMul, and FPMulX when `extended`, where zero times infinity is two. */
export function multiply(env: Environment, size: FpSize, op1: bigint, op2: bigint, extended: boolean): bigint {
  const f = FORMATS[size], a = unpack(env, size, op1), b = unpack(env, size, op2);
  const nan = processNaNs(env, a, b);
  if (nan !== null) return nan;
  const sign = (a.sign ^ b.sign) as 0 | 1;
  if (isZeroTimesInfinity(a, b)) return extended ? round(env, f, { sign, mantissa: 2n, exponent: 0 }) : invalid(env, f);
  if (a.kind === 'infinity' || b.kind === 'infinity') return infinity(f, sign);
  if (a.kind === 'zero' || b.kind === 'zero') return zero(f, sign);
  return round(env, f, product(a, b));
}

export function divide(env: Environment, size: FpSize, op1: bigint, op2: bigint): bigint {
  const f = FORMATS[size], a = unpack(env, size, op1), b = unpack(env, size, op2);
  const nan = processNaNs(env, a, b);
  if (nan !== null) return nan;
  const sign = (a.sign ^ b.sign) as 0 | 1;
  if (a.kind === b.kind && (a.kind === 'infinity' || a.kind === 'zero')) return invalid(env, f);
  if (a.kind === 'infinity' || b.kind === 'zero') {
    if (a.kind !== 'infinity') env.flags |= DZC;
    return infinity(f, sign);
  }
  if (a.kind === 'zero' || b.kind === 'infinity') return zero(f, sign);
  return round(env, f, { sign, ...quotient(a, b) });
}

/** More bits than any format keeps, so that one sticky bit below them stands for all the rest. */
const SPARE_BITS = 128;

function quotient(a: Exact, b: Exact): { readonly mantissa: bigint; readonly exponent: number } {
  const scaled = a.mantissa << BigInt(SPARE_BITS), whole = scaled / b.mantissa;
  const sticky = whole * b.mantissa === scaled ? 0n : 1n;
  return { mantissa: (whole << 1n) | sticky, exponent: a.exponent - b.exponent - SPARE_BITS - 1 };
}

/** FPMulAdd: addend + op1 * op2, rounded once. */
export function multiplyAdd(env: Environment, size: FpSize, addend: bigint, op1: bigint, op2: bigint): bigint {
  const f = FORMATS[size], a = unpack(env, size, addend), b = unpack(env, size, op1), c = unpack(env, size, op2);
  const nan = processNaNs(env, a, b, c), lost = isZeroTimesInfinity(b, c);
  if (a.kind === 'quiet' && lost) {
    env.flags |= IOC;
    return defaultNaN(f);
  }
  if (nan !== null) return nan;
  const sign = b.sign ^ c.sign, isInfinite = b.kind === 'infinity' || c.kind === 'infinity';
  const isZero = b.kind === 'zero' || c.kind === 'zero';
  if (lost || (a.kind === 'infinity' && isInfinite && a.sign !== sign)) return invalid(env, f);
  if (a.kind === 'infinity') return infinity(f, a.sign);
  if (isInfinite) return infinity(f, sign);
  if (a.kind === 'zero' && isZero && a.sign === sign) return zero(f, sign);
  return roundOrZero(env, f, sum(a, product(b, c)));
}

export function squareRoot(env: Environment, size: FpSize, op: bigint): bigint {
  const f = FORMATS[size], a = unpack(env, size, op);
  if (a.kind === 'quiet' || a.kind === 'signalling') return processNaN(env, a);
  if (a.kind === 'zero') return zero(f, a.sign);
  if (a.sign) return invalid(env, f);
  if (a.kind === 'infinity') return infinity(f, 0);
  const shift = SPARE_BITS * 2 + (a.exponent & 1), square = a.mantissa << BigInt(shift), root = integerSquareRoot(square);
  const sticky = root * root === square ? 0n : 1n;
  return round(env, f, { sign: 0, mantissa: (root << 1n) | sticky, exponent: (a.exponent - shift) / 2 - 1 });
}

/** The largest whole number whose square is not above n, by Newton's method from above. */
function integerSquareRoot(n: bigint): bigint {
  let root = 1n << BigInt((bitLength(n) + 1) >> 1);
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** FPRecipStepFused, 2 - op1*op2, and FPRSqrtStepFused, (3 - op1*op2)/2: a NaN in op1 comes out with its sign changed. */
export function newtonStep(env: Environment, size: FpSize, op1: bigint, op2: bigint, squareRoot: boolean): bigint {
  const f = FORMATS[size], a = unpack(env, size, negate(f, op1)), b = unpack(env, size, op2);
  const nan = processNaNs(env, a, b);
  if (nan !== null) return nan;
  const halves = squareRoot ? -1 : 0, from = exact(squareRoot ? 3n : 2n, 0);
  if (isZeroTimesInfinity(a, b)) return round(env, f, { ...from, exponent: halves });
  if (a.kind === 'infinity' || b.kind === 'infinity') return infinity(f, a.sign ^ b.sign);
  const total = sum(from, product(a, b));
  return total.mantissa === 0n ? exactZero(env, f) : round(env, f, { ...total, exponent: total.exponent + halves });
}
