/** From an exact number to the nearest pattern of a format (DDI 0487 FPRoundBase), and to integers (FPRoundInt). */
import { type Direction, type Environment, IOC, IXC, OFC, UFC } from './environment.ts';
import { type Exact, type Format, infinity, maxNormal, pack, zero } from './number.ts';

export const bitLength = (n: bigint): number => (n === 0n ? 0 : n.toString(2).length);

interface Cut {
  readonly kept: bigint;
  /** What was cut off, compared with nothing and with a half. */
  readonly rest: 'none' | 'below' | 'half' | 'above';
}

/** mantissa * 2^exponent, cut to a whole number. */
function cut(mantissa: bigint, exponent: number): Cut {
  if (exponent >= 0) return { kept: mantissa << BigInt(exponent), rest: 'none' };
  const by = BigInt(-exponent), kept = mantissa >> by, rest = mantissa - (kept << by), half = 1n << (by - 1n);
  return { kept, rest: rest === 0n ? 'none' : rest < half ? 'below' : rest === half ? 'half' : 'above' };
}

/** Whether the magnitude goes up. */
function roundsUp({ kept, rest }: Cut, sign: number, direction: Direction): boolean {
  switch (direction) {
    case 'tie-even': return rest === 'above' || (rest === 'half' && (kept & 1n) === 1n);
    case 'tie-away': return rest === 'above' || rest === 'half';
    case 'plus-infinity': return rest !== 'none' && sign === 0;
    case 'minus-infinity': return rest !== 'none' && sign === 1;
    case 'zero': case 'odd': return false;
  }
}

const overflowsToInfinity = (sign: number, direction: Direction): boolean =>
  direction === 'tie-even' || direction === 'tie-away' || (direction === 'plus-infinity' && sign === 0) ||
  (direction === 'minus-infinity' && sign === 1);

/** The value too large for a format, as FPRound and FPRecipEstimate give it. */
export function overflow(env: Environment, f: Format, sign: number, direction: Direction): bigint {
  env.flags |= OFC | IXC;
  return overflowsToInfinity(sign, direction) ? infinity(f, sign) : maxNormal(f, sign);
}

/** FPRoundBase of a number that is not zero. Tininess is told before rounding. */
export function round(env: Environment, f: Format, n: Exact, direction: Direction = env.rounding): bigint {
  const exponent = n.exponent + bitLength(n.mantissa) - 1;
  const flush = f.size === 16 ? env.flushToZero16 : env.flushToZero;
  if (flush && exponent < f.minimumExponent) {
    env.flags |= UFC;
    return zero(f, n.sign);
  }
  const isTiny = exponent < f.minimumExponent;
  const unit = Math.max(exponent, f.minimumExponent) - f.fractionBits;
  const whole = cut(n.mantissa, n.exponent - unit), inexact = whole.rest !== 'none';
  if (isTiny && inexact) env.flags |= UFC;
  let mantissa = roundsUp(whole, n.sign, direction) ? whole.kept + 1n : whole.kept;
  if (direction === 'odd' && inexact) mantissa |= 1n;
  // The hidden one adds to the exponent, so that a mantissa carried to the next power of two needs no special case.
  const field = isTiny ? 0n : BigInt(exponent - f.minimumExponent);
  const magnitude = (field << BigInt(f.fractionBits)) + mantissa;
  const top = 2n ** BigInt(f.exponentBits);
  const half = f.size === 16 && env.alternativeHalf;
  if (magnitude >> BigInt(f.fractionBits) >= (half ? top : top - 1n)) return tooLarge(env, f, n.sign, direction, half);
  if (inexact) env.flags |= IXC;
  return pack(f, n.sign, 0, magnitude);
}

/** The alternative half precision has no infinity: its largest number stands in, and the operation was invalid. */
function tooLarge(env: Environment, f: Format, sign: number, direction: Direction, alternativeHalf: boolean): bigint {
  if (!alternativeHalf) return overflow(env, f, sign, direction);
  env.flags |= IOC;
  return pack(f, sign, 0, 0x7fffn);
}

/** Zero that came of a subtraction: minus only when rounding down. */
export const exactZero = (env: Environment, f: Format): bigint => zero(f, env.rounding === 'minus-infinity' ? 1 : 0);
export const roundOrZero = (env: Environment, f: Format, n: Exact): bigint => (n.mantissa === 0n ? exactZero(env, f) : round(env, f, n));

/** The number rounded to an integer, signed, and whether anything was lost. */
export function roundToInteger(n: Exact, direction: Direction): { readonly integer: bigint; readonly inexact: boolean } {
  const whole = cut(n.mantissa, n.exponent);
  const kept = roundsUp(whole, n.sign, direction) ? whole.kept + 1n : whole.kept;
  return { integer: n.sign ? -kept : kept, inexact: whole.rest !== 'none' };
}
