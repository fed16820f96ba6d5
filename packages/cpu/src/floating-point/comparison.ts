/** FPCompare and its predicates, FPMax, FPMin and their Num versions (DDI 0487 shared/functions/float). */
import type { FpSize } from '@hypnos/isa';
import { type Environment, IOC } from './environment.ts';
import { processNaNs } from './nan.ts';
import { FORMATS, infinity, isNaNKind, order, unpack, zero } from './number.ts';
import { round } from './rounding.ts';

/** NZCV in four bits: unordered is 0011. */
export function compare(env: Environment, size: FpSize, op1: bigint, op2: bigint, signalAllNaNs: boolean): bigint {
  const a = unpack(env, size, op1), b = unpack(env, size, op2);
  if (isNaNKind(a) || isNaNKind(b)) {
    if (signalAllNaNs || a.kind === 'signalling' || b.kind === 'signalling') env.flags |= IOC;
    return 0b0011n;
  }
  const how = order(a, b);
  return how === 0 ? 0b0110n : how < 0 ? 0b1000n : 0b0010n;
}

export type Predicate = 'equal' | 'greater-equal' | 'greater';
/** FPCompareEQ signals only signalling NaNs; FPCompareGE and FPCompareGT signal all. */
export function holds(env: Environment, size: FpSize, op1: bigint, op2: bigint, predicate: Predicate): bigint {
  const flags = compare(env, size, op1, op2, predicate !== 'equal');
  const isEqual = flags === 0b0110n, isGreater = flags === 0b0010n;
  return (predicate !== 'greater' && isEqual) || (predicate !== 'equal' && isGreater) ? 1n : 0n;
}

/** FPMax and FPMin: of two zeroes the positive is the larger. */
export function extreme(env: Environment, size: FpSize, op1: bigint, op2: bigint, larger: boolean): bigint {
  const f = FORMATS[size], a = unpack(env, size, op1), b = unpack(env, size, op2);
  const nan = processNaNs(env, a, b);
  if (nan !== null) return nan;
  const how = order(a, b), chosen = (larger ? how > 0 : how < 0) ? a : b;
  if (chosen.kind === 'infinity') return infinity(f, chosen.sign);
  if (chosen.kind === 'zero') return zero(f, larger ? a.sign & b.sign : a.sign | b.sign);
  return round(env, f, chosen);
}

/** FPMaxNum and FPMinNum: a single quiet NaN counts as the infinity that never wins. */
export function extremeNumber(env: Environment, size: FpSize, op1: bigint, op2: bigint, larger: boolean): bigint {
  const never = infinity(FORMATS[size], larger ? 1 : 0);
  const first = unpack(env, size, op1).kind === 'quiet', second = unpack(env, size, op2).kind === 'quiet';
  return extreme(env, size, first && !second ? never : op1, second && !first ? never : op2, larger);
}
