/** All system registers, by the manual's chapters. */
import type { SystemRegister } from './system-register.ts';
import { DEBUG } from './system-registers/debug.ts';
import { EL0 } from './system-registers/el0.ts';
import { EL1 } from './system-registers/el1.ts';
import { GIC } from './system-registers/gic.ts';
import { IDENTIFICATION } from './system-registers/identification.ts';
import { PMU } from './system-registers/pmu.ts';
import { TIMERS } from './system-registers/timers.ts';

export const SYSTEM_REGISTERS: readonly SystemRegister[] = [...IDENTIFICATION, ...EL1, ...EL0, ...TIMERS, ...GIC, ...DEBUG, ...PMU];
