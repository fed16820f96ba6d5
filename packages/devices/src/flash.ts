/** Parallel NOR flash with the Intel command set 0001 (JEDEC JESD68.01, JEP137): one 64 MiB bank of two 16-bit chips side by side. */
import { state, type View } from '@hypnos/base';
import { device } from './kit/device.ts';
import { placedNode, u32Cells } from './kit/fdt.ts';
import type { FlashPort } from './kit/ports.ts';

export const FLASH_BANK_SIZE = 0x400_0000;
/** Both chips erase together: two blocks of 128 KiB. */
export const FLASH_BLOCK_SIZE = 0x4_0000;
const BUS = 4, CHIPS = 2;
/** Bytes a chip's program buffer holds, as a power of two. */
const BUFFER_LOG2 = 9;
const BUFFER = CHIPS << BUFFER_LOG2;

/** What a read answers. */
const ARRAY = 0, STATUS = 1, ID = 2, QUERY = 3;
/** What the next write is. */
const COMMAND = 0, WORD = 1, ERASE_CONFIRM = 2, LOCK_CONFIRM = 3, BUFFER_COUNT = 4, BUFFER_DATA = 5, BUFFER_CONFIRM = 6;
/** Status register: ready, and the errors. Both bits 4 and 5 together mean a wrong command sequence. */
const READY = 0x80, ERASE_ERROR = 0x20, PROGRAM_ERROR = 0x10, LOCKED = 0x02, SEQUENCE_ERROR = ERASE_ERROR | PROGRAM_ERROR;
const CONFIRM = 0xd0;

const fields = {
  mode: state.u8(ARRAY),
  expects: state.u8(COMMAND),
  status: state.u8(READY),
  /** Where the program buffer begins, once its first word came. */
  bufferAt: state.u32(),
  /** Words still to come, on the bus: each is a word for either chip. */
  remaining: state.u32(),
  buffered: state.bool(),
  buffer: state.bytes(BUFFER),
};
type State = View<typeof fields>;

/** The query table by word address (JESD68.01, and the Intel extension at 0x31). */
const query = new Map<number, number>([
  ...Array.from('QRY', (c, i): [number, number] => [0x10 + i, c.charCodeAt(0)]),
  [0x13, 0x01], [0x15, 0x31],                                       // command set 0001, its table at 0x31
  [0x1b, 0x45], [0x1c, 0x55],                                       // 4.5 to 5.5 V
  [0x1f, 0x07], [0x20, 0x07], [0x21, 0x0a], [0x23, 0x04], [0x24, 0x04], [0x25, 0x04],
  [0x27, Math.log2(FLASH_BANK_SIZE / CHIPS)], [0x28, 0x01],         // a chip's size; 16 bits wide
  [0x2a, BUFFER_LOG2], [0x2c, 1],
  [0x2d, (FLASH_BANK_SIZE / FLASH_BLOCK_SIZE - 1) & 0xff], [0x2e, (FLASH_BANK_SIZE / FLASH_BLOCK_SIZE - 1) >> 8],
  [0x2f, (FLASH_BLOCK_SIZE / CHIPS >> 8) & 0xff], [0x30, FLASH_BLOCK_SIZE / CHIPS >> 16],
  ...Array.from('PRI10', (c, i): [number, number] => [0x31 + i, c.charCodeAt(0)]),
  [0x3d, 0x50], [0x3f, 0x01],                                       // 5 V; one protection field
]);

/** What each chip answers at a word address when not reading its cells. Manufacturer and device as on QEMU's board; no block is locked. */
function answer(s: State, word: number): number {
  if (s.mode === STATUS) return s.status;
  if (s.mode === QUERY) return query.get(word & 0xff) ?? 0;
  return [0x89, 0x18][word % (FLASH_BLOCK_SIZE / BUS)] ?? 0;
}

function cells(flash: FlashPort, offset: number, bytes: number): number {
  let value = 0;
  for (let i = 0; i < bytes; i++) value |= (flash.bytes[offset + i] ?? 0xff) << (8 * i);
  return value;
}

/** Programming only ever clears bits; setting them takes an erase. */
function program(s: State, flash: FlashPort, offset: number, bytes: Uint8Array): void {
  if (!flash.writable) { s.status |= PROGRAM_ERROR | LOCKED; return; }
  for (const [i, byte] of bytes.entries()) flash.bytes[offset + i]! &= byte;
  flash.wrote(offset, bytes.length);
}

function erase(s: State, flash: FlashPort, offset: number): void {
  if (!flash.writable) { s.status |= ERASE_ERROR | LOCKED; return; }
  const block = offset - (offset % FLASH_BLOCK_SIZE);
  flash.bytes.fill(0xff, block, block + FLASH_BLOCK_SIZE);
  flash.wrote(block, FLASH_BLOCK_SIZE);
}

const littleEndian = (value: number, bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, (_, i) => value >>> (8 * i));

/** First cycle of a command: the mode it leaves reads in, and what the next write is. Anything else is read array. */
const COMMANDS: ReadonlyMap<number, readonly [mode: number, expects: number]> = new Map([
  [0x10, [STATUS, WORD]], [0x40, [STATUS, WORD]], [0x20, [STATUS, ERASE_CONFIRM]], [0x60, [STATUS, LOCK_CONFIRM]],
  [0xe8, [STATUS, BUFFER_COUNT]], [0x70, [STATUS, COMMAND]], [0x90, [ID, COMMAND]], [0x98, [QUERY, COMMAND]],
  [0xb0, [STATUS, COMMAND]], [CONFIRM, [STATUS, COMMAND]],           // suspend and resume: nothing is ever under way
]);

function command(s: State, code: number): void {
  if (code === 0x50) { s.status = READY; return; }
  [s.mode, s.expects] = COMMANDS.get(code) ?? [ARRAY, COMMAND];
}

function bufferWord(s: State, offset: number, bytes: Uint8Array): void {
  if (!s.buffered) {
    s.buffered = true;
    s.bufferAt = offset - (offset % BUS);
  }
  const at = offset - s.bufferAt;
  if (at < 0 || at + bytes.length > BUFFER) {
    s.status |= SEQUENCE_ERROR;
    s.expects = COMMAND;
    return;
  }
  s.buffer.set(bytes, at);
  if (s.remaining === 0) s.expects = BUFFER_CONFIRM;
  else s.remaining--;
}

function write(s: State, flash: FlashPort, offset: number, bytes: number, value: number): void {
  const code = value & 0xff, expected = s.expects;
  if (expected === COMMAND) return command(s, code);
  if (expected === BUFFER_DATA) return bufferWord(s, offset, littleEndian(value, bytes));
  s.expects = COMMAND;
  if (expected === WORD) program(s, flash, offset, littleEndian(value, bytes));
  else if (expected === BUFFER_COUNT) {
    s.remaining = value & 0xffff;
    s.buffered = false;
    s.buffer.fill(0xff);
    if (s.remaining >= BUFFER / BUS) s.status |= SEQUENCE_ERROR;
    else s.expects = BUFFER_DATA;
  } else if (expected === LOCK_CONFIRM) {
    if (![0x01, 0x2f, CONFIRM].includes(code)) s.status |= SEQUENCE_ERROR;
  } else if (code !== CONFIRM) s.status |= SEQUENCE_ERROR;
  else if (expected === ERASE_CONFIRM) erase(s, flash, offset);
  else program(s, flash, s.bufferAt, s.buffer.subarray(0, Math.min(BUFFER, FLASH_BANK_SIZE - s.bufferAt)));
}

export const flash = device({
  name: 'flash',
  doc: 'NOR flash bank (JESD68.01, Intel command set): 64 MiB, 32 bits wide, 256 KiB blocks.',
  compatible: ['cfi-flash'],
  size: FLASH_BANK_SIZE,
  version: 1,
  state: fields,
  sane: s => s.mode <= QUERY && s.expects <= BUFFER_CONFIRM && s.remaining <= 0xffff
    && s.bufferAt <= FLASH_BANK_SIZE - BUS && s.bufferAt % BUS === 0,
  needs: ['flash'],
  widths: [1, 2, 4, 8],

  registers: {
    0x0: {
      name: 'cells', doc: 'Reads: the cells, or what the last command asks for. Writes: commands and data.', span: FLASH_BANK_SIZE,
      read(s, p, { offset, bytes }) {
        if (s.mode === ARRAY) return cells(p.flash, offset, bytes);
        const chip = answer(s, Math.floor(offset / BUS));
        return (chip | (chip << 16)) >>> (8 * (offset % BUS));
      },
      write: (s, value, p, { offset, bytes }) => write(s, p.flash, offset, bytes, value),
    },
  },

  settled: (s, p) => p.flash.arrayReadable(s.mode === ARRAY),

  node: (place, d) => [placedNode('flash', place, d.size, d.compatible, { 'bank-width': u32Cells(BUS) })],
});
