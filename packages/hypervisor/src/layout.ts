/** The hypervisor's own declared records and where they stand in `map.shared`: nothing of a VM is kept anywhere else. */
import { alignUp, state } from '@hypnos/base';
import { CPU_AREA, cpuShape, type MemoryMap } from '@hypnos/cpu';
import { cpuInterfaceShape, distributorShape, redistributorShape } from './gic/state.ts';

/** Bits of `requests`, in the order they are served (contract C27, KVM_REQ_*). */
export const REQUEST = { sleep: 1, reset: 2, suspend: 4 } as const;

export const FILTER_RANGES = 32;

export const vmShape = state.shape({
  /** Why the VM cannot run any more (0: it can). */
  dead: state.u32(),
  /** 1 once any vCPU ran: the SMCCC filter and the firmware bitmaps are then fixed. */
  hasRun: state.u32(),
  /** KVM_CAP_ARM_SYSTEM_SUSPEND was enabled. */
  systemSuspend: state.u32(),
  psciVersion: state.u32(), stdBitmap: state.u64(), stdHypBitmap: state.u64(), vendorHypBitmap: state.u64(), vendorHypBitmap2: state.u64(),
  /** Guest counter = host counter + skipped - offset. `skipped` counts what deterministic time jumped. */
  counterOffset: state.u64(), skipped: state.u64(),
  /** Changed with every change of slots, page flags or code in RAM: engines drop what they derived. */
  memoryGeneration: state.i32(),
  filterCount: state.u32(),
  filterBase: state.array('u32', FILTER_RANGES), filterSize: state.array('u32', FILTER_RANGES), filterAction: state.array('u32', FILTER_RANGES),
});

export const vcpuShape = state.shape({
  /** 1 once created, 1 once VCPU_INIT was done, 1 while inside `run`. */
  created: state.u32(), initialised: state.u32(), running: state.i32(),
  target: state.u32(), features: state.u32(),
  mpState: state.i32(), requests: state.i32(), immediateExit: state.i32(), kicked: state.i32(),
  /** A reset that PSCI owes this CPU: where it starts, its argument, its data endianness. */
  resetPc: state.u64(), resetX0: state.u64(), resetBigEndian: state.u32(),
  /** The last exit was a load whose value the VMM owes. */
  loadOwed: state.u32(), loadValue: state.u64(),
  /** PV time: guest address of the stolen-time record, all ones while not set. */
  pvTime: state.u64(~0n & 0xffff_ffff_ffff_ffffn),
  /** Times this CPU asked for SYSTEM_SUSPEND and was taken up on it. */
  suspends: state.u64(),
});

export const timerShape = state.shape({
  virtualCtl: state.u32(), virtualCval: state.u64(), physicalCtl: state.u32(), physicalCval: state.u64(),
});

export type VmState = ReturnType<typeof vmShape.fresh>;
export type VcpuState = ReturnType<typeof vcpuShape.fresh>;
export type TimerState = ReturnType<typeof timerShape.fresh>;

const LINE = 64;
const PER_CPU = [vcpuShape, timerShape, redistributorShape, cpuInterfaceShape] as const;
const perCpuBytes = PER_CPU.reduce((sum, shape) => sum + alignUp(shape.size, LINE), 0);
const vmBytes = alignUp(vmShape.size, LINE), distributorBytes = alignUp(distributorShape.size, LINE);

/** How many bytes of `map.shared` the hypervisor takes, from its beginning; devices start behind it. */
export const hypervisorBytes = (cpus: number): number => alignUp(vmBytes + distributorBytes + cpus * perCpuBytes, 4096);

/** Places of the records. */
export function places(map: MemoryMap) {
  const distributor = map.shared + vmBytes, cpus = distributor + distributorBytes;
  const cpu = (index: number) => {
    const vcpu = cpus + index * perCpuBytes, timer = vcpu + alignUp(vcpuShape.size, LINE);
    const redistributor = timer + alignUp(timerShape.size, LINE);
    return { vcpu, timer, redistributor, cpuInterface: redistributor + alignUp(redistributorShape.size, LINE) };
  };
  return { vm: map.shared, distributor, cpu };
}

/** Every record of a VM as live views. */
export function records(memory: ArrayBufferLike, map: MemoryMap) {
  const at = places(map);
  return {
    vm: vmShape.at(memory, at.vm),
    cpus: Array.from({ length: map.cpus }, (_, i) => {
      const place = at.cpu(i);
      return {
        state: cpuShape.at(memory, map.cpu(i) + CPU_AREA.state),
        vcpu: vcpuShape.at(memory, place.vcpu),
        timer: timerShape.at(memory, place.timer),
        redistributor: redistributorShape.at(memory, place.redistributor),
        cpuInterface: cpuInterfaceShape.at(memory, place.cpuInterface),
        /** For atomics on the words that several threads write. */
        words: new Int32Array(memory, place.vcpu, Math.floor(vcpuShape.size / 4)),
      };
    }),
  };
}
export type Records = ReturnType<typeof records>;
export type CpuRecords = Records['cpus'][number];

/** Index into `words` of a vcpuShape field. */
export const WORD = {
  running: vcpuShape.offsetOf('running') / 4, mpState: vcpuShape.offsetOf('mpState') / 4,
  requests: vcpuShape.offsetOf('requests') / 4, immediateExit: vcpuShape.offsetOf('immediateExit') / 4,
  kicked: vcpuShape.offsetOf('kicked') / 4, created: vcpuShape.offsetOf('created') / 4,
} as const;
