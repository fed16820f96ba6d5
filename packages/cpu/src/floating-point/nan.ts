/** Which NaN an operation answers with (DDI 0487 FPProcessNaN, FPProcessNaNs, FPProcessNaNs3). */
import { type Environment, IOC } from './environment.ts';
import { defaultNaN, type Format, quietBit, type Unpacked } from './number.ts';

/** The default NaN of an operation without a result. */
export function invalid(env: Environment, f: Format): bigint {
  env.flags |= IOC;
  return defaultNaN(f);
}

/** One operand known to be a NaN, made quiet. */
export function processNaN(env: Environment, n: Unpacked): bigint {
  if (n.kind === 'signalling') env.flags |= IOC;
  return env.defaultNaN ? defaultNaN(n.format) : n.bits | quietBit(n.format);
}

/** The first signalling NaN, else the first quiet one, else null. */
export function processNaNs(env: Environment, ...operands: readonly Unpacked[]): bigint | null {
  const chosen = operands.find(n => n.kind === 'signalling') ?? operands.find(n => n.kind === 'quiet');
  return chosen ? processNaN(env, chosen) : null;
}
