/** Machine type hypnos-1: where everything is. The addresses and interrupt numbers are those of QEMU's virt board, so that what is built for it runs. */
import type { Place } from '@hypnos/devices';

/** Physical addresses. What is not fitted keeps its place. */
export const MAP = {
  flash: { address: 0x0000_0000n, bankBytes: 0x0400_0000 },
  distributor: { address: 0x0800_0000n, bytes: 0x1_0000 },
  its: { address: 0x0808_0000n, bytes: 0x2_0000 },
  redistributors: { address: 0x080a_0000n, bytes: 0x00f6_0000 },
  pl011: { address: 0x0900_0000n, spi: 1 },
  pl031: { address: 0x0901_0000n, spi: 2 },
  fwCfg: { address: 0x0902_0000n },
  pl061: { address: 0x0903_0000n, spi: 7 },
  // Ours, where virt has nothing: between its devices and virtio, and between its event device's interrupt and virtio's.
  vmgenid: { address: 0x090d_0000n, spi: 10 },
  vmclock: { address: 0x090e_0000n, spi: 11 },
  virtio: { address: 0x0a00_0000n, stride: 0x200, slots: 32, firstSpi: 16 },
  pcieMmio: { address: 0x1000_0000n, bytes: 0x2eff_0000 },
  pcieIo: { address: 0x3eff_0000n, bytes: 0x1_0000 },
  pcieEcam: { address: 0x3f00_0000n, bytes: 0x100_0000 },
  ram: { address: 0x4000_0000n },
} as const;

/** What the flash banks take behind RAM in linear memory, in bytes. */
export const flashBytes = (fitted: boolean): number => (fitted ? 2 * MAP.flash.bankBytes : 0);

/** Where the device tree lies, for kernels and for firmware; the kernel begins behind the 2 MiB kept for it. */
export const DTB_ADDRESS = MAP.ram.address;
export const DTB_BYTES = 0x20_0000;

/** INTIDs: 256 shared peripheral interrupts behind the 32 of each CPU. */
export const FIRST_SPI = 32;
export const NR_IRQS = 288;

/** Private peripheral interrupts of the timers and the performance monitors (INTID = 16 + n), as Arm's BSA has them. */
export const PPI = { securePhysicalTimer: 13, physicalTimer: 14, virtualTimer: 11, hypervisorTimer: 10, performance: 7 } as const;

/** The place of virtio slot `index`. */
export const virtioPlace = (index: number): Place => ({
  address: MAP.virtio.address + BigInt(index * MAP.virtio.stride), spi: MAP.virtio.firstSpi + index,
});

export const intidOf = (spi: number): number => FIRST_SPI + spi;

/** What an INTID is called on this board, for sentences about sleep and wake. */
export function interruptName(intid: number): string {
  if (intid < 16) return `SGI ${intid}`;
  if (intid < FIRST_SPI) return PPI_NAMES.get(intid - 16) ?? `PPI ${intid - 16}`;
  const spi = intid - FIRST_SPI, slot = spi - MAP.virtio.firstSpi;
  if (slot >= 0 && slot < MAP.virtio.slots) return `virtio${slot}`;
  return SPI_NAMES.get(spi) ?? (intid < NR_IRQS ? `SPI ${spi}` : `LPI ${intid}`);
}

const PPI_NAMES = new Map<number, string>([[PPI.physicalTimer, 'physical timer'], [PPI.virtualTimer, 'virtual timer'], [PPI.performance, 'performance monitors']]);
const SPI_NAMES = new Map<number, string>([[MAP.pl011.spi, 'uart'], [MAP.pl031.spi, 'rtc'], [MAP.pl061.spi, 'keys'], [MAP.vmgenid.spi, 'vmgenid'], [MAP.vmclock.spi, 'vmclock']]);
