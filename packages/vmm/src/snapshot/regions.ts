/**
 * The memory of an image: RAM and flash as they are, and the files that a reset starts from again, each from a chunk boundary on. So a guest that woke
 * elsewhere can still reboot, and the kernel that a hundred guests were booted from is stored once. In a machine's linear memory they stand the same way
 * from `map.ram` on: chunk n of the image is chunk n of that area.
 */
import { alignUp } from '@hypnos/base';
import { flashBytes, MAP } from '../board/map.ts';
import { DTB } from '../boot/plan.ts';
import type { Identity } from '../identity.ts';
import type { MachinePlan } from '../machine-plan.ts';
import type { MachineDescription, Region } from './machine-config.ts';
import { check } from './refused.ts';

/** A region with its place in the area, in bytes. */
export interface PlacedRegion extends Region { readonly start: number }

/** Keys of firmware items have 16 bits (QEMU docs/specs/fw_cfg.rst). */
const FIRMWARE_KEYS = 1n << 16n;

/** Where regions begin, whatever the size of chunks. */
const ALIGN = 64 * 1024;

/** Where each region begins in the image's memory, in bytes, and where the last one ends. */
export function placeRegions(regions: readonly Region[], chunkBytes: number): { readonly placed: readonly PlacedRegion[]; readonly end: number } {
  let end = 0;
  const placed = regions.map(region => {
    const start = end;
    end += alignUp(region.bytes, Math.max(chunkBytes, ALIGN));
    return { ...region, start };
  });
  return { placed, end };
}

/** RAM, and flash where it is fitted: the regions that every machine's memory begins with. */
export const boardRegions = (memoryBytes: number, flash: boolean): readonly Region[] =>
  [{ kind: 'ram', bytes: memoryBytes }, ...(flash ? [{ kind: 'flash', bytes: flashBytes(flash) } as const] : [])];

/** RAM and files for it wait in the store until they are needed; what a device holds by reference, and the device tree, are read at once. */
export const isLazy = ({ kind, what }: Region): boolean => kind === 'ram' || (kind === 'segment' && what !== DTB);

/** The plan of a machine that wakes from an image. */
export function planFromImage({ regions, ...machine }: MachineDescription, chunkBytes: number, identity: Identity): MachinePlan {
  const { memoryBytes, fittings } = machine, what = "the snapshot's machine", board = boardRegions(memoryBytes, fittings.flash);
  check(board.every(({ kind, bytes }, i) => regions[i]?.kind === kind && regions[i].bytes === bytes), what, 'its regions do not begin with its RAM and flash');
  const files = regions.slice(board.length), segments = files.filter(({ kind }) => kind === 'segment');
  check(files.every(({ kind }) => kind === 'segment' || kind === 'firmware-item'), what, 'it has RAM or flash twice');
  for (const { what: name = 'file', address = 0n, bytes } of segments) {
    check(address >= MAP.ram.address && address + BigInt(bytes) <= MAP.ram.address + BigInt(memoryBytes), what, `its ${name} lies outside RAM`);
  }
  const keys = files.filter(({ kind }) => kind === 'firmware-item').map(({ address = 0n }) => address);
  check(keys.every(key => key < FIRMWARE_KEYS) && new Set(keys).size === keys.length, what, 'it has a firmware item twice, or one without a proper key');
  check(segments.some(({ what: name }) => name === DTB), what, 'it has no device tree');
  return { ...machine, chunkBytes, regions, identity };
}
