/** A line that only rings: it is up for a microsecond of machine time, for an interrupt that the GIC takes by its edge. */
import { state, type View } from '@hypnos/base';
import type { Clock } from './ports.ts';

const LENGTH_NS = 1000n;

/** To stand in a device's state. A pulse that is under way when the machine is stored ends when it goes on. */
export const pulseFields = {
  pulsing: state.bool(),
  pulseEndsNs: state.i64(),
};
type Pulse = View<typeof pulseFields>;

/** Raises the line. While it is up already it stays so for longer: the guest has one interrupt to take, and finds what is newest. */
export function pulse(s: Pulse, clock: Clock): void {
  s.pulsing = true;
  s.pulseEndsNs = BigInt.asIntN(64, clock.nowNs() + LENGTH_NS);
}

/** For a device's `woke`, `irq` and `wakeAt`. */
export function pulseWoke(s: Pulse, clock: Clock): void {
  if (s.pulsing && clock.nowNs() >= s.pulseEndsNs) s.pulsing = false;
}
export const pulseLine = (s: Pulse): boolean => s.pulsing;
export const pulseEnd = (s: Pulse): bigint | null => (s.pulsing ? s.pulseEndsNs : null);
