/** Why `vcpu.run()` came back: KVM_EXIT_* as values (Linux Documentation/virt/kvm/api.rst §5). */

export type SystemEvent = 'shutdown' | 'reset' | 'crash' | 'wakeup' | 'suspend';

/** KVM_SYSTEM_EVENT_*: the numbers of the merged interface. The 2021 interface (`suspendAbi: 'v1'`) had SUSPEND = 4. */
export const SYSTEM_EVENT = { shutdown: 1, reset: 2, crash: 3, wakeup: 4, suspend: 5 } as const satisfies Record<SystemEvent, number>;

/** Flags of a reset or shutdown event: bit 0 says that the newer call asked for it (SYSTEM_RESET2, SYSTEM_OFF2). */
export const EVENT_FLAG = { reset2: 1n, off2: 1n } as const;

/** Flags of a hypercall exit: came by SMC, by a 16-bit (Thumb) encoding. */
export const HYPERCALL_FLAG = { smc: 1n, thumb: 2n } as const;

export interface MmioExit {
  readonly reason: 'mmio';
  /** Guest physical address. */
  readonly address: bigint;
  readonly bytes: 1 | 2 | 4 | 8;
  /** The value stored; absent for a load, which `vcpu.answerMmio` answers before the next `run` (unanswered it reads zero). */
  readonly write?: bigint;
}

export interface SystemEventExit {
  readonly reason: 'system-event';
  readonly event: SystemEvent;
  /** The event's number as the selected interface has it. */
  readonly type: number;
  /** How many words of `flags` count: 1 for shutdown and reset, 0 for suspend and wakeup. */
  readonly ndata: number;
  readonly flags: bigint;
}

/** An SMCCC call that the filter forwards; the VMM answers in x0..x3 through ONE_REG and runs on. */
export interface HypercallExit {
  readonly reason: 'hypercall';
  readonly nr: number;
  readonly flags: bigint;
}

/** KVM's EINTR: a kick or `immediateExit`. Nothing happened; run again when ready. */
export interface InterruptedExit { readonly reason: 'interrupted' }

/** A page of RAM the engine needs is absent: bring it in, clear its flag, run again. */
export interface PageAbsentExit { readonly reason: 'page-absent'; readonly frame: number }

/** A fault of ours, or the VM is dead: the machine must stop. */
export interface InternalErrorExit { readonly reason: 'internal-error'; readonly detail: string }

export type VcpuExit = MmioExit | SystemEventExit | HypercallExit | InterruptedExit | PageAbsentExit | InternalErrorExit;
