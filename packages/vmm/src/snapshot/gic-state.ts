/**
 * The GIC in an image: the attributes of KVM's device that hold its state, as the wall lists them, in the order in which they are put back
 * (Linux Documentation/virt/kvm/devices/arm-vgic-v3.rst). Addresses and the number of interrupts are the board's and are not saved.
 */
import { state } from '@hypnos/base';
import type { GicAttribute, GicDevice } from '@hypnos/hypervisor';
import type { ImageSection } from './image.ts';
import { Reader, recordsBytes } from './reader.ts';
import { check } from './refused.ts';

export const attributeShape = state.shape({ group: state.u32(), value: state.u64(), attr: state.u64() });
const PATH = 'gic', VERSION = 1;

/** With every vCPU out of RUN. */
export function saveGic(gic: GicDevice): ImageSection {
  const bytes = recordsBytes(attributeShape, gic.stateAttrs(), (r, attribute) => {
    Object.assign(r, { group: attribute.group, attr: attribute.attr, value: valueOf(gic, attribute) });
  });
  return { path: PATH, version: VERSION, bytes };
}

/** What an attribute holds, whatever hides it. */
function valueOf(gic: GicDevice, { group, attr, hiddenBy }: GicAttribute): bigint {
  const was = hiddenBy ? gic.getAttr(group, hiddenBy.attr) : 0n;
  if (!hiddenBy || (was & hiddenBy.bits) === 0n) return gic.getAttr(group, attr);
  gic.setAttr(group, hiddenBy.attr, was & ~hiddenBy.bits);
  const value = gic.getAttr(group, attr);
  gic.setAttr(group, hiddenBy.attr, was);
  return value;
}

export function loadGic(gic: GicDevice, section: (path: string, version: number) => Uint8Array): void {
  const what = `the snapshot's ${PATH}`, reader = new Reader(section(PATH, VERSION), what);
  const all = gic.stateAttrs(), records = reader.records(attributeShape, all.length);
  for (const { group, attr, clears } of all) {
    const saved = records.next().value!;
    check(saved.group === group && saved.attr === attr, what, 'it is of a machine with other interrupts or CPUs');
    if (clears !== undefined) gic.setAttr(group, clears, 0xffff_ffffn);
    gic.setAttr(group, attr, saved.value);
  }
  reader.end();
}
