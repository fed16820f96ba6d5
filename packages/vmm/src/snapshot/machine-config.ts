/** What a machine is, in an image: all that the board, the CPU and the run loop are built from, as bounded JSON. What a host chooses anew at waking is not in it. */
import { type CpuModelName, cpuModels, MAX_RAM, type SuspendAbi } from '@hypnos/hypervisor';
import type { Fittings } from '../board/devices.ts';
import { latin1, utf8 } from '../text.ts';
import type { ImageSection } from './image.ts';
import { check, refused } from './refused.ts';

export const MACHINE_TYPE = 'hypnos-1';
const PATH = 'machine', VERSION = 1, BYTES = 65_536;

/** A run of bytes that the image's memory holds, in this order, each beginning at a chunk of its own. */
export interface Region {
  /** `ram`, `flash`, or a file that a reset needs again: `segment`, `firmware-item`. */
  readonly kind: 'ram' | 'flash' | 'segment' | 'firmware-item';
  readonly bytes: number;
  /** Of a segment: its name and guest physical address. Of a firmware item: its key. */
  readonly what?: string;
  readonly address?: bigint;
}

export interface MachineDescription {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly cpuModel: CpuModelName;
  readonly deterministic: boolean;
  readonly suspendAbi: SuspendAbi;
  readonly reboot: boolean;
  readonly entry: bigint;
  readonly fittings: Fittings;
  readonly regions: readonly Region[];
}

export function describeMachine(setup: MachineDescription): ImageSection {
  const { cpus, memoryBytes, cpuModel, deterministic, suspendAbi, reboot, entry, fittings, regions } = setup;
  const description = {
    type: MACHINE_TYPE, cpus, memoryBytes, cpuModel, deterministic, suspendAbi, reboot, entry: String(entry), fittings,
    regions: regions.map(({ kind, bytes, what, address }) => ({ kind, bytes, what, ...(address !== undefined && { address: String(address) }) })),
  };
  return { path: PATH, version: VERSION, bytes: utf8(JSON.stringify(description)) };
}

/** Reads it; whatever is not as this program writes it is refused. */
export function readMachine(section: (path: string, version: number) => Uint8Array): MachineDescription {
  const what = `the snapshot's ${PATH}`, bytes = section(PATH, VERSION);
  check(bytes.length <= BYTES, what, `it is longer than ${BYTES} bytes`);
  const { type, cpus, memoryBytes, cpuModel, deterministic, suspendAbi, reboot, entry, fittings, regions } = parsed(bytes, what);
  check(type === MACHINE_TYPE, what, `it is of machine type ${shown(type)}, and this program has ${MACHINE_TYPE}`);
  check(cpus === 1, what, `it has ${shown(cpus)} CPUs, and machines of this version have one`);
  check(isSize(memoryBytes) && memoryBytes > 0 && memoryBytes <= MAX_RAM && memoryBytes % 4096 === 0, what, `its memory of ${shown(memoryBytes)} bytes is none that a machine has`);
  check(typeof cpuModel === 'string' && Object.hasOwn(cpuModels, cpuModel), what, `its CPU model ${shown(cpuModel)} is not known`);
  check(typeof deterministic === 'boolean' && typeof reboot === 'boolean', what, 'an option is neither true nor false');
  check(suspendAbi === 'merged' || suspendAbi === 'run+suspend' || suspendAbi === 'v1', what, `its suspend interface ${shown(suspendAbi)} is not known`);
  const { flash, fwCfg } = isObject(fittings) ? fittings : {};
  check(typeof flash === 'boolean' && typeof fwCfg === 'boolean', what, 'it does not say which devices are fitted');
  check(Array.isArray(regions) && regions.length <= REGIONS, what, 'it has no proper list of regions');
  return {
    cpus, memoryBytes, cpuModel: cpuModel as CpuModelName, deterministic, suspendAbi, reboot, entry: address(entry, what), fittings: { flash, fwCfg },
    regions: regions.map(region => readRegion(region, what)),
  };
}

const REGIONS = 64;
const KINDS: readonly unknown[] = ['ram', 'flash', 'segment', 'firmware-item'] satisfies readonly Region['kind'][];
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
/** A value of anybody's, short enough for a sentence, with nothing in it that a terminal obeys. Of one that holds others, which may go deep, only that. */
const shown = (value: unknown): string => (isNested(value) ? 'a list or an object' : (JSON.stringify(value) ?? 'nothing').replace(/[^ -~]/g, '?').slice(0, 40));
const isNested = (value: unknown): boolean => typeof value === 'object' && value !== null;

function parsed(bytes: Uint8Array, what: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(latin1(bytes));
  } catch {
    throw refused(what, 'it is no JSON');
  }
  check(isObject(value), what, 'it is no JSON object');
  return value;
}

function address(value: unknown, what: string): bigint {
  check(typeof value === 'string' && /^\d{1,20}$/.test(value) && BigInt(value) < 1n << 64n, what, `${shown(value)} is no address`);
  return BigInt(value);
}

function readRegion(region: unknown, what: string): Region {
  check(isObject(region) && KINDS.includes(region['kind']) && isSize(region['bytes']), what, 'a region is of no known kind');
  const { kind, bytes, what: name, address: at } = region as { kind: Region['kind']; bytes: number; what?: unknown; address?: unknown };
  check(name === undefined || (typeof name === 'string' && /^[ -~]{1,64}$/.test(name)), what, 'a region has no proper name');
  return { kind, bytes, ...(name !== undefined && { what: name }), ...(at !== undefined && { address: address(at, what) }) };
}
