/** Fast paths of conversions between formats, to and from integers, and of rounding to integral values. */
import type { FpOp, Rounding } from '@hypnos/isa';
import { i64, type Node, op, select } from '../wasm/node.ts';
import { both, either, f, float, type FpFast, type Size } from './fp-fast.ts';
import type { FastPath } from './fp-helpers.ts';

type Of<K extends FpOp['op']> = Extract<FpOp, { op: K }>;

const NATIVE: Readonly<Partial<Record<Rounding, string>>> = {
  fpcr: 'nearest', 'tie-even': 'nearest', 'plus-infinity': 'ceil', 'minus-infinity': 'floor', zero: 'trunc',
};

/** The integral value nearest to a number, in its format. Ties away: half more than the truncated one, where there is a fraction. */
function integral(fast: FpFast, size: Size, rounding: Rounding, a: Node): Node {
  const native = NATIVE[rounding];
  if (native) return fast.fn.pin(f(native, size, a));
  const whole = fast.fn.pin(f('trunc', size, a));
  const rest = f('abs', size, f('sub', size, a, whole));
  return fast.fn.pin(select(f('ge', size, rest, float(size, 0.5)), f('add', size, whole, f('copysign', size, float(size, 1), a)), whole));
}

const roundInt: FastPath = (fast, what) => {
  const { size, rounding, exact } = what as Of<'round-int'> & { size: Size }, a = fast.operand(0, size);
  fast.unless(f('lt', size, f('abs', size, a), float(size, Infinity)));
  // The sign of a zero result is the operand's.
  const r = fast.fn.pin(f('copysign', size, integral(fast, size, rounding, a), a));
  if (exact) fast.inexactIf(() => f('ne', size, r, a));
  fast.return(r, size);
};

const convert: FastPath = (fast, what) => {
  const { from, to, rounding } = what as Of<'convert'>;
  if (from === 16 || to === 16 || rounding !== undefined) { fast.never(); return; }
  const { fn } = fast;
  if (from === 32) {
    const a = fast.operand(0, 32);
    fast.unless(fast.isNumber(a, 32));
    fast.return(op('f64.promote_f32', [a]), 64);
    return;
  }
  const a = fast.operand(0, 64), r = fn.pin(op('f32.demote_f64', [a]));
  fast.unless(either(fast.ordinary(r, 32), f('eq', 64, a, float(64, 0))));
  fast.inexactIf(() => f('ne', 64, op('f64.promote_f32', [r]), a));
  fast.return(r, 32);
};

const toFixed: FastPath = (fast, what) => {
  const { size, width, unsigned, rounding, fractionBits } = what as Of<'to-fixed'> & { size: Size };
  if (fractionBits !== 0 || width === 16) { fast.never(); return; }
  const a = fast.operand(0, size), r = integral(fast, size, rounding, a);
  const below = unsigned ? float(size, 0) : float(size, -(2 ** (width - 1)));
  const above = float(size, 2 ** (unsigned ? width : width - 1));
  // Out of range, and NaN, are for the exact unit; comparisons with NaN fail.
  fast.unless(both(f('ge', size, r, below), f('lt', size, r, above)));
  fast.inexactIf(() => f('ne', size, r, a));
  const value = op(`i64.trunc_sat_f${size}_${unsigned ? 'u' : 's'}`, [r]);
  fast.fn.return(width === 64 ? value : op('i64.and', [value, i64(0xffff_ffffn)]));
};

const fromFixed: FastPath = (fast, what) => {
  const { size, width, unsigned, fractionBits } = what as Of<'from-fixed'> & { size: Size };
  if (fractionBits !== 0 || width === 16) { fast.never(); return; }
  const { fn } = fast, sign = unsigned ? 'u' : 's';
  const value = fn.pin(width === 64 || unsigned ? fast.bits[0]! : op('i64.extend32_s', [fast.bits[0]!]));
  const r = fn.pin(op(`f${size}.convert_i64_${sign}`, [value]));
  if (width === 64 || size === 32) {
    // Back to an integer; at the very top, where that saturates, the conversion was not exact.
    const back = op(`i64.trunc_sat_f${size}_${sign}`, [r]);
    const top = f('eq', size, r, float(size, unsigned ? 2 ** 64 : 2 ** 63));
    fast.inexactIf(() => either(top, op('i64.ne', [back, value])));
  }
  fast.return(r, size);
};

export const conversions = {
  'round-int': roundInt, convert, 'to-fixed': toFixed, 'from-fixed': fromFixed,
} satisfies Partial<Record<FpOp['op'], FastPath>>;
