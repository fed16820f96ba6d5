/**
 * A vCPU in an image: its registers as ONE_REG has them (KVM api.rst), so that any engine behind the wall can go on with them,
 * and beside them what KVM has no name for.
 */
import { state } from '@hypnos/base';
import { TIMER_REGISTER, type Vcpu } from '@hypnos/hypervisor';
import type { ImageSection } from './image.ts';
import { Reader, recordBytes, recordsBytes } from './reader.ts';
import { check } from './refused.ts';

export const registerShape = state.shape({ id: state.u64(), low: state.u64(), high: state.u64() });
/**
 * Instructions retired, the event register of WFE, and the exclusive monitor, whose address counts from the beginning of RAM. An engine that does
 * not have them may begin with none: the architecture lets both be cleared at any time (DDI 0487 B2.12, D1.6).
 */
export const progressShape = state.shape({
  retired: state.u64(), mpState: state.u32(), event: state.u32(), serrorPending: state.u32(), serrorEsr: state.u64(),
  exclusiveBytes: state.u32(), exclusiveAt: state.u64(), exclusiveLow: state.u64(), exclusiveHigh: state.u64(),
});

const VERSION = 1;
/** The counter goes on while a guest is stored, or not: that is the waker's to say, and stands in the image's `time`. */
const COUNTERS: readonly bigint[] = [TIMER_REGISTER.virtualCnt, TIMER_REGISTER.physicalCnt];
const registersOf = (vcpu: Vcpu): readonly bigint[] => vcpu.regList().filter(id => !COUNTERS.includes(id)).sort((a, b) => (a < b ? -1 : 1));
const paths = (index: number) => ({ registers: `vcpu/${index}/registers`, progress: `vcpu/${index}/progress` });

/** The vCPU must be out of RUN with no access half done. `ram` is where RAM begins in linear memory. */
export function saveVcpu(vcpu: Vcpu, ram: number): readonly ImageSection[] {
  const path = paths(vcpu.index), { state: cpu } = vcpu, { serrorPending, serrorEsr } = vcpu.getEvents();
  const registers = recordsBytes(registerShape, registersOf(vcpu), (r, id) => {
    const value = vcpu.getOneReg(id);
    Object.assign(r, { id, low: BigInt.asUintN(64, value), high: value >> 64n });
  });
  const progress = recordBytes(progressShape, p => {
    Object.assign(p, { retired: cpu.retired, mpState: vcpu.getMpStateRaw(), event: cpu.event, serrorPending: Number(serrorPending), serrorEsr });
    if (cpu.exclusiveBytes === 0) return;
    const { exclusiveBytes, exclusiveAddress, exclusiveLow, exclusiveHigh } = cpu;
    Object.assign(p, { exclusiveBytes, exclusiveAt: exclusiveAddress - BigInt(ram), exclusiveLow, exclusiveHigh });
  });
  return [
    { path: path.registers, version: VERSION, bytes: registers },
    { path: path.progress, version: VERSION, bytes: progress },
  ];
}

/** Loads what `saveVcpu` saved into a vCPU that was initialised. Registers that it does not have, or cannot take, refuse the image. */
export function loadVcpu(vcpu: Vcpu, section: (path: string, version: number) => Uint8Array, ram: number, ramBytes: number): void {
  const path = paths(vcpu.index), what = `the snapshot's ${path.registers}`;
  const { mpState, serrorPending, serrorEsr, ...progress } = readProgress(section(path.progress, VERSION), ramBytes, `the snapshot's ${path.progress}`);
  const reader = new Reader(section(path.registers, VERSION), what), missing = new Set(registersOf(vcpu));
  for (const { id, low, high } of reader.records(registerShape, missing.size)) {
    check(missing.delete(id), what, `it has a register that this machine has not, or has it twice (id ${id.toString(16)})`);
    vcpu.setOneReg(id, low | (high << 64n));
  }
  reader.end();
  const { exclusiveBytes, exclusiveAt, exclusiveLow, exclusiveHigh } = progress;
  Object.assign(vcpu.state, { retired: progress.retired, event: progress.event, exclusiveBytes, exclusiveLow, exclusiveHigh });
  vcpu.state.exclusiveAddress = exclusiveBytes === 0 ? 0n : exclusiveAt + BigInt(ram);
  if (serrorPending) vcpu.setEvents({ serrorPending: true, serrorEsr });
  vcpu.setMpStateRaw(mpState);
}

function readProgress(bytes: Uint8Array, ramBytes: number, what: string): ReturnType<typeof progressShape.fresh> {
  const reader = new Reader(bytes, what), progress = reader.record(progressShape);
  reader.end();
  const { event, exclusiveBytes, exclusiveAt, serrorPending } = progress;
  check(event <= 1 && serrorPending <= 1, what, 'it holds a state that no CPU is in');
  check([0, 1, 2, 4, 8, 16].includes(exclusiveBytes) && exclusiveAt + BigInt(exclusiveBytes) <= BigInt(ramBytes), what, 'its exclusive monitor watches a place that is not in RAM');
  check(exclusiveBytes === 0 || exclusiveAt % BigInt(exclusiveBytes) === 0n, what, 'its exclusive monitor watches a place that is not aligned');
  return progress;
}
