/** Draws translation tables: mappings of few addresses with random attributes, and faults put into them (DDI 0487 D8.2-D8.5). */
import type { Random } from '../fuzz/random.ts';

/** Guest-physical places, which `payload.c` leaves to the cases. */
export const PLACES = {
  tables: 0x4100_0000n,
  data: 0x4120_0000n,
  dataPages: 240,
  services: 0x4130_0000n,
  zeroes: 0x4131_0000n,
  absent: 0x6000_0000n,
} as const;

export interface Half {
  readonly high: boolean;
  readonly granuleBits: number;
  readonly inputBits: number;
  /** Bits of output address that TCR_EL1.IPS allows. */
  readonly outputBits: number;
  readonly tagged: boolean;
  /** Every leaf is of one ASID. */
  readonly nonGlobal: boolean;
  /** No access to data is refused, so that what hardware does to the flags is certain. `dirty`: TCR_EL1.HD. */
  readonly permissive: boolean;
  readonly dirty: boolean;
  /** The MAIR_EL1 byte of each index is a Device type. */
  readonly device: readonly boolean[];
}

export interface Mapping {
  /** Address of the target's page, or of the part of a block that is the target. */
  readonly va: bigint;
  readonly pa: bigint;
  readonly level: number;
  /** Where its leaf descriptor stands. */
  readonly at: bigint;
  readonly device: boolean;
  readonly contiguous: boolean;
  /** What is there: data of all kinds; SVC instructions, which nobody writes; zeroes, which only DC ZVA writes. */
  readonly holds: 'data' | 'services' | 'zeroes';
  /** The page behind it, if that is mapped as well. */
  readonly next?: Mapping;
}

const AF = 1n << 10n,
  READ_ONLY = 1n << 7n,
  DBM = 1n << 51n,
  NG = 1n << 11n,
  CONTIGUOUS = 1n << 52n;
const OUT = 0xffff_ffff_f000n;

export class Drawing {
  readonly entries: Map<bigint, bigint> = new Map();
  readonly mappings: Mapping[] = [];
  readonly half: Half;
  readonly #random: Random;
  #next: bigint;
  constructor(random: Random, half: Half, from: bigint = PLACES.tables) {
    this.#random = random;
    this.half = half;
    this.#next = from;
  }

  get stride(): number {
    return this.half.granuleBits - 3;
  }
  get firstLevel(): number {
    return 4 - Math.ceil((this.half.inputBits - this.half.granuleBits) / this.stride);
  }
  blockBits(level: number): number {
    return this.half.granuleBits + (3 - level) * this.stride;
  }
  /** Where free memory for tables begins. */
  get end(): bigint {
    return this.#next;
  }

  /** Room for a table, aligned to its size. */
  table(bits: number): bigint {
    const size = 1n << BigInt(Math.max(bits, 6));
    const at = (this.#next + size - 1n) & ~(size - 1n);
    this.#next = at + size;
    return at;
  }
  root(): bigint {
    return this.table(this.half.inputBits - this.blockBits(this.firstLevel) + 3);
  }

  #tableBits(): bigint {
    const random = this.#random;
    if (random(3) > 0 || this.half.permissive) return 0n;
    // APTable, UXNTable and PXNTable; sometimes bits that mean nothing in a table.
    return (BigInt(1 << random(4)) << 59n) | (random(4) === 0 ? BigInt(random(1024)) << 2n : 0n);
  }

  /** Attributes of a leaf; address and type are the caller's. */
  attributes(): bigint {
    const random = this.#random;
    let bits = BigInt(random(8)) << 2n;
    if (random(3) > 0) bits &= ~0x1cn;
    bits |= (BigInt(random(2)) << 5n) | (BigInt(random(4)) << 6n) | (BigInt(random(4)) << 8n);
    bits |= random(6) ? AF : 0n;
    bits |= this.half.nonGlobal || random(2) ? NG : 0n;
    bits |= (random(3) ? 0n : 1n << 51n) | (random(3) ? 0n : 1n << 53n) | (random(3) ? 0n : 1n << 54n);
    bits |= BigInt(random(16)) << 55n;
    if (!this.half.permissive) return bits;
    bits = (bits & ~0xc0n) | 0x40n;
    return this.half.dirty && random(2) ? bits | DBM | READ_ONLY : bits;
  }

  /** The entries that a walk from `root` for `va` meets down to `level`, tables made on the way; null where something else stands. */
  #path(root: bigint, va: bigint, level: number): bigint[] | null {
    const path: bigint[] = [];
    let table = root;
    for (let at = this.firstLevel; ; at++) {
      const low = BigInt(this.blockBits(at)),
        width = at === this.firstLevel ? BigInt(this.half.inputBits) - low : BigInt(this.stride);
      const entry = table + (((va >> low) & ((1n << width) - 1n)) << 3n);
      path.push(entry);
      if (at === level) return this.entries.has(entry) ? null : path;
      const found = this.entries.get(entry);
      if (found === undefined) {
        table = this.table(this.half.granuleBits);
        this.entries.set(entry, table | 3n | this.#tableBits());
      } else if ((found & 3n) === 3n && (found & OUT) < PLACES.data && (found & OUT) >= PLACES.tables)
        table = found & OUT & ~((1n << BigInt(this.half.granuleBits)) - 1n);
      else return null;
    }
  }

  /** The lower half's address with a tag now and then, or the upper half's. */
  canonical(va: bigint): bigint {
    const { high, inputBits } = this.half,
      low = va & ((1n << BigInt(inputBits)) - 1n);
    return high ? (low | (~0n << BigInt(inputBits))) & 0xffff_ffff_ffff_ffffn : low;
  }

  #level(): number {
    const random = this.#random,
      { granuleBits } = this.half;
    const blocks = (granuleBits === 12 ? [1, 2] : [2]).filter(l => l >= this.firstLevel);
    return random(2) && blocks.length > 0 ? blocks[random(blocks.length)]! : 3;
  }

  /** Draws one mapping from `root`, at an address of its own or at `wanted`. */
  map(root: bigint, wanted?: { readonly va: bigint; readonly level: number }): Mapping | null {
    const random = this.#random,
      level = wanted?.level ?? this.#level(),
      bits = BigInt(this.blockBits(level)),
      mask = (1n << bits) - 1n;
    const holds: Mapping['holds'] = random(4) ? 'data' : random(4) ? 'services' : 'zeroes';
    const pa = holds === 'data' ? PLACES.data + BigInt(random(PLACES.dataPages)) * 4096n : PLACES[holds];
    const upper = wanted ? wanted.va : random.bits64();
    const va = this.canonical((upper & ~mask) | (pa & mask)),
      path = this.#path(root, va, level);
    if (!path) return null;
    const leaf = path.at(-1)!,
      attributes = this.attributes(),
      descriptor = (pa & ~mask & OUT) | attributes | (level === 3 ? 3n : 1n);
    const contiguous = random(12) === 0 && this.half.granuleBits === 12 && level > 1 && this.#contiguous(leaf, descriptor, level);
    if (!contiguous) this.entries.set(leaf, descriptor);
    const device = this.half.device[Number((attributes >> 2n) & 7n)]!;
    const mapping: Mapping = { va, pa, level, at: leaf, device, contiguous, holds };
    this.mappings.push(mapping);
    if (random(4) === 0) this.#spoil(path, level);
    return mapping;
  }

  /** Sixteen neighbours that map one piece of memory, as the bit promises; false where there is something else. */
  #contiguous(leaf: bigint, descriptor: bigint, level: number): boolean {
    const first = leaf & ~127n,
      size = 1n << BigInt(this.blockBits(level)),
      output = descriptor & OUT & ~(16n * size - 1n);
    // The entry asked for must be the one that its own address stands at.
    if (output + ((leaf - first) >> 3n) * size !== (descriptor & OUT)) return false;
    for (let i = 0n; i < 16n; i++) if (this.entries.has(first + i * 8n)) return false;
    // Without the hardware's updates of flags the sixteen stay alike.
    for (let i = 0n; i < 16n; i++) this.entries.set(first + i * 8n, (descriptor & ~OUT) | CONTIGUOUS | AF | (output + i * size));
    return true;
  }

  /** Puts a fault into one of the descriptors of a walk. */
  #spoil(path: readonly bigint[], level: number): void {
    const random = this.#random,
      at = random(path.length),
      entry = path[at]!,
      leaf = at === path.length - 1;
    const old = this.entries.get(entry)!,
      { outputBits } = this.half;
    switch (random(5)) {
      case 0:
      case 1:
        this.entries.set(entry, old & ~(random(2) ? 1n : 3n));
        break;
      // An output address that is too large.
      case 2:
        this.entries.set(entry, old | (1n << BigInt(outputBits + random(48 - outputBits))));
        break;
      case 3:
        if (!leaf) this.entries.set(entry, (old & ~OUT) | PLACES.absent);
        else this.entries.set(entry, old & ~AF);
        break;
      default:
        if (leaf && level === 3) this.entries.set(entry, (old & ~3n) | 1n);
        else if (leaf) this.entries.set(entry, old & ~AF);
    }
  }
}
