/** Addresses that hostile guests like: every device and what lies next to it, the ends of RAM, holes, and the ends of everything. */
import { MAP } from '@hypnos/vmm';
import { ARENA, RAM, RAM_END } from './program.ts';
import type { Random } from './random.ts';

/** Where devices are, and how far their registers go. */
export const DEVICES: readonly { readonly address: bigint; readonly bytes: number }[] = [
  { address: MAP.flash.address, bytes: MAP.flash.bankBytes },
  { address: MAP.flash.address + BigInt(MAP.flash.bankBytes), bytes: MAP.flash.bankBytes },
  { address: MAP.distributor.address, bytes: 0x1_0000 },
  { address: MAP.redistributors.address, bytes: 0x2_0000 },
  { address: MAP.redistributors.address + 0x2_0000n, bytes: 0x2_0000 },
  { address: MAP.its.address, bytes: 0x2_0000 },
  { address: MAP.pl011.address, bytes: 0x1000 },
  { address: MAP.pl031.address, bytes: 0x1000 },
  { address: MAP.pl061.address, bytes: 0x1000 },
  { address: MAP.fwCfg.address, bytes: 0x18 },
  { address: MAP.vmgenid.address, bytes: 0x10 },
  { address: MAP.vmclock.address, bytes: 0x1000 },
  { address: MAP.virtio.address, bytes: 0x800 },
  { address: MAP.virtio.address + 0x800n, bytes: 0x3800 },
  { address: MAP.pcieMmio.address, bytes: 0x1000 },
  { address: MAP.pcieEcam.address, bytes: 0x1000 },
];

const ENDS: readonly bigint[] = [
  RAM,
  RAM_END,
  RAM_END - 8n,
  RAM - 8n,
  1n << 32n,
  1n << 36n,
  (1n << 40n) - 8n,
  1n << 40n,
  (1n << 48n) - 16n,
  1n << 47n,
  (1n << 52n) - 8n,
  -8n,
  -0x1000n,
  0n,
];

/** Somewhere in a device: mostly its first registers, on a boundary. */
export function inDevice(r: Random): bigint {
  const { address, bytes } = r.pick(DEVICES),
    offset = r.chance(3) ? r.below(bytes) : r.below(Math.min(bytes, 0x200)) & ~3;
  return address + BigInt(r.chance(8) ? offset : offset & ~7) + BigInt(r.chance(4) ? r.below(8) : 0);
}

export const inRam = (r: Random): bigint =>
  (r.chance(4) ? RAM + BigInt(r.below(Number(RAM_END - RAM))) : ARENA + BigInt(r.below(0x1_0000))) & (r.chance(4) ? -1n : -16n);

/** Any of them, or none. */
export function address(r: Random): bigint {
  switch (r.below(8)) {
    case 0:
      return r.pick(ENDS) + BigInt(r.below(32) - 16);
    case 1:
      return r.value();
    case 2:
    case 3:
    case 4:
      return inRam(r);
    default:
      return inDevice(r);
  }
}
