/** The GIC's CPU interface (IHI 0069 12.2). Five priority bits, so one active-priority register of each group. */
import { type SystemRegister, systemRegister } from '../system-register.ts';

type Extra = Partial<Omit<SystemRegister, 'name' | 'at' | 'doc'>>;
const icc = (name: string, at: SystemRegister['at'], doc: string, extra: Extra = {}): SystemRegister => systemRegister({
  name, at, doc, el0: 'none', el1: 'read-write', stored: true, readsThroughEngine: true, writesThroughEngine: true, ...extra,
});
const answer: Extra = { el1: 'read', stored: false };
const order: Extra = { el1: 'write', stored: false };

export const GIC: readonly SystemRegister[] = [
  icc('ICC_PMR_EL1', [3, 0, 4, 6, 0], 'Priority mask.', { fields: { Priority: [7, 0] } }),
  icc('ICC_IAR0_EL1', [3, 0, 12, 8, 0], 'Acknowledge a group 0 interrupt.', answer),
  icc('ICC_EOIR0_EL1', [3, 0, 12, 8, 1], 'End of a group 0 interrupt.', order),
  icc('ICC_HPPIR0_EL1', [3, 0, 12, 8, 2], 'The highest pending group 0 interrupt.', answer),
  icc('ICC_BPR0_EL1', [3, 0, 12, 8, 3], 'Binary point of group 0.', { fields: { BinaryPoint: [2, 0] } }),
  icc('ICC_AP0R0_EL1', [3, 0, 12, 8, 4], 'Active priorities of group 0.'),
  icc('ICC_AP1R0_EL1', [3, 0, 12, 9, 0], 'Active priorities of group 1.'),
  icc('ICC_DIR_EL1', [3, 0, 12, 11, 1], 'Deactivate an interrupt.', order),
  icc('ICC_RPR_EL1', [3, 0, 12, 11, 3], 'The running priority.', answer),
  icc('ICC_SGI1R_EL1', [3, 0, 12, 11, 5], 'Send a group 1 interrupt to CPUs.', order),
  icc('ICC_ASGI1R_EL1', [3, 0, 12, 11, 6], 'Send a group 1 interrupt of the other security state to CPUs.', order),
  icc('ICC_SGI0R_EL1', [3, 0, 12, 11, 7], 'Send a group 0 interrupt to CPUs.', order),
  icc('ICC_IAR1_EL1', [3, 0, 12, 12, 0], 'Acknowledge a group 1 interrupt.', answer),
  icc('ICC_EOIR1_EL1', [3, 0, 12, 12, 1], 'End of a group 1 interrupt.', order),
  icc('ICC_HPPIR1_EL1', [3, 0, 12, 12, 2], 'The highest pending group 1 interrupt.', answer),
  icc('ICC_BPR1_EL1', [3, 0, 12, 12, 3], 'Binary point of group 1.', { fields: { BinaryPoint: [2, 0] } }),
  icc('ICC_CTLR_EL1', [3, 0, 12, 12, 4], 'Control of the CPU interface.', {
    fields: { CBPR: [0, 0], EOImode: [1, 1], PMHE: [6, 6], PRIbits: [10, 8], IDbits: [13, 11], SEIS: [14, 14], A3V: [15, 15] },
  }),
  icc('ICC_SRE_EL1', [3, 0, 12, 12, 5], 'System register access to the GIC: always on.', {
    reset: 7n, writable: 0n, fields: { SRE: [0, 0], DFB: [1, 1], DIB: [2, 2] },
  }),
  icc('ICC_IGRPEN0_EL1', [3, 0, 12, 12, 6], 'Enables group 0.', { writable: 1n, fields: { Enable: [0, 0] } }),
  icc('ICC_IGRPEN1_EL1', [3, 0, 12, 12, 7], 'Enables group 1.', { writable: 1n, fields: { Enable: [0, 0] } }),
];
