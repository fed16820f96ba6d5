/** Virtual Machine Generation ID (Microsoft's specification of that name; devicetree binding microsoft,vmgenid): 16 bytes that change when the machine was forked. */
import { HypnosError, state } from '@hypnos/base';
import { device } from './kit/device.ts';
import { edgeInterrupts, placedNode } from './kit/fdt.ts';
import { pulse, pulseFields, pulseLine, pulseSane, pulseSettled, pulseWakeAt, pulseWoke } from './kit/pulse.ts';

export const GENERATION_ID_BYTES = 16;

const fields = {
  id: state.bytes(GENERATION_ID_BYTES),
  ...pulseFields,
};

function valid(id: Uint8Array): Uint8Array {
  if (id.length !== GENERATION_ID_BYTES) throw new HypnosError('EINVAL', `a generation ID is ${GENERATION_ID_BYTES} bytes, and not ${id.length}: draw as many.`);
  return id;
}

export const vmgenid = device({
  name: 'vmgenid',
  doc: 'Virtual Machine Generation ID (microsoft,vmgenid). Its interrupt says that the ID is another: the guest has been forked.',
  compatible: ['microsoft,vmgenid'],
  size: GENERATION_ID_BYTES,
  version: 1,
  state: fields,
  sane: pulseSane,
  needs: ['clock'],
  widths: [1, 2, 4, 8],

  registers: {
    0x00: {
      name: 'ID', doc: 'The generation ID', span: GENERATION_ID_BYTES,
      read: (s, _p, { offset, bytes }) => s.id.subarray(offset, offset + bytes).reduceRight((value, byte) => value * 256 + byte, 0),
    },
  },

  // There is no acknowledge register, and the driver does no more than read: so the line cannot be a level, which nothing would lower.
  irq: pulseLine,
  wakeAt: pulseWakeAt,
  woke: (s, p) => pulseWoke(s, p.clock),
  settled: pulseSettled,

  actions: {
    /** The ID the machine begins with: nobody has seen another, so nothing is told. */
    hold(s, _p, id: Uint8Array): void { s.id.set(valid(id)); },
    /** The guest is another than it was: a new ID, and the interrupt. */
    renew(s, p, id: Uint8Array): void {
      s.id.set(valid(id));
      pulse(s, p.clock);
    },
    held: (s): Uint8Array => s.id.slice(),
  },

  node: (place, d) => [placedNode('vmgenid', place, d.size, d.compatible, edgeInterrupts(place))],
});
