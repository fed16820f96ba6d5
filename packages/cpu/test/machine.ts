/** A bare CPU for tests: RAM at 0x40000000, tables built by hand, ports that remember what was asked of them. */
import { type CpuModel, FEATURES } from '@hypnos/isa';
import {
  type CpuContext, cpuContext, type CpuPorts, type GuestMemory, guestMemory, type MemoryMap, memoryMap, type RegisterPort, resetCpu, setSlot,
} from '../src/index.ts';

export const RAM = 0x4000_0000n, RAM_BYTES = 16 << 20;

export const MODEL: CpuModel = {
  doc: 'Everything, for tests.', features: new Set(FEATURES),
  // 40-bit physical addresses; hardware access flags and dirty state.
  idRegisters: { ID_AA64MMFR0_EL1: 2n, ID_AA64MMFR1_EL1: 2n },
  caches: {},
};

export interface TestMachine {
  readonly buffer: SharedArrayBuffer;
  readonly map: MemoryMap;
  readonly memory: GuestMemory;
  readonly ctx: CpuContext;
  /** What the ports were asked, in order. */
  readonly log: string[];
}

export function testMachine(model: CpuModel = MODEL): TestMachine {
  const map = memoryMap(1, RAM_BYTES), buffer = new SharedArrayBuffer(map.end), log: string[] = [];
  setSlot(buffer, map, 0, { ipa: RAM, bytes: RAM_BYTES, linear: map.ram });
  const memory = guestMemory(buffer, map);
  const port = (name: string): RegisterPort => ({
    read(register) { log.push(`${name} read ${register}`); return 0x1234n; },
    write(register, value) { log.push(`${name} write ${register} ${value.toString(16)}`); },
  });
  const ports: CpuPorts = {
    timer: port('timer'), gic: port('gic'), counter: () => 1000n, entropy64: () => 77n,
    forgetCode(linear) { log.push(`code ${linear}`); },
    maintainOthers(name) { log.push(`others ${name}`); },
  };
  const ctx = cpuContext({ buffer, map, index: 0, memory, model, ports });
  resetCpu(ctx, RAM);
  return { buffer, map, memory, ctx, log };
}

/** Builds translation tables for one half, page by page, in tables taken from `next`. */
export class Tables {
  readonly root: bigint;
  readonly #memory: GuestMemory;
  readonly #granuleBits: number;
  readonly #inputBits: number;
  #next: bigint;
  constructor(memory: GuestMemory, at: bigint, inputBits: number, granuleBits: number) {
    this.#memory = memory;
    this.#granuleBits = granuleBits;
    this.#inputBits = inputBits;
    this.root = at;
    this.#next = at + (1n << BigInt(granuleBits));
  }
  get firstLevel(): number { return 4 - Math.ceil((this.#inputBits - this.#granuleBits) / (this.#granuleBits - 3)); }
  /** The address of the entry for `va` at a level, with tables made down to it; `table` is or-ed into their descriptors. */
  entry(va: bigint, level: number, table = 0n): bigint {
    const stride = this.#granuleBits - 3;
    let base = this.root;
    for (let at = this.firstLevel;; at++) {
      const low = BigInt(this.#granuleBits + (3 - at) * stride);
      const width = at === this.firstLevel ? BigInt(this.#inputBits) - low : BigInt(stride);
      const entry = base + (((va >> low) & ((1n << width) - 1n)) << 3n);
      if (at === level) return entry;
      const found = this.#memory.load(entry, 8)!;
      if ((found & 3n) === 3n) base = found & 0xffff_ffff_f000n & ~((1n << BigInt(this.#granuleBits)) - 1n);
      else {
        base = this.#next;
        this.#next += 1n << BigInt(this.#granuleBits);
        this.#memory.store(entry, 8, base | 3n | table);
      }
    }
  }
  map(va: bigint, descriptor: bigint, level = 3, table = 0n): void {
    this.#memory.store(this.entry(va, level, table), 8, descriptor | (level === 3 ? 3n : 1n));
  }
}

/** Descriptor bits. */
export const AF = 1n << 10n, USER = 1n << 6n, READ_ONLY = 1n << 7n, NOT_GLOBAL = 1n << 11n, DBM = 1n << 51n, PXN = 1n << 53n, UXN = 1n << 54n;
/** MAIR_EL1 with attribute 0 Normal write-back and 1 Device-nGnRE. */
export const MAIR = 0x04ffn;
