/** What a machine is built from, once files and options have been checked: by its first boot, by every reset, and by waking from an image. */
import { HypnosError } from '@hypnos/base';
import { cpuModel, type CpuModelName, type SuspendAbi } from '@hypnos/hypervisor';
import { deviceNodes, type Fittings } from './board/devices.ts';
import { flashBytes, MAP } from './board/map.ts';
import { boardTree } from './board/tree.ts';
import { type FirmwareBoot, firmwareItems } from './boot/firmware-items.ts';
import { kernelImage } from './boot/kernel-image.ts';
import { place, placeDtb, type Placement } from './boot/plan.ts';
import { memorySize } from './boot/size.ts';
import { writeFdt } from './fdt.ts';
import { drawIdentity, type Identity, serialText } from './identity.ts';
import type { MachineConfig } from './machine.ts';
import type { Host } from './ports.ts';
import { seeded } from './seeded.ts';
import { CHUNK_BYTES } from './snapshot/chunks.ts';
import type { Region } from './snapshot/machine-config.ts';
import { boardRegions } from './snapshot/regions.ts';

export interface MachinePlan {
  readonly memoryBytes: number;
  readonly cpuModel: CpuModelName;
  readonly deterministic: boolean;
  readonly suspendAbi: SuspendAbi;
  /** Whether a guest that resets starts anew; otherwise a reset ends the machine. */
  readonly reboot: boolean;
  readonly fittings: Fittings;
  /** Where the first CPU starts at every boot. */
  readonly entry: bigint;
  /** What its memory holds, in order: RAM, flash, and the files that every boot starts from, the device tree included. */
  readonly regions: readonly Region[];
  /** Which machine it is. */
  readonly identity: Identity;
  /** The chunks that its memory is stored in. */
  readonly chunkBytes: number;
}

/** A plan, and the bytes of its regions at the first boot by their number; RAM has none. */
export interface BootPlan {
  readonly plan: MachinePlan;
  readonly contents: ReadonlyMap<number, Uint8Array>;
  readonly dtb: Uint8Array;
}

/** What the identity of a deterministic machine is drawn from: all that are made have the same, and each fork of one its own. */
const DETERMINISTIC_IDENTITY = 2n;
/** Erased flash. */
const ERASED = 0xff;

/** Throws HypnosError with a sentence for whoever gave the files and options. */
export function planBoot(config: MachineConfig, host: Pick<Host, 'entropy' | 'inflate'>): BootPlan {
  const { cpus = 1, cpu = 'default', suspendAbi = 'merged', deterministic = false, reboot = true, firmware, initrd, flashVars: vars } = config;
  if (cpus !== 1) throw new HypnosError('EINVAL', `${cpus} CPUs: this version has machines of one CPU.`);
  if (suspendAbi !== 'merged' && config.onSuspend?.do === 'deny') {
    throw new HypnosError('EINVAL', 'with the suspend interfaces of 2021 the hypervisor has already accepted the call when the machine hears of it: it cannot be denied.');
  }
  cpuModel(cpu);                                                 // refuses an unknown name before anything is started
  const memoryBytes = memorySize(config.memory ?? '512M'), kernel = config.kernel && kernelImage(config.kernel.bytes, config.kernel.name, host.inflate);
  const boot: FirmwareBoot = { kernel: firmware ? kernel?.bytes : undefined, initrd: initrd?.bytes, bootargs: config.append ?? '' };
  const placed = place({ memoryBytes, ...(kernel && { kernel }), ...(initrd && { initrd: initrd.bytes }), ...(firmware && { firmware }) });
  if (vars !== undefined && vars.length > MAP.flash.bankBytes) throw new HypnosError('EINVAL', 'the flash variables file is larger than a flash bank, 64 MiB.');
  const fittings = { flash: placed.flash !== undefined || vars !== undefined, fwCfg: firmware !== undefined };
  const identity = drawIdentity(deterministic ? seeded(DETERMINISTIC_IDENTITY).fill : into => host.entropy(into));
  const dtb = deviceTree(config, host, { memoryBytes, fittings, placed, serial: serialText(identity) });
  const segments = [...placed.segments, placeDtb(dtb, placed)], items = firmware ? [...firmwareItems(boot, cpus)] : [], board = boardRegions(memoryBytes, fittings.flash);
  const files: readonly { readonly region: Region; readonly bytes: Uint8Array }[] = [
    ...segments.map(({ what, address, bytes }) => ({ region: { kind: 'segment', bytes: bytes.length, what, address } as const, bytes })),
    ...items.map(([key, bytes]) => ({ region: { kind: 'firmware-item', bytes: bytes.length, address: BigInt(key) } as const, bytes })),
  ];
  const contents = new Map(files.map(({ bytes }, i) => [board.length + i, bytes]));
  if (fittings.flash) contents.set(1, flashContent(placed.flash, vars));
  return {
    plan: {
      identity, memoryBytes, cpuModel: cpu, deterministic, suspendAbi, reboot, fittings, entry: placed.entry, chunkBytes: CHUNK_BYTES,
      regions: [...board, ...files.map(({ region }) => region)],
    },
    contents, dtb,
  };
}

function flashContent(code: Uint8Array | undefined, vars: Uint8Array | undefined): Uint8Array {
  const cells = new Uint8Array(flashBytes(true)).fill(ERASED);
  if (code) cells.set(code);
  if (vars) cells.set(vars, MAP.flash.bankBytes);
  return cells;
}

interface Board { readonly memoryBytes: number; readonly fittings: Fittings; readonly placed: Placement; readonly serial: string }

function deviceTree(config: MachineConfig, host: Pick<Host, 'entropy'>, { memoryBytes, fittings, placed, serial }: Board): Uint8Array {
  const seed = new Uint8Array(40);
  if (!config.deterministic) host.entropy(seed);
  return writeFdt(boardTree({
    cpus: 1, memoryBytes, serial, conduit: config.conduit ?? 'hvc', devices: deviceNodes(fittings),
    chosen: {
      bootargs: config.append ?? '', ...(placed.initrd && { initrd: placed.initrd }),
      rngSeed: seed.slice(0, 32), kaslrSeed: new DataView(seed.buffer).getBigUint64(32),
    },
  }));
}
