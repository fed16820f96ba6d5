/** The one reset path, shared by VCPU_INIT, CPU_ON and the resumes of 2021: registers, then what a starter asked for. */
import { type CpuContext, resetCpu, startTranslation } from '@hypnos/cpu';
import { affinityOf } from './gic/gic.ts';
import { type CpuRecords, REQUEST, WORD } from './layout.ts';
import { COUNTER_FREQUENCY } from './ports.ts';
import type { SoftVm } from './vm.ts';

/** SCTLR_EL1.EE and E0E: data accesses are big-endian. */
const BIG_ENDIAN = (1n << 25n) | (1n << 24n);

/** MPIDR_EL1 bit 31 is one. */
const MPIDR_RES1 = 0x8000_0000n;

export interface Start { readonly pc: bigint; readonly x0: bigint; readonly bigEndian: boolean }

/** Leaves a reset for a vCPU to apply on its own thread, before it next runs or is looked at. */
export function oweReset(vm: SoftVm, cpuIndex: number, { pc, x0, bigEndian }: Start): void {
  const { vcpu } = vm.records.cpus[cpuIndex]!;
  vcpu.resetPc = pc;
  vcpu.resetX0 = x0;
  vcpu.resetBigEndian = bigEndian ? 1 : 0;
}

/** Registers to their reset values. Interrupt lines, attention and the count of instructions are not the CPU's to reset. */
export function resetRegisters(context: CpuContext, cpuIndex: number): void {
  const { cpu } = context;
  const { lines, retired, attention } = cpu;
  resetCpu(context);
  cpu.lines = lines;
  cpu.retired = retired;
  cpu.attention |= attention;
  context.cells.MPIDR_EL1 = MPIDR_RES1 | affinityOf(cpuIndex);
  context.cells.CNTFRQ_EL0 = BigInt(COUNTER_FREQUENCY);
}

/** Applies an owed reset and answers whether there was one. */
export function applyOwedReset(cpu: CpuRecords, context: CpuContext, cpuIndex: number): boolean {
  if (!(Atomics.and(cpu.words, WORD.requests, ~REQUEST.reset) & REQUEST.reset)) return false;
  resetRegisters(context, cpuIndex);
  cpu.state.pc = cpu.vcpu.resetPc;
  cpu.state.x[0] = cpu.vcpu.resetX0;
  if (cpu.vcpu.resetBigEndian) {
    context.cells.SCTLR_EL1 |= BIG_ENDIAN;
    startTranslation(context);
  }
  return true;
}
