/** What keeps EL0 from a register that its row opens to it: the control of EL1's, by register (DDI 0487 D23.2, accessibility tables). */
import type { SystemRegister } from '../system-register.ts';

const CONTROLS: readonly (readonly [names: RegExp, control: string])[] = [
  [/^DAIF$/, 'SCTLR_EL1.UMA'], [/^CTR_EL0$/, 'SCTLR_EL1.UCT'], [/^SCXTNUM_EL0$/, 'SCTLR_EL1.TSCXT'],
  [/^(FPCR|FPSR)$/, 'CPACR_EL1.FPEN'], [/^(MDCCSR|DBGDTR|DBGDTRTX)_EL0$/, 'MDSCR_EL1.TDCC'],
  [/^CNTFRQ_EL0$/, 'CNTKCTL_EL1.EL0PCTEN, EL0VCTEN'], [/^CNTPCT_EL0$/, 'CNTKCTL_EL1.EL0PCTEN'], [/^CNTVCT_EL0$/, 'CNTKCTL_EL1.EL0VCTEN'],
  [/^CNTP_/, 'CNTKCTL_EL1.EL0PTEN'], [/^CNTV_/, 'CNTKCTL_EL1.EL0VTEN'], [/^PM(?!USERENR)/, 'PMUSERENR_EL0'],
];

/** The control that traps EL0's access, or null where there is none, or EL0 has no access anyway. */
export const el0Control = ({ name, el0 }: SystemRegister): string | null =>
  (el0 === 'none' ? null : CONTROLS.find(([names]) => names.test(name))?.[1] ?? null);
