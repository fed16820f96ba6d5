/** FPConvert, FPRoundInt, FPToFixed and FixedToFP (DDI 0487 shared/functions/float). */
import type { FpSize } from '@hypnos/isa';
import { type Direction, type Environment, IOC, IXC } from './environment.ts';
import { processNaN } from './nan.ts';
import { defaultNaN, exact, FORMATS, type Format, fraction, infinity, isNaNKind, pack, quietBit, type Unpacked, unpack,
  zero } from './number.ts';
import { round, roundToInteger } from './rounding.ts';

/** Between precisions; `env` is the conversion's view of FPCR. */
export function convert(env: Environment, from: FpSize, to: FpSize, op: bigint, direction: Direction): bigint {
  const f = FORMATS[to], n = unpack(env, from, op), alternative = to === 16 && env.alternativeHalf;
  if (isNaNKind(n)) {
    if (n.kind === 'signalling' || alternative) env.flags |= IOC;
    return alternative ? zero(f, n.sign) : env.defaultNaN ? defaultNaN(f) : convertNaN(f, n);
  }
  if (n.kind === 'infinity') {
    if (!alternative) return infinity(f, n.sign);
    env.flags |= IOC;
    return pack(f, n.sign, 0, 0x7fffn);
  }
  return n.kind === 'zero' ? zero(f, n.sign) : round(env, f, n, direction);
}

/** FPConvertNaN: quiet, with as many upper bits of the payload as fit. */
function convertNaN(to: Format, n: Unpacked): bigint {
  const by = to.fractionBits - n.format.fractionBits, payload = fraction(n.format, n.bits);
  const kept = by >= 0 ? payload << BigInt(by) : payload >> BigInt(-by);
  return infinity(to, n.sign) | quietBit(to) | kept;
}

export function roundToIntegral(env: Environment, size: FpSize, op: bigint, direction: Direction, isExact: boolean): bigint {
  const f = FORMATS[size], n = unpack(env, size, op);
  if (isNaNKind(n)) return processNaN(env, n);
  if (n.kind === 'infinity') return infinity(f, n.sign);
  if (n.kind === 'zero') return zero(f, n.sign);
  const { integer, inexact } = roundToInteger(n, direction);
  if (inexact && isExact) env.flags |= IXC;
  return integer === 0n ? zero(f, n.sign) : round(env, f, exact(integer, 0), 'zero');
}

/** Larger than any integer result. */
const FAR = 4096;

export function toFixed(env: Environment, size: FpSize, op: bigint, width: number, unsigned: boolean, direction: Direction,
  fractionBits: number): bigint {
  const n = unpack(env, size, op);
  if (isNaNKind(n)) {
    env.flags |= IOC;
    return 0n;
  }
  const value = n.kind === 'infinity' ? { sign: n.sign, mantissa: 1n, exponent: FAR } : n;
  const { integer, inexact } = roundToInteger({ ...value, exponent: value.exponent + fractionBits }, direction);
  const max = 2n ** BigInt(unsigned ? width : width - 1) - 1n, min = unsigned ? 0n : -max - 1n;
  const saturated = integer > max ? max : integer < min ? min : integer;
  if (saturated !== integer) env.flags |= IOC;
  else if (inexact) env.flags |= IXC;
  return BigInt.asUintN(width, saturated);
}

export function fromFixed(env: Environment, size: FpSize, op: bigint, width: number, unsigned: boolean, fractionBits: number): bigint {
  const value = unsigned ? BigInt.asUintN(width, op) : BigInt.asIntN(width, op);
  return value === 0n ? zero(FORMATS[size], 0) : round(env, FORMATS[size], exact(value, -fractionBits));
}
