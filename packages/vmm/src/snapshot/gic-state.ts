/**
 * The GIC in an image: the attributes of KVM's device that hold its state, in the order in which they are put back
 * (Linux Documentation/virt/kvm/devices/arm-vgic-v3.rst). Addresses and the number of interrupts are the board's and are not saved.
 */
import { state } from '@hypnos/base';
import { type GicDevice, VGIC_GROUP } from '@hypnos/hypervisor';
import type { ImageSection } from './image.ts';
import { joined, Reader, recordBytes } from './reader.ts';
import { check } from './refused.ts';

const attributeShape = state.shape({ group: state.u32(), value: state.u64(), attr: state.u64() });
const PATH = 'gic', VERSION = 1;

/** Registers of one interrupt range: byte offset and bits an interrupt. ISENABLER and ISACTIVER only set bits; what clears them stands 0x80 further on. */
const PER_INTERRUPT: readonly { readonly offset: number; readonly bits: number; readonly clears?: number }[] = [
  { offset: 0x080, bits: 1 }, { offset: 0x100, bits: 1, clears: 0x180 }, { offset: 0x200, bits: 1 }, { offset: 0x300, bits: 1, clears: 0x380 }, { offset: 0x400, bits: 8 }, { offset: 0xc00, bits: 2 },
];
const ROUTERS = 0x6000, SGI_FRAME = 0x1_0000n, DISTRIBUTOR_CTLR = 0n, REDISTRIBUTOR_CTLR = 0n;
/** ICC_PMR, BPR0, BPR1, AP0R0, AP1R0, CTLR, IGRPEN0, IGRPEN1 of EL1 by op0, op1, CRn, CRm, op2. CTLR stands behind BPR1, which its CBPR hides. */
const CPU_INTERFACE = [
  [3, 0, 4, 6, 0], [3, 0, 12, 8, 3], [3, 0, 12, 12, 3], [3, 0, 12, 8, 4], [3, 0, 12, 9, 0], [3, 0, 12, 12, 4], [3, 0, 12, 12, 6], [3, 0, 12, 12, 7],
] as const;
const ICC_BPR1 = CPU_INTERFACE[2], ICC_CTLR = CPU_INTERFACE[5], CBPR = 1n;

const encoding = ([op0, op1, crn, crm, op2]: readonly [number, number, number, number, number]): bigint =>
  BigInt((op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2);
const affinity = (cpu: number): bigint => BigInt(cpu) << 32n;

interface Attribute {
  readonly group: number;
  readonly attr: bigint;
  /** The attribute that takes ones to clear bits of this one. */
  readonly clears?: bigint;
}

/** Every attribute of a GIC with this many CPUs and interrupts. */
function attributes(cpus: number, nrIrqs: number): readonly Attribute[] {
  const words = (group: number, from: number, to: number, frame: bigint): Attribute[] => PER_INTERRUPT.flatMap(({ offset, bits, clears }) =>
    Array.from({ length: ((to - from) * bits) / 32 }, (_, i) => {
      const at = frame + BigInt((from * bits) / 8 + i * 4);
      return { group, attr: at + BigInt(offset), ...(clears !== undefined && { clears: at + BigInt(clears) }) };
    }));
  // The upper halves hold affinity 3, which there is none of.
  const routers = Array.from({ length: nrIrqs - 32 }, (_, i) => BigInt(ROUTERS + (32 + i) * 8));
  const of = (group: number, attrs: readonly bigint[]): Attribute[] => attrs.map(attr => ({ group, attr }));
  const perCpu = Array.from({ length: cpus }, (_, cpu) => [
    { group: VGIC_GROUP.redistRegs, attr: affinity(cpu) | REDISTRIBUTOR_CTLR }, ...words(VGIC_GROUP.redistRegs, 0, 32, affinity(cpu) | SGI_FRAME),
    { group: VGIC_GROUP.levelInfo, attr: affinity(cpu) },
    ...of(VGIC_GROUP.cpuSysregs, CPU_INTERFACE.map(at => affinity(cpu) | encoding(at))),
  ]);
  return [
    ...words(VGIC_GROUP.distRegs, 32, nrIrqs, 0n), ...of(VGIC_GROUP.distRegs, routers),
    ...of(VGIC_GROUP.levelInfo, Array.from({ length: nrIrqs / 32 - 1 }, (_, i) => BigInt((i + 1) * 32))),
    ...perCpu.flat(), { group: VGIC_GROUP.distRegs, attr: DISTRIBUTOR_CTLR },
  ];
}

/** With every vCPU out of RUN. */
export function saveGic(gic: GicDevice, cpus: number): ImageSection {
  const hidden = new Map(Array.from({ length: cpus }, (_, cpu) => [affinity(cpu) | encoding(ICC_BPR1), unhidden(gic, cpu)]));
  const bytes = joined(attributes(cpus, gic.nrIrqs).map(({ group, attr }) => recordBytes(attributeShape, r => {
    const bpr1 = group === VGIC_GROUP.cpuSysregs ? hidden.get(attr) : undefined;
    Object.assign(r, { group, attr, value: bpr1 ?? gic.getAttr(group, attr) });
  })));
  return { path: PATH, version: VERSION, bytes };
}

/** ICC_BPR1_EL1 itself, whatever CBPR shows in its place. */
function unhidden(gic: GicDevice, cpu: number): bigint {
  const ctlr = affinity(cpu) | encoding(ICC_CTLR), was = gic.getAttr(VGIC_GROUP.cpuSysregs, ctlr);
  gic.setAttr(VGIC_GROUP.cpuSysregs, ctlr, was & ~CBPR);
  const bpr1 = gic.getAttr(VGIC_GROUP.cpuSysregs, affinity(cpu) | encoding(ICC_BPR1));
  gic.setAttr(VGIC_GROUP.cpuSysregs, ctlr, was);
  return bpr1;
}

export function loadGic(gic: GicDevice, cpus: number, section: (path: string, version: number) => Uint8Array): void {
  const what = `the snapshot's ${PATH}`, reader = new Reader(section(PATH, VERSION), what);
  for (const { group, attr, clears } of attributes(cpus, gic.nrIrqs)) {
    const saved = reader.record(attributeShape);
    check(saved.group === group && saved.attr === attr, what, 'it is of a machine with other interrupts or CPUs');
    if (clears !== undefined) gic.setAttr(group, clears, 0xffff_ffffn);
    gic.setAttr(group, attr, saved.value);
  }
  reader.end();
}
