/** Bit patterns and exact numbers (DDI 0487 FPUnpackBase): a finite value is mantissa * 2^exponent, nothing lost. */
import type { FpSize } from '@hypnos/isa';
import { type Environment, IDC } from './environment.ts';

export interface Format {
  readonly size: FpSize;
  readonly exponentBits: number;
  readonly fractionBits: number;
  readonly minimumExponent: number;
}
const format = (size: FpSize, exponentBits: number): Format =>
  ({ size, exponentBits, fractionBits: size - 1 - exponentBits, minimumExponent: 2 - 2 ** (exponentBits - 1) });
export const FORMATS: Readonly<Record<FpSize, Format>> = { 16: format(16, 5), 32: format(32, 8), 64: format(64, 11) };

/** A mantissa of zero or more, times 2^exponent. */
export interface Exact { readonly sign: 0 | 1; readonly mantissa: bigint; readonly exponent: number }

export type Kind = 'zero' | 'finite' | 'infinity' | 'quiet' | 'signalling';
export interface Unpacked extends Exact { readonly kind: Kind; readonly bits: bigint; readonly format: Format }

export const isNaNKind = ({ kind }: Unpacked): boolean => kind === 'quiet' || kind === 'signalling';

const maximumExponentField = (f: Format) => 2 ** f.exponentBits - 1;
export const fraction = (f: Format, bits: bigint): bigint => BigInt.asUintN(f.fractionBits, bits);
export const exponentField = (f: Format, bits: bigint): number => Number(BigInt.asUintN(f.exponentBits, bits >> BigInt(f.fractionBits)));
export const pack = (f: Format, sign: number, exponent: number, fractionPart: bigint): bigint =>
  (BigInt(sign) << BigInt(f.size - 1)) | (BigInt(exponent) << BigInt(f.fractionBits)) | fractionPart;

export const zero = (f: Format, sign: number): bigint => pack(f, sign, 0, 0n);
export const infinity = (f: Format, sign: number): bigint => pack(f, sign, maximumExponentField(f), 0n);
export const maxNormal = (f: Format, sign: number): bigint => pack(f, sign, maximumExponentField(f) - 1, fraction(f, -1n));
export const quietBit = (f: Format): bigint => 1n << BigInt(f.fractionBits - 1);
export const defaultNaN = (f: Format): bigint => pack(f, 0, maximumExponentField(f), quietBit(f));
export const negate = (f: Format, bits: bigint): bigint => bits ^ zero(f, 1);
export const magnitude = (f: Format, bits: bigint): bigint => BigInt.asUintN(f.size - 1, bits);

/** FPUnpackBase: flushes denormal inputs as FPCR says. */
export function unpack(env: Environment, size: FpSize, pattern: bigint): Unpacked {
  const format = FORMATS[size], bits = BigInt.asUintN(size, pattern), sign = Number(bits >> BigInt(size - 1)) as 0 | 1;
  const field = exponentField(format, bits), low = fraction(format, bits);
  const nothing = { sign, bits, format, mantissa: 0n, exponent: 0 };
  if (field === 0) {
    if (low === 0n || flushed(env, size)) return { kind: 'zero', ...nothing };
    return { kind: 'finite', sign, bits, format, ...denormal(format, low) };
  }
  if (field === maximumExponentField(format) && !(size === 16 && env.alternativeHalf)) {
    if (low === 0n) return { kind: 'infinity', ...nothing };
    return { kind: low & quietBit(format) ? 'quiet' : 'signalling', ...nothing };
  }
  const exponent = format.minimumExponent + field - 1 - format.fractionBits;
  return { kind: 'finite', sign, bits, format, mantissa: low | (1n << BigInt(format.fractionBits)), exponent };
}

const denormal = (f: Format, low: bigint) => ({ mantissa: low, exponent: f.minimumExponent - f.fractionBits });

/** Whether a denormal input counts as zero. Only FPCR.FZ says so in FPSR; FZ16 does it silently. */
function flushed(env: Environment, size: FpSize): boolean {
  if (size === 16) return env.flushToZero16;
  if (env.flushToZero) env.flags |= IDC;
  return env.flushToZero;
}

const signedMantissa = ({ sign, mantissa }: Exact): bigint => (sign ? -mantissa : mantissa);
/** Both mantissas, signed, at the smaller of the two exponents. */
function aligned(a: Exact, b: Exact): readonly [bigint, bigint, number] {
  const exponent = Math.min(a.exponent, b.exponent);
  return [signedMantissa(a) << BigInt(a.exponent - exponent), signedMantissa(b) << BigInt(b.exponent - exponent), exponent];
}
export const exact = (value: bigint, exponent: number): Exact =>
  ({ sign: value < 0n ? 1 : 0, mantissa: value < 0n ? -value : value, exponent });
export function sum(a: Exact, b: Exact): Exact {
  const [x, y, exponent] = aligned(a, b);
  return exact(x + y, exponent);
}
export const product = (a: Exact, b: Exact): Exact =>
  ({ sign: (a.sign ^ b.sign) as 0 | 1, mantissa: a.mantissa * b.mantissa, exponent: a.exponent + b.exponent });

/** -1, 0 or 1; infinities count, NaNs must not come here. */
export function order(a: Unpacked, b: Unpacked): number {
  const far = (n: Unpacked) => (n.kind === 'infinity' ? (n.sign ? -1 : 1) : 0);
  if (far(a) || far(b)) return Math.sign(far(a) - far(b));
  const [x, y] = aligned(a, b);
  return x < y ? -1 : x > y ? 1 : 0;
}
