/** What goes where before the first instruction: kernel, initrd, device tree and firmware (Linux booting.rst; design §5). */
import { alignUp, hex, HypnosError } from '@hypnos/base';
import { DTB_ADDRESS, DTB_BYTES, MAP } from '../board/map.ts';
import type { KernelImage } from './kernel-image.ts';
import { sizeText } from './size.ts';

/** Bytes for guest memory. */
export interface Segment {
  readonly what: string;
  readonly address: bigint;
  readonly bytes: Uint8Array;
}

export interface Firmware {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly address: bigint;
}

export interface BootFiles {
  readonly memoryBytes: number;
  readonly kernel?: KernelImage;
  readonly initrd?: Uint8Array;
  readonly firmware?: Firmware;
}

export interface Placement {
  /** Everything for RAM but the device tree, which is made afterwards. */
  readonly segments: readonly Segment[];
  /** The content of flash bank 0, if firmware lies there. */
  readonly flash?: Uint8Array;
  readonly initrd?: { readonly start: bigint; readonly end: bigint };
  /** Where the first CPU starts; x0 holds the address of the device tree. */
  readonly entry: bigint;
}

/** The segment that is the device tree. */
export const DTB = 'device tree';

const TWO_MIB = 0x20_0000, PAGE = 0x1000;

/** Decides where all goes. Throws EINVAL if it does not fit. */
export function place(files: BootFiles): Placement {
  if (files.firmware !== undefined) return placeFirmware(files.firmware, files.memoryBytes);
  if (files.kernel === undefined) throw new HypnosError('EINVAL', 'there is nothing to run: give a kernel or a firmware file.');
  const { kernel, initrd, memoryBytes } = files;
  const kernelAt = DTB_BYTES + kernel.textOffset, kernelEnd = kernelAt + kernel.memoryBytes;
  if (kernelEnd > memoryBytes) {
    throw new HypnosError('EINVAL', `the kernel needs ${sizeText(kernelEnd)} of memory and the machine has ${sizeText(memoryBytes)}: give it more.`);
  }
  const segments: Segment[] = [{ what: 'kernel', address: ram(kernelAt), bytes: kernel.bytes }];
  if (initrd === undefined) return { segments, entry: ram(kernelAt) };
  const initrdAt = alignUp(kernelEnd, TWO_MIB), end = initrdAt + initrd.length;
  if (end > memoryBytes) {
    throw new HypnosError('EINVAL', `the initrd of ${sizeText(initrd.length)} does not fit behind the kernel in ${sizeText(memoryBytes)} of memory: give at least ${sizeText(alignUp(end, 2 ** 20))}.`);
  }
  segments.push({ what: 'initrd', address: ram(initrdAt), bytes: initrd });
  return { segments, entry: ram(kernelAt), initrd: { start: ram(initrdAt), end: ram(end) } };
}

/** The device tree goes to the bottom of RAM; it must leave firmware in RAM alone. */
export function placeDtb(dtb: Uint8Array, placed: Placement): Segment {
  const end = DTB_ADDRESS + BigInt(alignUp(dtb.length, PAGE));
  const other = placed.segments.find(s => s.address < end && s.address + BigInt(s.bytes.length) > DTB_ADDRESS);
  if (other !== undefined) {
    throw new HypnosError('EINVAL', `the ${other.what} lies where the device tree goes (${hex(DTB_ADDRESS)} to ${hex(end)}): put it elsewhere, such as 0x40080000.`);
  }
  if (dtb.length > DTB_BYTES) throw new HypnosError('EINVAL', `the device tree of ${sizeText(dtb.length)} is too large: shorten the kernel command line.`);
  return { what: DTB, address: DTB_ADDRESS, bytes: dtb };
}

/** Firmware starts at its address in EL1 with the MMU off: in flash bank 0 at address 0, in RAM elsewhere. */
function placeFirmware({ name, bytes, address }: Firmware, memoryBytes: number): Placement {
  if (bytes.length === 0) throw new HypnosError('EINVAL', `firmware '${name}' is empty.`);
  if (bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46) {
    throw new HypnosError('EINVAL', `firmware '${name}' is an ELF file, and firmware is loaded as it is: make it flat first, with objcopy -O binary.`);
  }
  if (address % 4n !== 0n) throw new HypnosError('EINVAL', `firmware cannot start at ${hex(address)}: an A64 instruction stands at a multiple of 4.`);
  if (address === MAP.flash.address) {
    if (bytes.length > MAP.flash.bankBytes) throw new HypnosError('EINVAL', `firmware '${name}' has ${sizeText(bytes.length)} and a flash bank ${sizeText(MAP.flash.bankBytes)}.`);
    return { segments: [], flash: bytes, entry: address };
  }
  if (address < MAP.ram.address || address + BigInt(bytes.length) > MAP.ram.address + BigInt(memoryBytes)) {
    throw new HypnosError('EINVAL',
      `firmware '${name}' of ${sizeText(bytes.length)} does not fit at ${hex(address)}: give address 0 for flash or one in RAM, ${hex(MAP.ram.address)} to ${hex(MAP.ram.address + BigInt(memoryBytes))}.`);
  }
  return { segments: [{ what: 'firmware', address, bytes }], entry: address };
}

const ram = (offset: number): bigint => MAP.ram.address + BigInt(offset);
