/** The performance monitors (DDI 0487 D13, D17.5): a cycle counter and six event counters. PMUSERENR_EL0 decides what EL0 may reach. */
import { type SystemRegister, systemRegister } from '../system-register.ts';

type Extra = Partial<Omit<SystemRegister, 'name' | 'at' | 'doc'>>;
const pmu = (name: string, at: SystemRegister['at'], doc: string, extra: Extra = {}): SystemRegister => systemRegister({
  name, at, doc, el0: 'read-write', el1: 'read-write', stored: true, readsThroughEngine: true, writesThroughEngine: true, needs: ['FEAT_PMUv3'],
  ...extra,
});

export const EVENT_COUNTERS = 6;
/** Bits of the sets: the event counters, and bit 31 the cycle counter. */
const COUNTERS = 0x8000_003fn;
/** Events: SW_INCR (0x00), INST_RETIRED (0x08), CPU_CYCLES (0x11). */
const EVENTS = (1n << 0x00n) | (1n << 0x08n) | (1n << 0x11n);
/** Do not count at EL1 (P), at EL0 (U); events have ten bits. */
const FILTER = 0xc000_0000n, TYPE = FILTER | 0x3ffn;
const TYPE_FIELDS = { evtCount: [9, 0], U: [30, 30], P: [31, 31] } as const;

const counters = Array.from({ length: EVENT_COUNTERS }, (_, n) => [
  pmu(`PMEVCNTR${n}_EL0`, [3, 3, 14, 8, n], `Event counter ${n}.`, { writable: 0xffff_ffffn }),
  pmu(`PMEVTYPER${n}_EL0`, [3, 3, 14, 12, n], `What event counter ${n} counts, and when.`, { writable: TYPE, fields: TYPE_FIELDS }),
]).flat();

export const PMU: readonly SystemRegister[] = [
  // Without AArch32 the cycle counter always has 64 bits (LC) and is never divided (D). P and C read as zero.
  pmu('PMCR_EL0', [3, 3, 9, 12, 0], 'Control of the counters.', {
    writable: 0x27n, reset: (BigInt(EVENT_COUNTERS) << 11n) | 0x40n,
    fields: { E: [0, 0], P: [1, 1], C: [2, 2], D: [3, 3], DP: [5, 5], LC: [6, 6], N: [15, 11] },
  }),
  pmu('PMCNTENSET_EL0', [3, 3, 9, 12, 1], 'Enables counters.', { writable: COUNTERS }),
  pmu('PMCNTENCLR_EL0', [3, 3, 9, 12, 2], 'Disables counters, and reads which are enabled.', { stored: false }),
  pmu('PMOVSCLR_EL0', [3, 3, 9, 12, 3], 'Clears overflows, and reads them.', { writable: COUNTERS }),
  pmu('PMSWINC_EL0', [3, 3, 9, 12, 4], 'Increments counters.', { el0: 'write', el1: 'write', stored: false }),
  pmu('PMSELR_EL0', [3, 3, 9, 12, 5], 'Selects a counter; 31 is the cycle counter.', { writable: 0x1fn, fields: { SEL: [4, 0] } }),
  pmu('PMCEID0_EL0', [3, 3, 9, 12, 6], 'Which events can be counted.', { el0: 'read', el1: 'read', reset: EVENTS }),
  pmu('PMCEID1_EL0', [3, 3, 9, 12, 7], 'Which of the events from 0x20 on can be counted: none.', { el0: 'read', el1: 'read' }),
  pmu('PMCCNTR_EL0', [3, 3, 9, 13, 0], 'The cycle counter.'),
  pmu('PMXEVTYPER_EL0', [3, 3, 9, 13, 1], 'Event of the selected counter.', { stored: false }),
  pmu('PMXEVCNTR_EL0', [3, 3, 9, 13, 2], 'The selected counter.', { stored: false }),
  pmu('PMUSERENR_EL0', [3, 3, 9, 14, 0], 'What EL0 may reach.', { el0: 'read', writable: 0xfn, fields: { EN: [0, 0], SW: [1, 1], CR: [2, 2], ER: [3, 3] } }),
  pmu('PMINTENSET_EL1', [3, 0, 9, 14, 1], 'Enables overflow interrupts.', { el0: 'none', writable: COUNTERS }),
  pmu('PMINTENCLR_EL1', [3, 0, 9, 14, 2], 'Disables overflow interrupts.', { el0: 'none', stored: false }),
  pmu('PMOVSSET_EL0', [3, 3, 9, 14, 3], 'Sets overflows.', { stored: false }),
  pmu('PMCCFILTR_EL0', [3, 3, 14, 15, 7], 'When the cycle counter counts.', { writable: FILTER, fields: { U: [30, 30], P: [31, 31] } }),
  ...counters,
];
