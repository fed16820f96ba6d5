/** Every floating-point operation of the manual's pseudocode, exact and slow: the judge of faster engines. */
import type { FpOp, Rounding } from '@hypnos/isa';
import { add, divide, multiply, multiplyAdd, newtonStep, squareRoot } from './arithmetic.ts';
import { compare, extreme, extremeNumber, holds } from './comparison.ts';
import { convert, fromFixed, roundToIntegral, toFixed } from './conversion.ts';
import { arithmeticView, conversionView, type Direction, type Environment, environment } from './environment.ts';
import { reciprocalEstimate, reciprocalExponent, reciprocalSquareRootEstimate } from './estimates.ts';
import { FORMATS, magnitude } from './number.ts';

export interface FpResult {
  /** The answer, zero-extended. */
  readonly value: bigint;
  /** The cumulative bits it sets in FPSR: IOC, DZC, OFC, UFC, IXC, IDC. */
  readonly flags: number;
}

/** Operands are bit patterns, of which the low bits count. */
export function evaluateFp(op: FpOp, values: readonly bigint[], fpcr: number): FpResult {
  const whole = environment(fpcr), env = op.op === 'convert' ? conversionView(whole) : arithmeticView(whole);
  const value = compute(env, op, values[0] ?? 0n, values[1] ?? 0n, values[2] ?? 0n);
  return { value, flags: env.flags };
}

const settled = (env: Environment, rounding: Rounding): Direction => (rounding === 'fpcr' ? env.rounding : rounding);

function compute(env: Environment, op: FpOp, a: bigint, b: bigint, c: bigint): bigint {
  switch (op.op) {
    case 'add': return add(env, op.size, a, b, false);
    case 'sub': return add(env, op.size, a, b, true);
    case 'abd': return magnitude(FORMATS[op.size], add(env, op.size, a, b, true));
    case 'mul': return multiply(env, op.size, a, b, false);
    case 'mulx': return multiply(env, op.size, a, b, true);
    case 'div': return divide(env, op.size, a, b);
    case 'muladd': return multiplyAdd(env, op.size, a, b, c);
    case 'sqrt': return squareRoot(env, op.size, a);
    case 'recip-step': return newtonStep(env, op.size, a, b, false);
    case 'rsqrt-step': return newtonStep(env, op.size, a, b, true);
    case 'recip-estimate': return reciprocalEstimate(env, op.size, a);
    case 'rsqrt-estimate': return reciprocalSquareRootEstimate(env, op.size, a);
    case 'recip-exponent': return reciprocalExponent(env, op.size, a);
    case 'max': return extreme(env, op.size, a, b, true);
    case 'min': return extreme(env, op.size, a, b, false);
    case 'maxnum': return extremeNumber(env, op.size, a, b, true);
    case 'minnum': return extremeNumber(env, op.size, a, b, false);
    case 'compare': return compare(env, op.size, a, b, op.signalAllNaNs);
    case 'equal': case 'greater-equal': case 'greater': return holds(env, op.size, a, b, op.op);
    case 'round-int': return roundToIntegral(env, op.size, a, settled(env, op.rounding), op.exact);
    case 'convert': return convert(env, op.from, op.to, a, op.rounding ?? env.rounding);
    case 'to-fixed': return toFixed(env, op.size, a, op.width, op.unsigned, settled(env, op.rounding), op.fractionBits);
    case 'from-fixed': return fromFixed(env, op.size, a, op.width, op.unsigned, op.fractionBits);
  }
}
