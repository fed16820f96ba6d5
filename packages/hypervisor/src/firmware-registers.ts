/** KVM's firmware pseudo-registers (Documentation/virt/kvm/arm/fw-pseudo-registers.rst): PSCI version, bitmaps of services. */
import { HypnosError, hex } from '@hypnos/base';
import { VCPU_FEATURE } from './capabilities.ts';
import type { VmState } from './layout.ts';

/** Bitmaps of services a guest may call: what is offered, and what stands in them at first. */
export interface Bitmap {
  readonly name: string;
  readonly field: 'stdBitmap' | 'stdHypBitmap' | 'vendorHypBitmap' | 'vendorHypBitmap2';
  readonly known: bigint;
  readonly initial: bigint;
}
export const BITMAPS: readonly Bitmap[] = [
  { name: 'KVM_REG_ARM_STD_BMAP', field: 'stdBitmap', known: 1n, initial: 1n },
  { name: 'KVM_REG_ARM_STD_HYP_BMAP', field: 'stdHypBitmap', known: 1n, initial: 1n },
  { name: 'KVM_REG_ARM_VENDOR_HYP_BMAP', field: 'vendorHypBitmap', known: 3n, initial: 3n },
  { name: 'KVM_REG_ARM_VENDOR_HYP_BMAP_2', field: 'vendorHypBitmap2', known: 0n, initial: 0n },
];

/** Bits of the bitmaps. */
export const SERVICE = { trng: 1n, pvTime: 1n, vendorFeatures: 1n, vendorPtp: 2n } as const;

export function setBitmap(vm: VmState, { name, field, known }: Bitmap, value: bigint): void {
  if (value & ~known) throw new HypnosError('EINVAL', `${name}: unknown services ${hex(value & ~known)}`);
  if (vm.hasRun && value !== vm[field]) throw new HypnosError('EBUSY', `${name} can be changed only before the first vCPU runs`);
  vm[field] = value;
}

const VERSIONS: readonly number[] = [0x1, 0x2, 0x10000, 0x10001, 0x10002, 0x10003];

/** KVM_REG_ARM_PSCI_VERSION may be written at any time, but 0.1 is for vCPUs without the PSCI_0_2 feature and only for them. */
export function setPsciVersion(vm: VmState, features: number, value: bigint): void {
  const version = Number(value), wants01 = version === 0x1, has02 = (features & VCPU_FEATURE.psci02) !== 0;
  if (!VERSIONS.includes(version) || wants01 === has02) {
    throw new HypnosError('EINVAL', `PSCI version ${hex(value)} is not one of 0.1 (without the psci02 feature), 0.2, 1.0 to 1.3 (with it)`);
  }
  vm.psciVersion = version;
}

/** WORKAROUND_1..3: a CPU that needs none. 1 and 3 answer "unaffected" (2), 2 "not affected" (3). */
export const WORKAROUND_STATE = { 1: 2n, 2: 3n, 3: 2n } as const;
