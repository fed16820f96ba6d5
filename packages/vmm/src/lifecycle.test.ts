/** The VMM's checks of a SYSTEM_SUSPEND, on a VM of two CPUs, and which CPU comes up again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atomicsIdle, cpuModels, createVm, memoryMap, TARGET_GENERIC_V8, VCPU_FEATURE, type MpState, type Vm } from '@hypnos/hypervisor';
import { referenceEngines } from '@hypnos/hypervisor/reference';
import { MAP, NR_IRQS } from './board/map.ts';
import { refusal } from './lifecycle.ts';

const RAM_BYTES = 1 << 20;
const ENTRY = MAP.ram.address + 0x1000n;

function twoCpus(): Vm {
  const map = memoryMap(2, RAM_BYTES), memory = new SharedArrayBuffer(map.end);
  const vm = createVm({
    memory, map, engine: referenceEngines(), model: cpuModels.default, clock: { counter: () => 0n }, idle: atomicsIdle(memory, map), entropy64: () => null,
  });
  vm.gic.init({ distributor: MAP.distributor.address, redistributors: MAP.redistributors.address, nrIrqs: NR_IRQS });
  vm.setMemoryRegion({ slot: 0, flags: 0, guestPhysAddr: MAP.ram.address, memorySize: BigInt(RAM_BYTES), userspaceAddr: map.ram });
  for (const id of [0, 1]) vm.createVcpu(id).init({ target: TARGET_GENERIC_V8, features: VCPU_FEATURE.psci02 | (id === 0 ? 0 : VCPU_FEATURE.powerOff) });
  return vm;
}

const answer = (vm: Vm, entry: bigint, caller = 0): string => refusal(vm, vm.vcpus[caller]!, entry)?.code ?? 'accepted';

test('C14 C28 another CPU that is not off, suspended included, means DENIED; one that is off does not', () => {
  const vm = twoCpus();
  assert.equal(answer(vm, ENTRY), 'accepted');
  for (const state of ['runnable', 'suspended'] as const satisfies readonly MpState[]) {
    vm.vcpus[1]!.setMpState(state);
    assert.equal(answer(vm, ENTRY), 'DENIED', state);
  }
  vm.vcpus[1]!.setMpState('stopped');
  assert.equal(answer(vm, ENTRY), 'accepted');
});

test('C15 an entry point that is not at a multiple of 4, or not in RAM, means INVALID_ADDRESS', () => {
  const vm = twoCpus();
  for (const entry of [1n, ENTRY + 1n, ENTRY + 2n, 0n, MAP.pl011.address, MAP.ram.address - 4n, MAP.ram.address + BigInt(RAM_BYTES), 1n << 40n, (1n << 64n) - 4n]) {
    assert.equal(answer(vm, entry), 'INVALID_ADDRESS', entry.toString(16));
  }
  for (const entry of [MAP.ram.address, MAP.ram.address + BigInt(RAM_BYTES) - 4n]) assert.equal(answer(vm, entry), 'accepted', entry.toString(16));
});

test('C16 when both are wrong the answer is DENIED: the other CPUs are looked at first', () => {
  const vm = twoCpus();
  vm.vcpus[1]!.setMpState('runnable');
  assert.equal(answer(vm, 1n), 'DENIED');
});

test('C22 the checks are about the others: any CPU may be the one that calls, and only it is let through', () => {
  const vm = twoCpus();
  vm.vcpus[0]!.setMpState('stopped');
  vm.vcpus[1]!.setMpState('runnable');
  assert.deepEqual([answer(vm, ENTRY, 1), answer(vm, ENTRY, 0)], ['accepted', 'DENIED']);
});
