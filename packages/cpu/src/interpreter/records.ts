/** Decoded records, by page of RAM: handed out, written at first execution, forgotten when the guest says its code changed. */
import { type Decoded, type Reg, SYSTEM_REGISTERS, type VReg, ZERO } from '@hypnos/isa';
import type { MemoryMap } from '../memory-map.ts';
import { PAGE_RECORDS_BYTES, RECORD_BYTES } from '../memory-map.ts';
import { at, SINK_SLOT, vAt, xAt } from '../state.ts';
import type { WrittenForm } from './image.ts';

const RECORDS = 1024;
const SYSTEM_NUMBERS = new Map(SYSTEM_REGISTERS.map((row, i) => [row, i] as const));

/** A record ready to be written: its words, but for the number, which depends on where a branch goes. */
export interface Template {
  readonly words: Uint32Array;
  /** The handler's number, and that of the copy for branches that stay in their page. */
  readonly far: number;
  readonly near: number;
  /** Displacement in bytes of a direct branch. */
  readonly offset: number;
}

export const unallocated = (number: number): Template => ({ words: new Uint32Array(4), far: number, near: number, offset: 0 });

export function templateOf(form: WrittenForm, decoded: Decoded): Template {
  const words = new Uint32Array(4), view = new DataView(words.buffer);
  let offset = 0;
  for (const name in form.cells) {
    const operand = decoded.operands[name]!;
    writeCell(view, name, form, decoded);
    if (operand.kind === 'label') offset = Number(operand.offset);
  }
  return { words, far: form.far, near: form.near, offset };
}

function writeCell(view: DataView, name: string, form: WrittenForm, decoded: Decoded): void {
  const operand = decoded.operands[name]!, { at: where, size } = form.cells[name]!;
  switch (operand.kind) {
    case 'imm':
      if (size === 64) view.setBigUint64(where, operand.value, true);
      else if (size === 8) view.setUint8(where, Number(operand.value & 0xffn));
      else if (size === 16) view.setUint16(where, Number(operand.value & 0xffffn), true);
      else view.setUint32(where, Number(operand.value & 0xffff_ffffn), true);
      break;
    case 'label': view.setInt32(where, Number(operand.offset), true); break;
    case 'page': view.setBigInt64(where, operand.offset, true); break;
    case 'sysreg':
      view.setUint16(where, decoded.form['through'] ? SYSTEM_NUMBERS.get(operand.row)! : at(operand.row.name), true);
      break;
    default: view.setUint16(where, place(operand, form.sinks.includes(name)), true);
  }
}

export class RecordPool {
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #base: number;
  readonly #capacity: number;
  readonly #pageEnd: number;
  /** Record page + 1 of each page of linear memory, 0 where there is none. */
  readonly #ofPage = new Uint16Array(1 << 20);
  /** Page of linear memory of each record page, and whether anything was decoded there since it was last forgotten. */
  readonly #pages: Uint32Array;
  readonly #decoded: Uint8Array;
  #used = 0;

  constructor(buffer: ArrayBufferLike, map: MemoryMap, cpuIndex: number, pageEnd: number) {
    this.#base = map.records(cpuIndex);
    this.#capacity = Math.floor(map.recordsBytes / PAGE_RECORDS_BYTES);
    this.#bytes = new Uint8Array(buffer as ArrayBuffer, this.#base, map.recordsBytes);
    this.#words = new Uint32Array(buffer as ArrayBuffer);
    this.#pages = new Uint32Array(this.#capacity);
    this.#decoded = new Uint8Array(this.#capacity);
    this.#pageEnd = pageEnd;
  }

  /** First record of the page at `linear`, or 0 if all pages are taken: then everything must be forgotten first. */
  pageFor(linear: number): number {
    const page = linear >>> 12, known = this.#ofPage[page]!;
    if (known) return this.#base + (known - 1) * PAGE_RECORDS_BYTES;
    if (this.#used === this.#capacity) return 0;
    const index = this.#used++;
    this.#ofPage[page] = index + 1;
    this.#pages[index] = page;
    const first = this.#base + index * PAGE_RECORDS_BYTES;
    // Whoever had this memory before may have left records here.
    this.#bytes.fill(0, first - this.#base, first - this.#base + PAGE_RECORDS_BYTES);
    this.#words[(first + RECORDS * RECORD_BYTES) >>> 2] = this.#pageEnd;
    return first;
  }

  /** Linear address of the instruction that a record stands for. */
  source(record: number): number {
    const offset = record - this.#base, index = Math.floor(offset / PAGE_RECORDS_BYTES);
    return this.#pages[index]! * 4096 + ((offset - index * PAGE_RECORDS_BYTES) / RECORD_BYTES) * 4;
  }

  /** Writes the record of an instruction at an offset in its page. */
  write(record: number, { words, far, near, offset }: Template, pageOffset: number): void {
    this.#decoded[Math.floor((record - this.#base) / PAGE_RECORDS_BYTES)] = 1;
    const target = pageOffset + offset, first = record >>> 2;
    this.#words[first + 1] = words[1]!;
    this.#words[first + 2] = words[2]!;
    this.#words[first + 3] = words[3]!;
    this.#words[first] = words[0]! | (target >= 0 && target < 4096 ? near : far);
  }

  /** Forgets what was decoded in the page at a linear address. */
  forget(linear: number): void {
    const known = this.#ofPage[linear >>> 12]!;
    if (!known || !this.#decoded[known - 1]) return;
    this.#decoded[known - 1] = 0;
    const first = (known - 1) * PAGE_RECORDS_BYTES;
    this.#bytes.fill(0, first, first + RECORDS * RECORD_BYTES);
  }
  /** Forgets everything and takes back all pages. */
  forgetAll(): void {
    for (let i = 0; i < this.#used; i++) {
      this.#ofPage[this.#pages[i]!] = 0;
      this.#decoded[i] = 0;
    }
    this.#used = 0;
  }
}

function place(operand: Reg | VReg, sink: boolean): number {
  if (operand.kind === 'vreg') return vAt(operand.index);
  return xAt(sink && operand.slot === ZERO ? SINK_SLOT : operand.slot);
}
