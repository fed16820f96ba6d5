/** A call from the guest to its firmware (SMCCC, Arm DEN 0028): arguments in x0..x3, and what can come of it. */
import { bit } from '@hypnos/base';
import type { VcpuExit } from './exit.ts';
import type { CpuRecords } from './layout.ts';
import type { SoftVm } from './vm.ts';

export interface Call {
  readonly vm: SoftVm;
  readonly cpuIndex: number;
  readonly cpu: CpuRecords;
  readonly functionId: number;
  readonly conduit: 'hvc' | 'smc';
}

/** Values for x0..x3, an exit to the VMM, or a wait before the guest goes on with values. */
export type Outcome =
  | { readonly values: readonly bigint[] }
  | { readonly values?: readonly bigint[]; readonly exit: VcpuExit }
  | { readonly values: readonly bigint[]; readonly wait: true };

export const NOT_SUPPORTED = -1n;

export const answer = (...values: bigint[]): Outcome => ({ values });
export const argument = ({ cpu }: Call, n: number): bigint => cpu.state.x[n]!;

/** Writes x0..x3; values left out are zero, as KVM's PSCI does it. */
export function setResult(cpu: CpuRecords, values: readonly bigint[]): void {
  for (let n = 0; n < 4; n++) cpu.state.x[n] = BigInt.asUintN(64, values[n] ?? 0n);
}

/** A 32-bit function id takes 32-bit arguments: the upper halves of x1..x3 are cleared in place (contract C6). */
export function narrow({ cpu }: Call): void {
  for (let n = 1; n < 4; n++) cpu.state.x[n] = BigInt.asUintN(32, cpu.state.x[n]!);
}

/** SMC64 calling convention. */
export const is64 = (functionId: number): boolean => bit(BigInt(functionId), 30);
