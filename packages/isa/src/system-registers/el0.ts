/** Registers EL0 may reach, PSTATE's fields as registers, and random numbers (DDI 0487 C5.2, D17.2). */
import { type SystemRegister, systemRegister } from '../system-register.ts';

type Extra = Partial<Omit<SystemRegister, 'name' | 'at' | 'doc'>>;
const el0 = (name: string, at: SystemRegister['at'], doc: string, extra: Extra = {}): SystemRegister =>
  systemRegister({ name, at, doc, el0: 'read-write', el1: 'read-write', stored: true, ...extra });
const pstate = (name: string, at: SystemRegister['at'], doc: string, extra: Extra = {}): SystemRegister =>
  el0(name, at, doc, { stored: false, ...extra });

export const EL0: readonly SystemRegister[] = [
  el0('TPIDR_EL0', [3, 3, 13, 0, 2], 'Thread pointer of EL0.'),
  el0('TPIDRRO_EL0', [3, 3, 13, 0, 3], 'Thread pointer that EL0 may only read.', { el0: 'read' }),
  // EL0 is kept from it by SCTLR_EL1.TSCXT.
  el0('SCXTNUM_EL0', [3, 3, 13, 0, 7], 'Software context number of EL0.', {
    needs: ['FEAT_CSV2'], readsThroughEngine: true, writesThroughEngine: true,
  }),
  // CPACR_EL1.FPEN traps both.
  el0('FPCR', [3, 3, 4, 4, 0], 'Floating-point control: rounding, flush to zero, default NaN.', {
    readsThroughEngine: true, writesThroughEngine: true, writable: 0x07c8_0000n,
    fields: { FZ16: [19, 19], RMode: [23, 22], FZ: [24, 24], DN: [25, 25], AHP: [26, 26] }, fieldNeeds: { FZ16: 'FEAT_FP16' },
  }),
  el0('FPSR', [3, 3, 4, 4, 1], 'Floating-point status: cumulative exceptions and saturation.', {
    readsThroughEngine: true, writesThroughEngine: true, writable: 0x0800_009fn,
    fields: { IOC: [0, 0], DZC: [1, 1], OFC: [2, 2], UFC: [3, 3], IXC: [4, 4], IDC: [7, 7], QC: [27, 27] },
  }),
  pstate('NZCV', [3, 3, 4, 2, 0], 'Condition flags.', { fields: { V: [28, 28], C: [29, 29], Z: [30, 30], N: [31, 31] } }),
  pstate('DAIF', [3, 3, 4, 2, 1], 'Interrupt masks; EL0 may use it if SCTLR_EL1.UMA says so.', { fields: { F: [6, 6], I: [7, 7], A: [8, 8], D: [9, 9] } }),
  pstate('CurrentEL', [3, 0, 4, 2, 2], 'The exception level.', { el0: 'none', el1: 'read', fields: { EL: [3, 2] } }),
  pstate('SPSel', [3, 0, 4, 2, 0], 'Which stack pointer is the current one.', { el0: 'none', fields: { SP: [0, 0] } }),
  pstate('PAN', [3, 0, 4, 2, 3], 'Privileged access never.', { el0: 'none', needs: ['FEAT_PAN'], fields: { PAN: [22, 22] } }),
  pstate('UAO', [3, 0, 4, 2, 4], 'User access override.', { el0: 'none', needs: ['FEAT_UAO'], fields: { UAO: [23, 23] } }),
  pstate('DIT', [3, 3, 4, 2, 5], 'Data-independent timing.', { needs: ['FEAT_DIT'], fields: { DIT: [24, 24] } }),
  pstate('SSBS', [3, 3, 4, 2, 6], 'Speculative store bypass safe.', { needs: ['FEAT_SSBS'], fields: { SSBS: [12, 12] } }),
  pstate('RNDR', [3, 3, 2, 4, 0], 'A random number.', { el0: 'read', el1: 'read', needs: ['FEAT_RNG'] }),
  pstate('RNDRRS', [3, 3, 2, 4, 1], 'A random number from a freshly seeded generator.', { el0: 'read', el1: 'read', needs: ['FEAT_RNG'] }),
];
