/** PL031 real-time clock (ARM DDI 0224): a one-second counter that follows the wall clock, with a match interrupt. */
import { state, type View } from '@hypnos/base';
import { device } from './kit/device.ts';
import { placedNode } from './kit/fdt.ts';
import type { Clock } from './kit/ports.ts';
import { clockedBy, primecellIds } from './kit/primecell.ts';

const NS = 1_000_000_000n;

const fields = {
  /** Guest seconds minus wall seconds; the host's clock itself is never state. */
  skew: state.i64(),
  load: state.u32(),
  match: state.u32(),
  /** When the counter will equal the match register, in wall seconds: a match that passes while the machine is stored is not missed. */
  matchAt: state.i64(),
  armed: state.bool(),
  enabled: state.u32(),
  raised: state.u32(),
};
type State = View<typeof fields>;

const wallSeconds = (clock: Clock): bigint => clock.wallNs() / NS;
const counter = (s: State, clock: Clock): bigint => BigInt.asUintN(32, wallSeconds(clock) + s.skew);

/** The counter wraps after 2^32 seconds, so every value of the match register lies ahead. */
function appoint(s: State, clock: Clock): void {
  s.matchAt = BigInt.asIntN(64, wallSeconds(clock) + BigInt.asUintN(32, BigInt(s.match) - counter(s, clock)));
  s.armed = true;
}

export const pl031 = device({
  name: 'pl031',
  doc: 'Real-time clock (ARM DDI 0224). Follows the wall clock; its match register is the guest\'s appointment.',
  compatible: ['arm,pl031', 'arm,primecell'],
  size: 0x1000,
  version: 1,
  state: fields,
  // Later than the years of a machine's counter and of the match register together no appointment can be.
  sane: s => s.matchAt >= 0n && s.matchAt < 1n << 40n,
  needs: ['clock'],

  registers: {
    0x000: { name: 'RTCDR', doc: 'Seconds', read: (s, p) => Number(counter(s, p.clock)) },
    0x004: { name: 'RTCMR', doc: 'Match', read: s => s.match, write: (s, value, p) => { s.match = value; appoint(s, p.clock); } },
    0x008: {
      name: 'RTCLR', doc: 'Load', read: s => s.load,
      write(s, value, p) {
        s.load = value;
        s.skew = BigInt(value) - wallSeconds(p.clock);
        appoint(s, p.clock);
      },
    },
    0x00c: { name: 'RTCCR', doc: 'Control: once started the counter cannot be stopped (DDI 0224 3.3.4)', read: () => 1, write: () => {} },
    0x010: { name: 'RTCIMSC', doc: 'Interrupt mask', field: 'enabled', mask: 1 },
    0x014: { name: 'RTCRIS', doc: 'Raw interrupt', read: s => s.raised },
    0x018: { name: 'RTCMIS', doc: 'Masked interrupt', read: s => s.raised & s.enabled },
    0x01c: { name: 'RTCICR', doc: 'Interrupt clear', write: (s, value) => { s.raised &= ~value; } },
    ...primecellIds([0x31, 0x10, 0x14, 0x00]),
  },

  irq: s => (s.raised & s.enabled & 1) === 1,
  wakeAt: (s, p) => (s.armed ? p.clock.nowNs() + s.matchAt * NS - p.clock.wallNs() : null),
  woke(s, p) {
    if (!s.armed || wallSeconds(p.clock) < s.matchAt) return;
    s.raised = 1;
    s.armed = false;
  },

  actions: {
    /** When the guest wants to be woken, in wall seconds; null if it has no appointment or would not hear of it. */
    appointment: (s): bigint | null => (s.armed && (s.enabled & 1) === 1 ? s.matchAt : null),
  },

  // The interrupt is what makes it a wake source in Linux; `rtcwake` needs no more.
  node: (place, d) => [placedNode('pl031', place, d.size, d.compatible, clockedBy('apb_pclk'))],
});
