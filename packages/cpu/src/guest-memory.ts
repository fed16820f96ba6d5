/**
 * Guest RAM as everything but the TLB fill reaches it: finds a guest-physical address among the memory slots, brings
 * absent pages in, and marks what is written.
 */
import { HypnosError, invariant } from '@hypnos/base';
import { MAX_SLOTS, type MemoryMap, PAGE, SLOT_BYTES } from './memory-map.ts';

export type AccessBytes = 1 | 2 | 4 | 8;

export interface GuestMemoryPorts {
  /** Fills an absent page, by guest frame, and clears its PAGE.absent. */
  fetchPage?(frame: bigint): void;
  /** A page that carries PAGE.watched is about to be written. */
  written?(frame: bigint): void;
}

export interface GuestMemory {
  /**
   * Where a guest-physical address stands in linear memory, good up to the end of its 4 KiB page. Null where there is no
   * RAM, or for a write where it may only be read. The page is present afterwards, and for a write no longer clean.
   */
  linearOf(ipa: bigint, access?: 'read' | 'write'): number | null;
  /** At a linear address; single-copy atomic where aligned. */
  read(linear: number, bytes: AccessBytes): bigint;
  write(linear: number, bytes: AccessBytes, value: bigint): void;
  /** Writes `desired` if the aligned place holds `expected`; answers what it held. */
  compareExchange(linear: number, bytes: AccessBytes, expected: bigint, desired: bigint): bigint;
  /** Changes a translation table entry if it still is what it was. In read-only memory it stays as it is, and that is no conflict. */
  update(ipa: bigint, was: bigint, now: bigint): boolean;
  /** At a guest-physical address. Null or false where part of the range is no (writable) RAM; then nothing was written. */
  load(ipa: bigint, bytes: AccessBytes): bigint | null;
  store(ipa: bigint, bytes: AccessBytes, value: bigint): boolean;
  readBytes(ipa: bigint, length: number): Uint8Array<ArrayBuffer> | null;
  writeBytes(ipa: bigint, data: Uint8Array): boolean;
  /** Makes every page that lies whole in a range zeroes; one that is so already stays as it is, clean too. False at the first that is no (writable) RAM. */
  zeroPages(ipa: bigint, length: number): boolean;
}

const READ_ONLY = 1, PAGE_BYTES = 4096;

/** The port onto the RAM that `map` lays out in `memory`. */
export function guestMemory(memory: ArrayBufferLike, map: MemoryMap, ports: GuestMemoryPorts = {}): GuestMemory {
  const buffer = memory as ArrayBuffer;
  const slots = new Uint32Array(buffer, map.slots, (MAX_SLOTS * SLOT_BYTES) / 4);
  const flags = new Uint8Array(buffer, map.pageFlags, 1 << 20);
  const bytesView = new Uint8Array(buffer), view = new DataView(buffer);
  const cells = { 1: bytesView, 2: new Uint16Array(buffer), 4: new Uint32Array(buffer), 8: new BigUint64Array(buffer) } as const;

  function prepare(linear: number, frame: number, write: boolean): void {
    const page = linear >>> 12;
    const was = Atomics.load(flags, page);
    if (was === 0) return;
    if (was & PAGE.absent) fetch(page, BigInt(frame));
    if (!write) return;
    if (was & PAGE.watched) ports.written?.(BigInt(frame));
    Atomics.and(flags, page, ~PAGE.clean);
  }
  function fetch(page: number, frame: bigint): void {
    if (!ports.fetchPage) throw new HypnosError('EFAULT', `page frame ${frame} is absent: give the guest memory a fetchPage port to bring it in`);
    ports.fetchPage(frame);
    invariant((Atomics.load(flags, page) & PAGE.absent) === 0, `fetchPage left page frame ${frame} absent`);
  }

  /** Each piece of a range that lies in one page, or null if some of it is not RAM. */
  function pieces(ipa: bigint, length: number, access: 'read' | 'write'): { linear: number; from: number; length: number }[] | null {
    const out = [];
    for (let from = 0; from < length;) {
      const at = ipa + BigInt(from);
      const linear = self.linearOf(at, access);
      if (linear === null) return null;
      const part = Math.min(length - from, PAGE_BYTES - (linear % PAGE_BYTES));
      out.push({ linear, from, length: part });
      from += part;
    }
    return out;
  }

  function isZero(linear: number): boolean {
    const words = cells[4], end = (linear + PAGE_BYTES) / 4;
    for (let i = linear / 4; i < end; i++) if (words[i] !== 0) return false;
    return true;
  }

  const self: GuestMemory = {
    linearOf(ipa, access = 'read') {
      const wide = ipa >> 12n;
      if (wide >= 1n << 32n) return null;
      const frame = Number(wide);
      for (let i = 0; i < slots.length; i += 4) {
        const inside = frame - slots[i]!;
        if (inside < 0 || inside >= slots[i + 1]!) continue;
        if (access === 'write' && slots[i + 3]! & READ_ONLY) return null;
        const linear = slots[i + 2]! + inside * PAGE_BYTES + Number(ipa & 0xfffn);
        prepare(linear, frame, access === 'write');
        return linear;
      }
      return null;
    },
    read(linear, bytes) {
      if (linear % bytes === 0) return BigInt(bytes === 8 ? Atomics.load(cells[8], linear / 8) : Atomics.load(cells[bytes], linear / bytes));
      if (bytes === 8) return view.getBigUint64(linear, true);
      return BigInt(bytes === 4 ? view.getUint32(linear, true) : view.getUint16(linear, true));
    },
    write(linear, bytes, value) {
      if (linear % bytes === 0) {
        if (bytes === 8) Atomics.store(cells[8], linear / 8, BigInt.asUintN(64, value));
        else Atomics.store(cells[bytes], linear / bytes, Number(BigInt.asUintN(32, value)));
      } else if (bytes === 8) view.setBigUint64(linear, value, true);
      else if (bytes === 4) view.setUint32(linear, Number(BigInt.asUintN(32, value)), true);
      else view.setUint16(linear, Number(BigInt.asUintN(16, value)), true);
    },
    compareExchange(linear, bytes, expected, desired) {
      invariant(linear % bytes === 0, 'compare-exchange off its natural boundary');
      if (bytes === 8) return Atomics.compareExchange(cells[8], linear / 8, expected, BigInt.asUintN(64, desired));
      return BigInt(Atomics.compareExchange(cells[bytes], linear / bytes, Number(expected), Number(BigInt.asUintN(bytes * 8, desired))));
    },
    update(ipa, was, now) {
      const linear = self.linearOf(ipa, 'write');
      return linear === null || self.compareExchange(linear, 8, was, now) === was;
    },
    load(ipa, bytes) {
      if (ipa % BigInt(bytes) === 0n) {
        const linear = self.linearOf(ipa);
        return linear === null ? null : self.read(linear, bytes);
      }
      const data = self.readBytes(ipa, bytes);
      return data && data.reduceRight((all, byte) => (all << 8n) | BigInt(byte), 0n);
    },
    store(ipa, bytes, value) {
      if (ipa % BigInt(bytes) === 0n) {
        const linear = self.linearOf(ipa, 'write');
        if (linear === null) return false;
        self.write(linear, bytes, value);
        return true;
      }
      return self.writeBytes(ipa, Uint8Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn)));
    },
    readBytes(ipa, length) {
      const parts = pieces(ipa, length, 'read');
      if (!parts) return null;
      const out = new Uint8Array(length);
      for (const part of parts) out.set(bytesView.subarray(part.linear, part.linear + part.length), part.from);
      return out;
    },
    writeBytes(ipa, data) {
      const parts = pieces(ipa, data.length, 'write');
      if (!parts) return false;
      for (const part of parts) bytesView.set(data.subarray(part.from, part.from + part.length), part.linear);
      return true;
    },
    zeroPages(ipa, length) {
      const size = BigInt(PAGE_BYTES), end = ((ipa + BigInt(length)) / size) * size;
      for (let page = ((ipa + size - 1n) / size) * size; page < end; page += size) {
        const linear = self.linearOf(page);
        if (linear === null) return false;
        if (isZero(linear)) continue;
        if (self.linearOf(page, 'write') === null) return false;
        bytesView.fill(0, linear, linear + PAGE_BYTES);
      }
      return true;
    },
  };
  return self;
}

/** Enters RAM in slot `index` of the table at `map.slots`; zero frames empties the slot. The ranges are in bytes, whole pages. */
export function setSlot(
  memory: ArrayBufferLike, map: MemoryMap, index: number, slot: { ipa: bigint; bytes: number; linear: number; readOnly?: boolean },
): void {
  invariant(index >= 0 && index < MAX_SLOTS, `memory slot ${index}`);
  const entry = new Uint32Array(memory as ArrayBuffer, map.slots + index * SLOT_BYTES, 4);
  entry.set([Number(slot.ipa >> 12n), slot.bytes / PAGE_BYTES, slot.linear, slot.readOnly ? READ_ONLY : 0]);
}
