/** ONE_REG ids that the VMM itself reads and writes. */
import { systemRegisterId, TIMER_REGISTER } from '@hypnos/hypervisor';

export const SCTLR_EL1 = systemRegisterId([3, 0, 1, 0, 0]);
/** SCTLR_EL1.EE: data endianness at EL1 (DDI 0487 D23.2). */
export const SCTLR_EE = 1n << 25n;

/** What a timer is, apart from the counter. Deadlines come before control, so that putting them back fires nothing by the way. */
export const TIMERS: readonly bigint[] = [
  TIMER_REGISTER.virtualCval, TIMER_REGISTER.physicalCval, TIMER_REGISTER.virtualCtl, TIMER_REGISTER.physicalCtl,
];
