/** Firmware configuration device (QEMU's fw_cfg interface, MMIO layout): numbered items and named files, read bytewise or by DMA. */
import { state, type View } from '@hypnos/base';
import { device } from './kit/device.ts';
import { placedNode } from './kit/fdt.ts';
import type { FirmwareItems, GuestMemory } from './kit/ports.ts';

const SIGNATURE = 0x0000, ID = 0x0001, FILE_DIR = 0x0019, FILE_FIRST = 0x0020;
/** Directory entry: size, selector, reserved, and a name of 56 bytes. */
const ENTRY = 64, NAME = 56;
/** DMA control, big-endian: what to do, with the selector in the upper half. */
const DMA = { ERROR: 1, READ: 2, SKIP: 4, SELECT: 8, WRITE: 16 };
/** One piece of a transfer. */
const PIECE = 0x1_0000;

const fields = {
  selector: state.u32(),
  position: state.u32(),
  dmaHigh: state.u32(),
};
type State = View<typeof fields>;
interface Ports { readonly firmware: FirmwareItems; readonly guestMemory: GuestMemory }

const ascii = (text: string): Uint8Array => Uint8Array.from(text, c => c.charCodeAt(0));
const byteSwapped32 = (value: number): number =>
  ((value >>> 24) | ((value >>> 8) & 0xff00) | ((value << 8) & 0xff_0000) | (value << 24)) >>> 0;

/** Files are numbered in the order of their names. */
const names = ({ files }: FirmwareItems): readonly string[] => [...files.keys()].sort();

function directory(firmware: FirmwareItems): Uint8Array {
  const sorted = names(firmware), bytes = new Uint8Array(4 + ENTRY * sorted.length), view = new DataView(bytes.buffer);
  view.setUint32(0, sorted.length);
  for (const [i, name] of sorted.entries()) {
    const at = 4 + ENTRY * i;
    view.setUint32(at, firmware.files.get(name)!.length);
    view.setUint16(at + 4, FILE_FIRST + i);
    bytes.set(ascii(name).subarray(0, NAME - 1), at + 8);
  }
  return bytes;
}

function item(firmware: FirmwareItems, selector: number): Uint8Array {
  if (selector === SIGNATURE) return ascii('QEMU');
  if (selector === ID) return Uint8Array.of(3, 0, 0, 0);           // the plain interface, and DMA
  if (selector === FILE_DIR) return directory(firmware);
  const name = selector >= FILE_FIRST ? names(firmware)[selector - FILE_FIRST] : undefined;
  return (name === undefined ? firmware.items.get(selector) : firmware.files.get(name)) ?? new Uint8Array(0);
}

function select(s: State, selector: number): void {
  s.selector = selector;
  s.position = 0;
}

/** Past the end there are zeros. */
function readData(s: State, { firmware }: Ports, bytes: number): number {
  const from = item(firmware, s.selector);
  let value = 0;
  for (let i = 0; i < bytes; i++) value |= (from[s.position + i] ?? 0) << (8 * i);
  advance(s, bytes);
  return value;
}

const advance = (s: State, bytes: number): void => { s.position = Math.min(0xffff_ffff, s.position + bytes); };

function copyOut(s: State, p: Ports, address: bigint, length: number): boolean {
  const from = item(p.firmware, s.selector), piece = new Uint8Array(Math.min(length, PIECE));
  for (let done = 0; done < length; done += PIECE) {
    const part = piece.subarray(0, Math.min(PIECE, length - done)).fill(0);
    part.set(from.subarray(s.position, s.position + part.length));
    if (!p.guestMemory.write(address + BigInt(done), part)) return false;
    advance(s, part.length);
  }
  return true;
}

/** One DMA request: the record is big-endian { control, length, address }; control is written back when done. No item is writable. */
function transfer(s: State, p: Ports, at: bigint): void {
  const record = new Uint8Array(16), view = new DataView(record.buffer);
  if (!p.guestMemory.read(at, record)) return;
  const control = view.getUint32(0), length = view.getUint32(4), address = view.getBigUint64(8);
  if (control & DMA.SELECT) select(s, control >>> 16);
  let ok = true;
  if (control & DMA.READ) ok = copyOut(s, p, address, length);
  else if (control & DMA.WRITE) ok = false;
  else if (control & DMA.SKIP) advance(s, length);
  view.setUint32(0, ok ? 0 : DMA.ERROR);
  p.guestMemory.write(at, record.subarray(0, 4));
}

export const fwCfg = device({
  name: 'fw-cfg',
  doc: 'Firmware configuration (QEMU fw_cfg, MMIO): items and files the board hands to firmware.',
  compatible: ['qemu,fw-cfg-mmio'],
  size: 0x18,
  version: 1,
  state: fields,
  needs: ['firmware', 'guestMemory'],

  registers: {
    0x00: {
      name: 'data', doc: 'The next bytes of the selected item, in order', span: 8, widths: [1, 2, 4, 8],
      read: (s, p, { bytes }) => readData(s, p, bytes), write: () => {},
    },
    0x08: {
      name: 'selector', doc: 'Selects an item; big-endian', widths: [2],
      write: (s, value) => select(s, ((value & 0xff) << 8) | (value >> 8)),
    },
    0x10: {
      name: 'DMA address', doc: 'Where a DMA record lies, big-endian; the lower half starts it. Reads as a signature.',
      span: 8, widths: [4, 8],
      read: (_s, _p, { offset }) => byteSwapped32(offset === 0 ? 0x5145_4d55 : 0x2043_4647),      // "QEMU CFG"
      write(s, value, p, { offset }) {
        if (offset === 0) { s.dmaHigh = byteSwapped32(value); return; }
        const at = (BigInt(s.dmaHigh) << 32n) | BigInt(byteSwapped32(value));
        s.dmaHigh = 0;
        transfer(s, p, at);
      },
    },
  },

  node: (place, d) => [placedNode('fw-cfg', place, d.size, d.compatible, { 'dma-coherent': true })],
});
