/** A CPU with RAM and nothing else, on either engine: code, vectors and fixed tables in the upper half, the lower half for the test. */
import {
  createInterpreter,
  type CpuContext,
  cpuContext,
  evaluateFp,
  EXIT,
  forgetAll,
  guestMemory,
  memoryMap,
  regimeChanged,
  resetCpu,
  selectStack,
  setNzcv,
  setSlot,
} from '@hypnos/cpu';
import { createReference } from '@hypnos/cpu/reference';
import { A64, assemble, cpuModels, decoder } from '@hypnos/isa';
import { ownTier0 } from '@hypnos/hypervisor/build';

export const RAM = 0x4000_0000n,
  ABSENT = 0x8000_0000n,
  HIGH = 0xffff_ffff_ffe0_0000n;
const RAM_BYTES = 8 << 20,
  VECTORS = 0x1000n,
  UPPER = { root: RAM + 0x4000n, leaves: RAM + 0x5000n },
  TABLES = RAM + 0x10_0000n;
/** Memory that the test may map. */
export const PAGE: bigint = RAM + 0x40_0000n;
export type EngineName = 'reference' | 'interpreter';

/** Descriptor bits. */
export const BIT = { af: 1n << 10n, user: 1n << 6n, readOnly: 1n << 7n, device: 1n << 2n, pxn: 1n << 53n, uxn: 1n << 54n } as const;

export interface Setting {
  readonly granuleBits: 12 | 14 | 16;
  readonly inputBits: number;
  readonly tcr?: bigint;
  readonly sctlr?: bigint;
  readonly cpacr?: bigint;
}

/** PSTATE before, but the level: flags and masks that a handler must find in SPSR_EL1. */
export interface Start {
  readonly el: 0 | 1;
  readonly spsel?: 0 | 1;
  readonly x?: Readonly<Record<number, bigint>>;
  readonly sp?: bigint;
  readonly pc?: bigint;
  readonly pan?: 0 | 1;
  readonly il?: 0 | 1;
}
export interface Taken {
  readonly vector: number;
  readonly esr: bigint;
  readonly far: bigint;
  readonly elr: bigint;
  readonly spsr: bigint;
}

const made = new Map<EngineName, Bare>();

/** The one of this engine, as `begin` leaves it. */
export function bareOf(engine: EngineName, setting: Setting): Bare {
  const bare = made.get(engine) ?? new Bare(engine);
  made.set(engine, bare);
  bare.begin(setting);
  return bare;
}

export class Bare {
  readonly ctx: CpuContext;
  setting: Setting = { granuleBits: 12, inputBits: 39 };
  root = 0n;
  readonly #run: (budget: bigint) => number;
  readonly #forget: () => void;
  #next = TABLES;

  constructor(engine: EngineName) {
    const map = memoryMap(1, RAM_BYTES),
      memory = new WebAssembly.Memory({ initial: map.end / 65536, maximum: map.end / 65536, shared: true }),
      { buffer } = memory;
    setSlot(buffer, map, 0, { ipa: RAM, bytes: RAM_BYTES, linear: map.ram });
    const none = { read: () => 0n, write() {} };
    this.ctx = cpuContext({
      buffer,
      map,
      index: 0,
      memory: guestMemory(buffer, map),
      model: cpuModels.default,
      ports: { timer: none, gic: none, counter: () => 0n, entropy64: () => 0n, forgetCode() {}, maintainOthers() {} },
    });
    resetCpu(this.ctx, RAM);
    if (engine === 'reference') {
      const reference = createReference(this.ctx, decoder(A64, cpuModels.default.features), evaluateFp);
      this.#run = budget => reference.run(budget);
      this.#forget = () => {};
    } else {
      const interpreter = createInterpreter(this.ctx, { memory, map, index: 0, evaluateFp, exact: true, image: ownTier0() });
      this.#run = budget => interpreter.run(budget);
      this.#forget = () => {
        interpreter.forgetCode('all');
        interpreter.stateChanged();
      };
    }
  }

  /** Begins anew, with nothing mapped in the lower half. */
  begin(setting: Setting): void {
    this.setting = setting;
    for (let at = TABLES; at < this.#next; at += 8n) this.ctx.memory.store(at, 8, 0n);
    this.#next = TABLES;
    this.root = this.#table();
    this.#lay();
  }

  get #stride(): number {
    return this.setting.granuleBits - 3;
  }
  get firstLevel(): number {
    return 4 - Math.ceil((this.setting.inputBits - this.setting.granuleBits) / this.#stride);
  }
  bits(level: number): bigint {
    return BigInt(this.setting.granuleBits + (3 - level) * this.#stride);
  }
  #table(): bigint {
    return (this.#next += 0x1_0000n) - 0x1_0000n;
  }

  /** The entry for `va` at a level, tables made on the way. */
  entry(va: bigint, level: number): bigint {
    let table = this.root;
    for (let at = this.firstLevel; ; at++) {
      const width = at === this.firstLevel ? BigInt(this.setting.inputBits) - this.bits(at) : BigInt(this.#stride);
      const entry = table + (((va >> this.bits(at)) & ((1n << width) - 1n)) << 3n);
      if (at === level) return entry;
      table = this.ctx.memory.load(entry, 8)! & 0xffff_ffff_f000n;
      if (table === 0n) this.ctx.memory.store(entry, 8, (table = this.#table()) | 3n);
    }
  }
  /** Maps `va` at a level to the block or page of PAGE. */
  map(va: bigint, level: number, attributes: bigint): bigint {
    const entry = this.entry(va, level);
    this.ctx.memory.store(entry, 8, (PAGE & ~((1n << this.bits(level)) - 1n)) | attributes | (level === 3 ? 3n : 1n));
    return entry;
  }

  #lay(): void {
    const { memory, cells } = this.ctx,
      { granuleBits, inputBits, tcr = 0n, sctlr = 0n, cpacr = 3n << 20n } = this.setting;
    for (let at = 0n; at < 0x800n; at += 0x80n) this.#write(RAM + VECTORS + at, `hvc #${at}`);
    // T1SZ is 39: sixteen entries of level 2, the last of which holds what is above HIGH. Code is for both levels, and read-only.
    memory.store(UPPER.root + 15n * 8n, 8, UPPER.leaves | 3n);
    for (const page of [0n, VECTORS])
      memory.store(UPPER.leaves + (page >> 9n), 8, (RAM + page) | BIT.af | BIT.user | BIT.readOnly | (3n << 8n) | 3n);
    const tg0 = { 12: 0n, 14: 2n, 16: 1n }[granuleBits];
    Object.assign(cells, {
      SCTLR_EL1: 1n | (1n << 14n) | (1n << 26n) | sctlr,
      MAIR_EL1: 0x00ffn,
      TTBR0_EL1: this.root,
      TTBR1_EL1: UPPER.root,
      VBAR_EL1: HIGH + VECTORS,
      CPACR_EL1: cpacr,
      TCR_EL1: BigInt(64 - inputBits) | (tg0 << 14n) | (39n << 16n) | (2n << 30n) | (2n << 32n) | tcr,
    });
  }
  #write(at: bigint, source: string): void {
    this.ctx.memory.writeBytes(at, new Uint8Array(assemble(source, { origin: at }).words.buffer));
  }

  /** Runs a program from HIGH until it takes an exception, and answers what the handler finds. */
  take(source: string, { el, spsel = el, x = {}, sp = 0n, pc = HIGH, pan = 0, il = 0 }: Start): Taken {
    const { cpu, cells } = this.ctx;
    this.#write(RAM, source);
    selectStack(cpu, cells, el, spsel);
    Object.assign(cpu, { pan, il, daif: 5, pc });
    setNzcv(cpu, 6);
    Object.assign(cpu.x, x, { 31: sp });
    Object.assign(cells, { ESR_EL1: 0n, FAR_EL1: 0n, ELR_EL1: 0n, SPSR_EL1: 0n });
    forgetAll(this.ctx);
    regimeChanged(this.ctx);
    this.#forget();
    const reason = this.#run(16n);
    if (reason !== EXIT.hvc) throw new Error(`no exception was taken: the engine came out with ${reason} at ${cpu.pc.toString(16)}`);
    return { vector: cpu.exitDetail, esr: cells.ESR_EL1, far: cells.FAR_EL1, elr: cells.ELR_EL1, spsr: cells.SPSR_EL1 };
  }
}
