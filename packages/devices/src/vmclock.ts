/** VMClock (UAPI.13; Linux include/uapi/linux/vmclock-abi.h): what time it is at which value of the counter, and whether that was disturbed. */
import { state, type View } from '@hypnos/base';
import { device } from './kit/device.ts';
import { edgeInterrupts, placedNode } from './kit/fdt.ts';
import type { Clock, Counter } from './kit/ports.ts';
import { pulse, pulseFields, pulseLine, pulseSane, pulseSettled, pulseWakeAt, pulseWoke } from './kit/pulse.ts';

const PAGE = 0x1000, SEQ_COUNT = 0x0c;
const MAGIC = 0x4b4c_4356, VERSION = 1;
/** counter_id, time_type and clock_status. The wall clock is the host's, and whether anybody disciplines that is not known here. */
const COUNTER_ARM_VCNT = 0, TIME_UTC = 0, STATUS_FREERUNNING = 3;
const FLAG_VM_GEN_COUNTER_PRESENT = 1n << 8n, FLAG_NOTIFICATION_PRESENT = 1n << 9n;
const NS = 1_000_000_000n;
/** The pair is taken anew where the host's clock has gone away from it by more than this, as clocks do that are being set right. */
const DRIFT_NS = 1_000_000n;

const fields = {
  sequence: state.u32(),
  disruptionMarker: state.u64(),
  /** Guest counter and wall clock (ns since 1970) at one moment. */
  counter: state.u64(),
  wallNs: state.u64(),
  generation: state.u64(),
  ...pulseFields,
};
type State = View<typeof fields>;
interface Ports { readonly clock: Clock; readonly counter: Counter }

/** The page as it is laid out, up to the last field: the names are the header's. */
const layout = state.shape({
  magic: state.u32(), size: state.u32(), version: state.u16(), counterId: state.u8(), timeType: state.u8(),
  seqCount: state.u32(), disruptionMarker: state.u64(), flags: state.u64(), pad: state.u16(), clockStatus: state.u8(),
  leapSecondSmearingHint: state.u8(), taiOffsetSec: state.u16(), leapIndicator: state.u8(), counterPeriodShift: state.u8(),
  counterValue: state.u64(), counterPeriodFracSec: state.u64(), counterPeriodEsterrorRateFracSec: state.u64(), counterPeriodMaxerrorRateFracSec: state.u64(),
  timeSec: state.u64(), timeFracSec: state.u64(), timeEsterrorNanosec: state.u64(), timeMaxerrorNanosec: state.u64(), vmGenerationCounter: state.u64(),
});

/** A tick in units of 2^-(64 + shift) seconds, with as many bits as there is room for. */
export function counterPeriod(nanosecondsPerTick: number): { readonly frac: bigint; readonly shift: number } {
  for (let shift = 63; ; shift--) {
    const frac = (BigInt(nanosecondsPerTick) << BigInt(64 + shift)) / NS;
    if (frac < 1n << 64n) return { frac, shift };
  }
}

function page(s: State, { counter: { nanosecondsPerTick } }: Ports): Uint8Array {
  const clock = layout.fresh(), { frac, shift } = counterPeriod(nanosecondsPerTick);
  Object.assign(clock, {
    magic: MAGIC, size: PAGE, version: VERSION, counterId: COUNTER_ARM_VCNT, timeType: TIME_UTC, seqCount: s.sequence, disruptionMarker: s.disruptionMarker,
    flags: FLAG_VM_GEN_COUNTER_PRESENT | FLAG_NOTIFICATION_PRESENT, clockStatus: STATUS_FREERUNNING, counterPeriodShift: shift, counterPeriodFracSec: frac,
    counterValue: s.counter, timeSec: s.wallNs / NS, timeFracSec: ((s.wallNs % NS) << 64n) / NS, vmGenerationCounter: s.generation,
  });
  return layout.save(clock);
}

/** Takes the pair anew. An access never sees an update half done, so the sequence is even at each. */
function update(s: State, p: Ports): void {
  s.counter = p.counter.ticks();
  s.wallNs = BigInt.asUintN(64, p.clock.wallNs());
  s.sequence = (s.sequence + 2) >>> 0;
  pulse(s, p.clock);
}

function drifted(s: State, { clock, counter }: Ports): boolean {
  const elapsed = BigInt.asUintN(64, counter.ticks() - s.counter) * BigInt(counter.nanosecondsPerTick);
  const off = clock.wallNs() - (s.wallNs + elapsed);
  return off > DRIFT_NS || off < -DRIFT_NS;
}

export const vmclock = device({
  name: 'vmclock',
  doc: 'VMClock (UAPI.13): the wall clock as a function of the counter, a marker of disruptions, and how often the guest was forked.',
  compatible: ['amazon,vmclock'],
  size: PAGE,
  version: 1,
  state: fields,
  sane: pulseSane,
  needs: ['clock', 'counter'],
  widths: [1, 2, 4, 8],

  registers: {
    0x000: {
      name: 'vmclock_abi', doc: 'The structure; zeroes behind it', span: PAGE,
      read(s, p, { offset, bytes }) {
        // Whoever wants the time reads the sequence first: that is when it must be right.
        if (offset <= SEQ_COUNT && offset + bytes > SEQ_COUNT && drifted(s, p)) update(s, p);
        return page(s, p).subarray(offset, offset + bytes).reduceRight((value, byte) => value * 256 + byte, 0);
      },
    },
  },

  irq: pulseLine,
  wakeAt: pulseWakeAt,
  woke: (s, p) => pulseWoke(s, p.clock),
  settled: pulseSettled,

  actions: {
    /** How often the guest was forked, as the machine begins. */
    hold(s, _p, generation: bigint): void { s.generation = generation; },
    /** The machine stood still, and goes on: what the guest worked out from counter and clock is worth nothing. */
    disrupted(s, p, generation: bigint): void {
      s.generation = generation;
      s.disruptionMarker = BigInt.asUintN(64, s.disruptionMarker + 1n);
      update(s, p);
    },
  },

  node: (place, d) => [placedNode('ptp', place, d.size, d.compatible, edgeInterrupts(place))],
});
