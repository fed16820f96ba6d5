/** The SMCCC filter (Documentation/virt/kvm/devices/vm.rst, group KVM_ARM_VM_SMCCC_CTRL): who handles which function ids. */
import { HypnosError, hex } from '@hypnos/base';
import { SMCCC_FILTER_ACTION } from './capabilities.ts';
import { FILTER_RANGES, type VmState } from './layout.ts';
import type { SmcccFilterRange } from './wall.ts';

/** The Arm Architecture range of fast calls, 32- and 64-bit: never filtered. */
const RESERVED: readonly SmcccFilterRange[] = [0x8000_0000, 0xc000_0000].map(base => ({ base, nrFunctions: 0x10000, action: SMCCC_FILTER_ACTION.handle }));

const overlap = (a: SmcccFilterRange, b: SmcccFilterRange): boolean => a.base < b.base + b.nrFunctions && b.base < a.base + a.nrFunctions;

const rangeAt = (vm: VmState, i: number): SmcccFilterRange => ({ base: vm.filterBase[i]!, nrFunctions: vm.filterSize[i]!, action: vm.filterAction[i]! });
const ranges = (vm: VmState): readonly SmcccFilterRange[] => Array.from({ length: vm.filterCount }, (_, i) => rangeAt(vm, i));

/** Adds a range. EBUSY once a vCPU ran, EEXIST where it meets another or the reserved one. */
export function addFilterRange(vm: VmState, range: SmcccFilterRange): void {
  const { base, nrFunctions, action } = range;
  const whole = Number.isInteger(base) && Number.isInteger(nrFunctions) && base >= 0 && nrFunctions > 0 && base + nrFunctions <= 2 ** 32;
  if (!whole || !(Object.values(SMCCC_FILTER_ACTION) as number[]).includes(action)) {
    throw new HypnosError('EINVAL', 'an SMCCC filter needs a range of 32-bit function ids and an action of 0 to 2');
  }
  if (vm.hasRun) throw new HypnosError('EBUSY', 'the SMCCC filter is set before the first vCPU runs');
  if ([...RESERVED, ...ranges(vm)].some(other => overlap(range, other))) {
    throw new HypnosError('EEXIST', `function ids from ${hex(base)} are in the Arm Architecture range or already filtered`);
  }
  if (vm.filterCount === FILTER_RANGES) throw new HypnosError('ENOMEM', `the SMCCC filter holds ${FILTER_RANGES} ranges: join some`);
  const i = vm.filterCount++;
  vm.filterBase[i] = base;
  vm.filterSize[i] = nrFunctions;
  vm.filterAction[i] = action;
}

export function filterAction(vm: VmState, functionId: number): number {
  for (let i = 0; i < vm.filterCount; i++) {
    if (functionId >= vm.filterBase[i]! && functionId < vm.filterBase[i]! + vm.filterSize[i]!) return vm.filterAction[i]!;
  }
  return SMCCC_FILTER_ACTION.handle;
}
