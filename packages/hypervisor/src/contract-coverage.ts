/** The suspend contract, rule by rule: those this package does not show by a named test, and what each waits for. */

export type Waiting =
  | 'more CPUs' | 'AArch32 guests' | 'debug' | 'userspace irqchip' | 'virtual machine monitor' | 'Linux guest';

/** Rules C1–C71 without a test here. A test checks that every other rule has one with its number in its name. */
export const WAITING: Readonly<Record<number, { readonly waitsFor: Waiting; readonly why: string }>> = {
  5: { waitsFor: 'AArch32 guests', why: 'the CPU has no AArch32 EL1, so no caller is 32 bits wide' },
  15: { waitsFor: 'virtual machine monitor', why: 'the entry address is checked by the VMM, which answers INVALID_ADDRESS' },
  16: { waitsFor: 'virtual machine monitor', why: 'the order of DENIED and INVALID_ADDRESS is the VMM\'s' },
  19: { waitsFor: 'more CPUs', why: 'the check of the other vCPUs needs them stopped on threads of their own' },
  22: { waitsFor: 'more CPUs', why: 'refusing to start another vCPU while suspended is the VMM\'s, with several running' },
  29: { waitsFor: 'virtual machine monitor', why: 'the bit that tells CPU_SUSPEND from SYSTEM_SUSPEND is the VMM\'s' },
  52: { waitsFor: 'more CPUs', why: 'the race needs a CPU started between the last CPU_OFF and the check' },
  57: { waitsFor: 'debug', why: 'no single-step or breakpoints yet' },
  58: { waitsFor: 'userspace irqchip', why: 'the GIC is always the hypervisor\'s' },
  61: { waitsFor: 'virtual machine monitor', why: 'the order of restoring is the snapshot\'s; the cap enabled anew is in C59' },
  65: { waitsFor: 'virtual machine monitor', why: 'devices at rest are reported by the VMM, which has them' },
  66: { waitsFor: 'Linux guest', why: 'mem_sleep is shown by booting Linux' },
  67: { waitsFor: 'Linux guest', why: 'the sequence is Linux\'s' },
  68: { waitsFor: 'Linux guest', why: 'the resume path is Linux\'s' },
  69: { waitsFor: 'Linux guest', why: 'virtio devices are the VMM\'s, and are frozen by Linux' },
  70: { waitsFor: 'virtual machine monitor', why: 'wake devices are the board\'s' },
  71: { waitsFor: 'Linux guest', why: 'pm_test is Linux\'s' },
};
