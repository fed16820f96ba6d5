/** A line that only rings: up for a microsecond of machine time, for an interrupt that the GIC takes by its edge. */
import { state, type View } from '@hypnos/base';
import type { Clock } from './ports.ts';

const LENGTH_NS = 1000n;
/** `RISEN` is high and `FALLEN` low, and nobody has been told yet: what changed again before that would be no edge to anybody. */
const LOW = 0, RISEN = 1, HIGH = 2, FALLEN = 3;

/** To stand in a device's state. A pulse that is under way when the machine is stored ends when it goes on. */
export const pulseFields = {
  pulse: state.u8(LOW),
  /** Another pulse is to follow. */
  pulseAgain: state.bool(),
  /** When the line falls or, before another pulse, when it fell. */
  pulseNs: state.i64(),
};
type Pulse = View<typeof pulseFields>;

const at = (ns: bigint): bigint => BigInt.asIntN(64, ns);

function rise(s: Pulse, now: bigint): void {
  s.pulse = RISEN;
  s.pulseAgain = false;
  s.pulseNs = at(now + LENGTH_NS);
}

/** Rings. Where the line is up already, whoever took its edge may have looked before this: so it falls, and rises once more. */
export function pulse(s: Pulse, clock: Clock): void {
  if (s.pulse === LOW) rise(s, clock.nowNs());
  else s.pulseAgain = true;
}

/** For a device's `sane`, `irq`, `wakeAt`, `woke` and `settled`. */
export const pulseSane = (s: Pulse): boolean => s.pulse <= FALLEN;
export const pulseLine = (s: Pulse): boolean => s.pulse === RISEN || s.pulse === HIGH;
export function pulseWakeAt(s: Pulse): bigint | null {
  if (pulseLine(s)) return s.pulseNs;
  return s.pulseAgain ? s.pulseNs + LENGTH_NS : null;
}
export function pulseWoke(s: Pulse, clock: Clock): void {
  const now = clock.nowNs();
  if (s.pulse === HIGH && now >= s.pulseNs) {
    s.pulse = FALLEN;
    s.pulseNs = at(now);
  } else if (s.pulse === LOW && s.pulseAgain && now >= s.pulseNs + LENGTH_NS) rise(s, now);
}
export function pulseSettled(s: Pulse): void {
  if (s.pulse === FALLEN) s.pulse = LOW;
  else if (s.pulse === RISEN) s.pulse = HIGH;
}
