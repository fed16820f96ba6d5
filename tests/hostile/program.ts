/** Builds the programs of hostile guests: instructions with a table of data that they take their registers from, vectors, and an end. */
import { A64, assemble, encode, encodingOf, type Row, SYSTEM_REGISTERS } from '@hypnos/isa';
import { ENTRY, RAM_BYTES } from './control.ts';
import type { Random } from './random.ts';

export const VECTORS: bigint = ENTRY + 0x2000n;
const DATA = ENTRY + 0x3000n;
/** Instructions between two places where a guest that lost its way goes on. */
const BLOCK_BYTES = 128;
/** Room for a guest's own structures: tables, rings, buffers. */
export const ARENA: bigint = ENTRY + 0x2_0000n;
export const RAM = 0x4000_0000n,
  RAM_END: bigint = RAM + BigInt(RAM_BYTES);

const words = (source: string, origin = 0n): readonly number[] => [...assemble(source, { origin }).words];

/**
 * Handlers that go behind the instruction that was refused. Where the instruction cannot be fetched they go on at the next block, whose
 * address lies behind them.
 */
const HANDLER = `
  msr tpidr_el1, x0
  mrs x0, esr_el1
  lsr x0, x0, #27
  sub x0, x0, #16
  cbz x0, restart
  sub x0, x0, #1
  cbz x0, restart
  mrs x0, elr_el1
  add x0, x0, #4
  msr elr_el1, x0
  mrs x0, tpidr_el1
  eret`;
const RESTART = `
restart:
  msr contextidr_el1, x1
  adr x0, next
  ldr x1, [x0]
  add x1, x1, #${BLOCK_BYTES}
  str x1, [x0]
  msr elr_el1, x1
  mov x1, #0x3c5
  msr spsr_el1, x1
  mrs x1, contextidr_el1
  mrs x0, tpidr_el1
  eret
  .balign 8
next:
  .quad ${ENTRY}`;
const VECTOR_WORDS = words(Array.from({ length: 16 }, () => `${HANDLER}\n.balign 128`).join('\n') + RESTART, VECTORS);

const PROLOGUE = words(`
  mov x20, #${DATA}
  mov x0, #${VECTORS}
  msr vbar_el1, x0
  mov x0, #0x300000
  msr cpacr_el1, x0
  mov x0, #${ENTRY}
  mov sp, x0`);
const NO_VECTORS = words(`mov x20, #${DATA}`);

const TAKE = {
  one: words('ldr x1, [x20], #8'),
  two: words('ldp x0, x1, [x20], #16'),
  four: words('ldp x0, x1, [x20], #16\nldp x2, x3, [x20], #16'),
} as const;
const ALL = words(
  `${[0, 2, 4, 6, 8, 10, 12, 14, 16, 18].map(n => `ldp x${n}, x${n + 1}, [x20], #16`).join('\n')}\n${[22, 24, 26, 28].map(n => `ldp x${n}, x${n + 1}, [x20], #16`).join('\n')}\nldr x30, [x20], #8`,
);
const ALL_COUNT = 29;
const HVC = words('hvc #0')[0]!,
  SMC = words('smc #0')[0]!,
  WFI = words('wfi')[0]!;
export const TEXT = {
  hvc: HVC,
  smc: SMC,
  wfi: WFI,
  self: 0x1400_0000,
  eret: words('eret')[0]!,
  unmask: words('msr daifclr, #15')[0]!,
  isb: words('isb')[0]!,
  nop: 0xd503_201f,
} as const;
export const asm = words;

const msrX1 = words('msr vbar_el1, x1')[0]! & ~0xf_ffe0,
  mrsX1 = words('mrs x1, vbar_el1')[0]! & ~0xf_ffe0;
/** MSR and MRS of any encoding from op0 2 up, with x1; SYS with op0 1. */
export const msr = (encoding: number): number => (msrX1 | ((encoding & 0x7fff) << 5)) >>> 0;
export const mrs = (encoding: number): number => (mrsX1 | ((encoding & 0x7fff) << 5)) >>> 0;
export const sys = (encoding: number): number => (0xd508_0001 | ((encoding & 0x3fff) << 5)) >>> 0;
const numbers = new Map(SYSTEM_REGISTERS.map(row => [row.name, encodingOf(row.at)]));
export const registerNumber = (name: string): number => numbers.get(name)!;
export const REGISTER_NUMBERS: readonly number[] = SYSTEM_REGISTERS.map(row => encodingOf(row.at));

/** An instruction of a row, its fields at random but for those given. */
export function instruction(r: Random, row: Row, fixed: Readonly<Record<string, number>> = {}): number {
  const fields: Record<string, number> = {};
  for (const { name, width } of row.pattern.fields) fields[name] = fixed[name] ?? r.word() & (2 ** width - 1);
  return encode(row, fields);
}

const ACCESS_ROWS = A64.filter(row => row.pattern.fields.some(f => f.name === 'Rn') && /^(LD|ST|CAS|SWP|PRF)/.test(row.name));
const PLAIN_ROWS = ACCESS_ROWS.filter(row => /unsigned offset/.test(row.name));
const ZVA = words('dc zva, x0')[0]!;
/** An access at x0, mostly a plain one of x1 without an offset. */
export function access(r: Random): number {
  if (r.chance(24)) return ZVA;
  const row = r.chance(3) ? r.pick(PLAIN_ROWS) : r.pick(ACCESS_ROWS),
    none = r.chance(4) ? {} : { imm12: 0, imm9: 0, imm7: 0 };
  return instruction(r, row, { Rn: 0, Rt: 1, Rt2: 2, Rm: 3, ...none });
}
/** Stores and loads of 1, 2, 4 and 8 bytes: `x1` at `x0`. */
export const STORE: Readonly<Record<number, number>> = {
  1: words('strb w1, [x0]')[0]!,
  2: words('strh w1, [x0]')[0]!,
  4: words('str w1, [x0]')[0]!,
  8: words('str x1, [x0]')[0]!,
};
export const LOAD: Readonly<Record<number, number>> = {
  1: words('ldrb w1, [x0]')[0]!,
  2: words('ldrh w1, [x0]')[0]!,
  4: words('ldr w1, [x0]')[0]!,
  8: words('ldr x1, [x0]')[0]!,
};

export class Program {
  readonly #r: Random;
  readonly #code: number[];
  readonly #data: bigint[] = [];
  readonly #others: { address: bigint; bytes: Uint8Array }[] = [];
  readonly #vectors: boolean;

  /** With `vectors`, a refused instruction is skipped; without, VBAR_EL1 points nowhere. */
  constructor(r: Random, vectors = true) {
    this.#r = r;
    this.#vectors = vectors;
    this.#code = [...(vectors ? PROLOGUE : NO_VECTORS)];
  }

  get length(): number {
    return this.#code.length;
  }
  /** Whether there is room for `count` more instructions. */
  room(count: number): boolean {
    return this.#code.length + count < 0x7c0;
  }

  emit(...code: readonly number[]): this {
    this.#code.push(...code);
    return this;
  }
  /** A value for the table alone: the program finds it by itself. */
  data(value: bigint): void {
    this.#data.push(BigInt.asUintN(64, value));
  }
  /** x0..x30 but x20 and x21 from values. */
  registers(value: () => bigint): this {
    for (let i = 0; i < ALL_COUNT; i++) this.#data.push(BigInt.asUintN(64, value()));
    return this.emit(...ALL);
  }
  /** x1 = value, then an instruction. */
  with1(value: bigint, ...code: readonly number[]): this {
    this.#data.push(BigInt.asUintN(64, value));
    return this.emit(...TAKE.one, ...code);
  }
  /** x0 and x1, then an instruction. */
  with2(x0: bigint, x1: bigint, ...code: readonly number[]): this {
    this.#data.push(BigInt.asUintN(64, x0), BigInt.asUintN(64, x1));
    return this.emit(...TAKE.two, ...code);
  }
  with4(values: readonly bigint[], ...code: readonly number[]): this {
    for (let i = 0; i < 4; i++) this.#data.push(BigInt.asUintN(64, values[i] ?? 0n));
    return this.emit(...TAKE.four, ...code);
  }
  /** Stores a value at a device's register. */
  store(address: bigint, value: bigint, bytes = 4): this {
    return this.with2(address, value, STORE[bytes]!);
  }
  load(address: bigint, bytes = 4): this {
    return this.with2(address, 0n, LOAD[bytes]!);
  }
  set(register: string, value: bigint): this {
    return this.with1(value, msr(registerNumber(register)));
  }
  /** Bytes anywhere in RAM. What lies outside is left out. */
  put(address: bigint, bytes: Uint8Array): this {
    if (address >= RAM && address + BigInt(bytes.length) <= RAM_END && bytes.length > 0) this.#others.push({ address, bytes });
    return this;
  }

  /** How it ends, unless something ended it before: a loop, a wait, a call, or what lies behind. */
  segments(): readonly { address: bigint; bytes: Uint8Array }[] {
    this.#end();
    const out = [{ address: ENTRY, bytes: bytesOf(this.#code) }];
    if (this.#data.length > 0) out.push({ address: DATA, bytes: new Uint8Array(BigUint64Array.from(this.#data).buffer) });
    if (this.#vectors) out.push({ address: VECTORS, bytes: bytesOf(VECTOR_WORDS) });
    return [...out, ...this.#others];
  }

  #end(): void {
    const off = (id: bigint): void => {
      this.with4([id], HVC);
    };
    switch (this.#r.below(8)) {
      case 0:
      case 1:
        this.emit(TEXT.self);
        break;
      case 2:
        this.emit(WFI, 0x17ff_ffff);
        break;
      case 3:
        off(0x8400_0008n);
        break;
      case 4:
        off(0x8400_0009n);
        break;
      case 5:
        off(0x8400_0002n);
        break;
      case 6:
        break;
      default:
        for (let i = 0; i < 16; i++) this.emit(this.#r.word());
    }
  }
}

export const bytesOf = (code: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(code).buffer);
