/** The performance monitors (DDI 0487 D17.5), with the cycle counter only. PMUSERENR_EL0 decides what EL0 may reach. */
import { type SystemRegister, systemRegister } from '../system-register.ts';

type Extra = Partial<Omit<SystemRegister, 'name' | 'at' | 'doc'>>;
const pmu = (name: string, at: SystemRegister['at'], doc: string, extra: Extra = {}): SystemRegister => systemRegister({
  name, at, doc, el0: 'read-write', el1: 'read-write', stored: true, readsThroughEngine: true, writesThroughEngine: true, needs: ['FEAT_PMUv3'],
  ...extra,
});

export const PMU: readonly SystemRegister[] = [
  pmu('PMCR_EL0', [3, 3, 9, 12, 0], 'Control of the counters.', { fields: { E: [0, 0], P: [1, 1], C: [2, 2], D: [3, 3], LC: [6, 6], N: [15, 11] } }),
  pmu('PMCNTENSET_EL0', [3, 3, 9, 12, 1], 'Enables counters.'),
  pmu('PMCNTENCLR_EL0', [3, 3, 9, 12, 2], 'Disables counters.', { stored: false }),
  pmu('PMOVSCLR_EL0', [3, 3, 9, 12, 3], 'Clears overflows, and reads them.'),
  pmu('PMSWINC_EL0', [3, 3, 9, 12, 4], 'Increments counters.', { el0: 'write', el1: 'write', stored: false }),
  pmu('PMSELR_EL0', [3, 3, 9, 12, 5], 'Selects a counter.'),
  pmu('PMCEID0_EL0', [3, 3, 9, 12, 6], 'Which events can be counted.', { el0: 'read', el1: 'read' }),
  pmu('PMCEID1_EL0', [3, 3, 9, 12, 7], 'Which events can be counted.', { el0: 'read', el1: 'read' }),
  pmu('PMCCNTR_EL0', [3, 3, 9, 13, 0], 'The cycle counter.'),
  pmu('PMXEVTYPER_EL0', [3, 3, 9, 13, 1], 'Event of the selected counter.', { stored: false }),
  pmu('PMXEVCNTR_EL0', [3, 3, 9, 13, 2], 'The selected counter.', { stored: false }),
  pmu('PMUSERENR_EL0', [3, 3, 9, 14, 0], 'What EL0 may reach.', { el0: 'read' }),
  pmu('PMINTENSET_EL1', [3, 0, 9, 14, 1], 'Enables overflow interrupts.', { el0: 'none' }),
  pmu('PMINTENCLR_EL1', [3, 0, 9, 14, 2], 'Disables overflow interrupts.', { el0: 'none', stored: false }),
  pmu('PMOVSSET_EL0', [3, 3, 9, 14, 3], 'Sets overflows.', { stored: false }),
  pmu('PMCCFILTR_EL0', [3, 3, 14, 15, 7], 'When the cycle counter counts.'),
];
