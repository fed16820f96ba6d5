/**
 * Accesses outside RAM. An instruction that makes one comes out with EXIT.mmio and is executed again once the access has
 * been answered; it then finds the answers of the accesses it already made here, so that none is made twice.
 * While `mmioCount` is not zero, an engine's `run` first executes that one instruction, before it looks at interrupts.
 */
import { invariant } from '@hypnos/base';
import type { AccessBytes } from './guest-memory.ts';
import { type CpuState, EXIT, MMIO_SLOTS } from './state.ts';

export interface MmioAccess { readonly address: bigint; readonly bytes: AccessBytes; readonly write: boolean; readonly data: bigint }

/**
 * One access of the instruction in execution, up to 8 bytes. Answers the value read (or 0 for a write) if it has been
 * answered; otherwise records it, sets `exitReason`, and answers null: the engine leaves with nothing of the instruction done.
 */
export function outsideAccess(cpu: CpuState, address: bigint, bytes: AccessBytes, write: boolean, data = 0n): bigint | null {
  const index = cpu.mmioNext;
  if (index < cpu.mmioDone) {
    cpu.mmioNext = index + 1;
    return write ? 0n : cpu.mmioData[index]!;
  }
  invariant(index < MMIO_SLOTS, 'an instruction makes more accesses outside RAM than there is room for');
  cpu.mmioAddress[index] = address;
  cpu.mmioBytes[index] = bytes;
  cpu.mmioWrite[index] = write ? 1 : 0;
  cpu.mmioData[index] = write ? BigInt.asUintN(bytes * 8, data) : 0n;
  cpu.mmioCount = index + 1;
  cpu.mmioNext = 0;
  cpu.exitReason = EXIT.mmio;
  return null;
}

/** The access waiting for its answer, or null. */
export function pendingAccess(cpu: CpuState): MmioAccess | null {
  const index = cpu.mmioDone;
  if (index >= cpu.mmioCount) return null;
  return {
    address: cpu.mmioAddress[index]!, bytes: cpu.mmioBytes[index]! as AccessBytes, write: cpu.mmioWrite[index] === 1, data: cpu.mmioData[index]!,
  };
}

/** Answers the access in flight; `data` is what a read gave. */
export function answerAccess(cpu: CpuState, data = 0n): void {
  const access = pendingAccess(cpu);
  invariant(access, 'there is no access to answer');
  if (!access.write) cpu.mmioData[cpu.mmioDone] = BigInt.asUintN(access.bytes * 8, data);
  cpu.mmioDone++;
}

/** The instruction is over, finished or given up for an exception: its accesses are forgotten. */
export function forgetAccesses(cpu: CpuState): void {
  cpu.mmioCount = cpu.mmioDone = cpu.mmioNext = 0;
}
