/** The generic timer (DDI 0487 D11). CNTKCTL_EL1 decides what EL0 may reach, so everything goes through the engine. */
import { type SystemRegister, systemRegister } from '../system-register.ts';

type Extra = Partial<Omit<SystemRegister, 'name' | 'at' | 'doc'>>;
const timer = (name: string, at: SystemRegister['at'], doc: string, extra: Extra = {}): SystemRegister => systemRegister({
  name, at, doc, el0: 'read-write', el1: 'read-write', stored: true, readsThroughEngine: true, writesThroughEngine: true, ...extra,
});
const CONTROL = { ENABLE: [0, 0], IMASK: [1, 1], ISTATUS: [2, 2] } as const;

export const TIMERS: readonly SystemRegister[] = [
  timer('CNTFRQ_EL0', [3, 3, 14, 0, 0], 'Ticks in a second; set by the board.', { el0: 'read', el1: 'read' }),
  timer('CNTPCT_EL0', [3, 3, 14, 0, 1], 'The physical count.', { el0: 'read', el1: 'read', stored: false }),
  timer('CNTVCT_EL0', [3, 3, 14, 0, 2], 'The virtual count: the physical one less CNTVOFF_EL2.', { el0: 'read', el1: 'read', stored: false }),
  timer('CNTP_TVAL_EL0', [3, 3, 14, 2, 0], 'Ticks until the physical timer.', { stored: false }),
  timer('CNTP_CTL_EL0', [3, 3, 14, 2, 1], 'Control of the physical timer.', { writable: 3n, fields: CONTROL }),
  timer('CNTP_CVAL_EL0', [3, 3, 14, 2, 2], 'The physical count at which the physical timer fires.'),
  timer('CNTV_TVAL_EL0', [3, 3, 14, 3, 0], 'Ticks until the virtual timer.', { stored: false }),
  timer('CNTV_CTL_EL0', [3, 3, 14, 3, 1], 'Control of the virtual timer.', { writable: 3n, fields: CONTROL }),
  timer('CNTV_CVAL_EL0', [3, 3, 14, 3, 2], 'The virtual count at which the virtual timer fires.'),
  timer('CNTKCTL_EL1', [3, 0, 14, 1, 0], 'What EL0 may reach of the timers, and the event stream.', {
    el0: 'none', readsThroughEngine: false, writable: 0x3ffn,
    fields: { EL0PCTEN: [0, 0], EL0VCTEN: [1, 1], EVNTEN: [2, 2], EVNTDIR: [3, 3], EVNTI: [7, 4], EL0VTEN: [8, 8], EL0PTEN: [9, 9] },
  }),
  timer('CNTVOFF_EL2', [3, 4, 14, 0, 3], 'Offset of the virtual count; the hypervisor keeps it, no guest reaches it.', { el0: 'none', el1: 'none' }),
  timer('CNTPOFF_EL2', [3, 4, 14, 0, 6], 'Offset of the physical count; the hypervisor keeps it, no guest reaches it.', { el0: 'none', el1: 'none' }),
];
