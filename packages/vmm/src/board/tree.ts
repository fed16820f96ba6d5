/** The device tree of hypnos-1: what belongs to the board itself; each device brings its own nodes. */
import { node, peripheralClock, u32Cells, u64Cells, type FdtNode, type FdtValue } from '@hypnos/devices';
import { nodeAt, readFdt } from '../fdt.ts';
import type { Random } from '../identity.ts';
import { utf8 } from '../text.ts';
import { MAP, PPI } from './map.ts';

export interface Chosen {
  readonly bootargs: string;
  readonly initrd?: { readonly start: bigint; readonly end: bigint };
  readonly rngSeed: Uint8Array;
  readonly kaslrSeed: bigint;
}

export interface Board {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly conduit: 'hvc' | 'smc';
  /** The machine's own, as text. */
  readonly serial: string;
  readonly chosen: Chosen;
  /** Nodes of the devices that are fitted. */
  readonly devices: readonly FdtNode[];
}

const GIC_PPI = 1, LEVEL_HIGH = 4;
const CONSOLE = `/pl011@${MAP.pl011.address.toString(16)}`;

/** The whole tree. */
export function boardTree(board: Board): FdtNode {
  return node('', {
    compatible: ['hypnos,hypnos-1', 'linux,dummy-virt'], model: 'hypnos-1', 'serial-number': board.serial,
    '#address-cells': u32Cells(2), '#size-cells': u32Cells(2), 'interrupt-parent': { cells: [{ phandle: 'gic' }] }, 'dma-coherent': true,
  }, [
    chosen(board.chosen),
    node('aliases', { serial0: CONSOLE }),
    node(`memory@${MAP.ram.address.toString(16)}`, { device_type: 'memory', reg: u64Cells(MAP.ram.address, BigInt(board.memoryBytes)) }),
    cpus(board.cpus),
    psci(board.conduit),
    timer,
    performance,
    gic(board.cpus),
    peripheralClock,
    ...board.devices,
  ]);
}

/** The blob for another boot of the machine, or of a fork of it: with its serial number, and seeds that no boot had before. */
export function forNextBoot(dtb: Uint8Array, serial: string, random: Random): Uint8Array {
  const blob = dtb.slice(), root = readFdt(blob), number = root.properties.get('serial-number'), text = utf8(`${serial}\0`);
  if (number?.length === text.length) number.set(text);
  for (const seed of ['rng-seed', 'kaslr-seed']) {
    const bytes = nodeAt(root, '/chosen')?.properties.get(seed);
    if (bytes) random(bytes);
  }
  return blob;
}

function chosen({ bootargs, initrd, rngSeed, kaslrSeed }: Chosen): FdtNode {
  const where: Record<string, FdtValue> = initrd === undefined ? {} : {
    'linux,initrd-start': u64Cells(initrd.start), 'linux,initrd-end': u64Cells(initrd.end),
  };
  return node('chosen', { bootargs, 'stdout-path': CONSOLE, ...where, 'rng-seed': rngSeed, 'kaslr-seed': u64Cells(kaslrSeed) });
}

/** Affinity as on virt with GICv3: up to 16 CPUs differ in Aff0. */
const cpus = (count: number): FdtNode => node('cpus', { '#address-cells': u32Cells(1), '#size-cells': u32Cells(0) },
  Array.from({ length: count }, (_, i) => node(`cpu@${i.toString(16)}`, {
    device_type: 'cpu', compatible: 'arm,armv8', reg: u32Cells(i), 'enable-method': 'psci',
  })));

/** DEN0022: function ids stand here for PSCI 0.1 only; later ones are fixed. */
const psci = (conduit: string): FdtNode => node('psci', {
  compatible: ['arm,psci-1.0', 'arm,psci-0.2', 'arm,psci'], method: conduit,
  cpu_suspend: u32Cells(0xc400_0001), cpu_off: u32Cells(0x8400_0002), cpu_on: u32Cells(0xc400_0003), migrate: u32Cells(0xc400_0005),
});

/** The timers go on while CPUs sleep, hence always-on; the counter never stops. */
const timer: FdtNode = node('timer', {
  compatible: ['arm,armv8-timer', 'arm,armv7-timer'], 'always-on': true,
  interrupts: u32Cells(...[PPI.securePhysicalTimer, PPI.physicalTimer, PPI.virtualTimer, PPI.hypervisorTimer].flatMap(n => [GIC_PPI, n, LEVEL_HIGH])),
});

/** The overflow interrupt of each CPU's performance monitors. */
const performance: FdtNode = node('pmu', { compatible: 'arm,armv8-pmuv3', interrupts: u32Cells(GIC_PPI, PPI.performance, LEVEL_HIGH) });

const REDISTRIBUTOR_BYTES = 0x2_0000;

const gic = (cpuCount: number): FdtNode => ({
  ...node(`intc@${MAP.distributor.address.toString(16)}`, {
    compatible: 'arm,gic-v3', 'interrupt-controller': true, '#interrupt-cells': u32Cells(3),
    '#address-cells': u32Cells(2), '#size-cells': u32Cells(2), ranges: true, '#redistributor-regions': u32Cells(1),
    reg: u64Cells(MAP.distributor.address, BigInt(MAP.distributor.bytes), MAP.redistributors.address, BigInt(cpuCount * REDISTRIBUTOR_BYTES)),
  }),
  label: 'gic',
});
