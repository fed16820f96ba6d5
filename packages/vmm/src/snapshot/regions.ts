/**
 * The memory of an image: RAM and flash as they are, and the files that a reset starts from again, each from a chunk boundary on. So a guest that woke
 * elsewhere can still reboot, and the kernel that a hundred guests were booted from is stored once.
 */
import { alignUp, HypnosError } from '@hypnos/base';
import { flashBytes, MAP } from '../board/map.ts';
import { DTB, type Segment } from '../boot/plan.ts';
import type { MachinePlan } from '../machine-plan.ts';
import type { MachineDescription, Region } from './machine-config.ts';
import { check } from './refused.ts';

/** Keys of firmware items have 16 bits (QEMU docs/specs/fw_cfg.rst). */
const FIRMWARE_KEYS = 1n << 16n;

/** A region with its bytes; those of RAM and flash are the machine's own. */
export interface RegionBytes extends Region { readonly content: Uint8Array }

/** `memory` is the RAM area: RAM, and behind it the flash banks where there are any. */
export function regionsOf(plan: MachinePlan, memory: Uint8Array): readonly RegionBytes[] {
  const { memoryBytes, fittings, segments, firmwareItems } = plan;
  const region = (kind: Region['kind'], content: Uint8Array, more: Partial<Region> = {}): RegionBytes => ({ kind, bytes: content.length, ...more, content });
  return [
    region('ram', memory.subarray(0, memoryBytes)),
    ...(fittings.flash ? [region('flash', memory.subarray(memoryBytes, memoryBytes + flashBytes(fittings.flash)))] : []),
    ...segments.map(({ what, address, bytes }) => region('segment', bytes, { what, address })),
    ...[...firmwareItems].map(([key, bytes]) => region('firmware-item', bytes, { address: BigInt(key) })),
  ];
}

/** Where each region begins in the image's memory, in bytes, and where the last one ends. */
export function regionStarts(regions: readonly Region[], chunkBytes: number): { readonly starts: readonly number[]; readonly end: number } {
  let end = 0;
  const starts = regions.map(({ bytes }) => {
    const start = end;
    end += alignUp(bytes, chunkBytes);
    return start;
  });
  return { starts, end };
}

/** The plan of a machine that wakes from an image. `read` fetches the bytes of a region that a reset needs, by its number. */
export function planFromImage(machine: MachineDescription, files: readonly (Uint8Array | null)[]): MachinePlan {
  const { memoryBytes, cpuModel, deterministic, suspendAbi, reboot, fittings, entry, regions } = machine, what = "the snapshot's machine";
  const expected: Region['kind'][] = fittings.flash ? ['ram', 'flash'] : ['ram'];
  check(expected.every((kind, i) => regions[i]?.kind === kind), what, 'its regions do not begin with its RAM and flash');
  check(regions.slice(expected.length).every(({ kind }) => kind === 'segment' || kind === 'firmware-item'), what, 'it has RAM or flash twice');
  check(regions[0]!.bytes === memoryBytes && (!fittings.flash || regions[1]!.bytes === flashBytes(true)), what, 'its RAM or flash has another size than its board');
  const of = (kind: Region['kind']): (Region & { bytes: number; content: Uint8Array })[] =>
    regions.flatMap((region, i) => (region.kind === kind ? [{ ...region, content: files[i] ?? missing(region) }] : []));
  const segments: Segment[] = of('segment').map(({ what: name = 'file', address = 0n, content }) => ({ what: name, address, bytes: content }));
  for (const { what: name, address, bytes } of segments) {
    check(address >= MAP.ram.address && address + BigInt(bytes.length) <= MAP.ram.address + BigInt(memoryBytes), what, `its ${name} lies outside RAM`);
  }
  const items = of('firmware-item').map(({ address = 0n, content }) => [address, content] as const);
  check(items.every(([key]) => key < FIRMWARE_KEYS) && new Set(items.map(([key]) => key)).size === items.length, what, 'it has a firmware item twice, or one without a proper key');
  const dtb = segments.find(({ what: name }) => name === DTB)?.bytes;
  check(dtb !== undefined, what, 'it has no device tree');
  return {
    memoryBytes, cpuModel, deterministic, suspendAbi, reboot, fittings, entry, segments, dtb, flash: {},
    firmwareItems: new Map(items.map(([key, content]) => [Number(key), content])),
  };
}

function missing({ kind }: Region): never {
  throw new HypnosError('EINVAL', `the bytes of a ${kind} are missing: read every file region before the machine is planned.`);
}
