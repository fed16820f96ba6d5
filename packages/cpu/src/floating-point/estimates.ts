/** FPRecipEstimate, FPRSqrtEstimate and FPRecpX (DDI 0487 shared/functions/float), whose eight bits the manual prescribes. */
import type { FpSize } from '@hypnos/isa';
import { DZC, type Environment, UFC } from './environment.ts';
import { invalid, processNaN } from './nan.ts';
import { exponentField, FORMATS, type Format, fraction, infinity, isNaNKind, pack, type Unpacked, unpack, zero } from './number.ts';
import { bitLength, overflow } from './rounding.ts';

/** RecipEstimate: of a fraction in 256..511 (256ths of a half), rounded to nearest. */
function recipEstimate(scaled: bigint): bigint {
  const quotient = (1n << 19n) / (2n * scaled + 1n);
  return (quotient + 1n) / 2n;
}

/** RecipSqrtEstimate: of a fraction in 128..511, by search. */
function recipSqrtEstimate(scaled: bigint): bigint {
  const a = scaled < 256n ? scaled * 2n + 1n : (((scaled >> 1n) << 1n) + 1n) * 2n;
  let b = 512n;
  while (a * (b + 1n) * (b + 1n) < 1n << 28n) b += 1n;
  return (b + 1n) / 2n;
}

/** Fractions are worked on with the 52 bits of a double. */
const FRACTION = 52n;
const widened = (f: Format, bits: bigint) => fraction(f, bits) << (FRACTION - BigInt(f.fractionBits));
const narrowed = (f: Format, wide: bigint) => BigInt.asUintN(52, wide) >> (FRACTION - BigInt(f.fractionBits));
const top = (wide: bigint, bits: bigint) => BigInt.asUintN(52, wide) >> (FRACTION - bits);
/** Twice the bias, less one: what the exponents of a number and of its reciprocal add up to. */
const exponentSum = (f: Format) => 2 ** f.exponentBits - 3;

/** Position of the leading one: the value is at least 2^this. */
const magnitudeOf = (n: Unpacked) => n.exponent + bitLength(n.mantissa) - 1;

export function reciprocalEstimate(env: Environment, size: FpSize, op: bigint): bigint {
  const f = FORMATS[size], n = unpack(env, size, op);
  if (isNaNKind(n)) return processNaN(env, n);
  if (n.kind === 'infinity') return zero(f, n.sign);
  if (n.kind === 'zero') {
    env.flags |= DZC;
    return infinity(f, n.sign);
  }
  if (magnitudeOf(n) < f.minimumExponent - 2) return overflow(env, f, n.sign, env.rounding);
  const flush = size === 16 ? env.flushToZero16 : env.flushToZero;
  if (flush && magnitudeOf(n) >= -f.minimumExponent) {
    env.flags |= UFC;
    return zero(f, n.sign);
  }
  const { wide, exponent } = normalised(f, n.bits);
  const estimate = recipEstimate((1n << 8n) | top(wide, 8n));
  return packEstimate(f, n.sign, exponentSum(f) - exponent, BigInt.asUintN(8, estimate) << 44n);
}

/** A denormal result keeps its leading one as a bit of the fraction. */
function packEstimate(f: Format, sign: number, exponent: number, wide: bigint): bigint {
  if (exponent > 0) return pack(f, sign, exponent, narrowed(f, wide));
  const whole = (1n << FRACTION) | wide;
  return pack(f, sign, 0, narrowed(f, whole >> BigInt(1 - exponent)));
}

/** The fraction with its leading one shifted out of a denormal, and the exponent field that belongs to it (0 or less for a denormal). */
function normalised(f: Format, bits: bigint): { readonly wide: bigint; readonly exponent: number } {
  let exponent = exponentField(f, bits), wide = widened(f, bits);
  if (exponent > 0) return { wide, exponent };
  while (top(wide, 1n) === 0n) {
    wide <<= 1n;
    exponent -= 1;
  }
  return { wide: BigInt.asUintN(52, wide << 1n), exponent };
}

export function reciprocalSquareRootEstimate(env: Environment, size: FpSize, op: bigint): bigint {
  const f = FORMATS[size], n = unpack(env, size, op);
  if (isNaNKind(n)) return processNaN(env, n);
  if (n.kind === 'zero') {
    env.flags |= DZC;
    return infinity(f, n.sign);
  }
  if (n.sign) return invalid(env, f);
  if (n.kind === 'infinity') return zero(f, 0);
  const { wide, exponent } = normalised(f, n.bits), isEven = (exponent & 1) === 0;
  const scaled = isEven ? (1n << 8n) | top(wide, 8n) : (1n << 7n) | top(wide, 7n);
  const bias = 2 ** (f.exponentBits - 1) - 1, result = Math.floor((3 * bias - 1 - exponent) / 2);
  return pack(f, 0, result, narrowed(f, BigInt.asUintN(8, recipSqrtEstimate(scaled)) << 44n));
}

/** FPRecpX: the exponent inverted, the fraction dropped; zero and denormals give the largest exponent of a number. */
export function reciprocalExponent(env: Environment, size: FpSize, op: bigint): bigint {
  const f = FORMATS[size], n = unpack(env, size, op), all = 2 ** f.exponentBits - 1;
  if (isNaNKind(n)) return processNaN(env, n);
  const field = exponentField(f, n.bits);
  return pack(f, n.sign, field === 0 ? all - 1 : all ^ field, 0n);
}
