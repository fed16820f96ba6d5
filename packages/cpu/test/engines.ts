/**
 * A bare CPU for tests of engines: memory mapped as the guests of `MAPPINGS` have it, programs in assembly, and engines over it.
 * `hvc #0` ends a program; each vector answers with an `hvc` of its own, 0x100 and its offset.
 */
import { A64, assemble, type CpuModel, decoder } from '@hypnos/isa';
import {
  CPU_AREA, type CpuContext, cpuContext, type CpuPorts, cpuShape, createInterpreter, EXIT, evaluateFp, FETCH_ENTRIES, type GuestMemoryPorts,
  guestMemory, type Interpreter, type InterpreterParts, type MemoryMap, memoryMap, resetCpu, setSlot, startTranslation, type Tier0Image, TLB_ENTRIES,
} from '../src/index.ts';
import { ownTier0 } from '../src/interpreter/build.ts';
import { createReference } from '../src/reference/reference.ts';
import { AF, MAIR, MODEL, RAM, Tables, USER } from './machine.ts';

export const RAM_BYTES = 16 << 20;
export const VECTORS: bigint = RAM + 0x20_0000n;
const TABLES = RAM + 0xc0_0000n;
/** Pages of RAM for EL1, mapped one to one; for both levels; a block of 2 MiB; pages outside RAM, the first of them behind one in RAM. */
export const CODE: bigint = RAM, DATA: bigint = RAM + 0x40_0000n, BLOCK: bigint = RAM + 0x60_0000n;
export const EDGE = 0x1_0000_0000n, DEVICE: bigint = 0x0900_0000n;
/** Attribute 1: Device. */
const DEVICE_ATTRIBUTE = 1n << 2n;

export interface Rig {
  readonly map: MemoryMap;
  readonly memory: WebAssembly.Memory;
  readonly ctx: CpuContext;
  readonly tables: Tables;
  readonly ram: Uint8Array;
  readonly flags: Uint8Array;
  /** Calls of the module's imports, by name, since the last engine was made. */
  readonly calls: Record<string, number>;
  /** Writes a program; answers its symbols. */
  program(source: string, at?: bigint): ReadonlyMap<string, bigint>;
  interpreter(how?: Partial<InterpreterParts>): Interpreter;
  reference(): Pick<Interpreter, 'run'>;
  linear(ipa: bigint): number;
  /** Puts the CPU back to where it began, with nothing cached; RAM keeps what it holds. */
  restart(): void;
}

export interface RigParts {
  readonly model?: CpuModel;
  readonly ports?: Partial<CpuPorts>;
  readonly guestMemoryPorts?: (rig: () => Rig) => GuestMemoryPorts;
  readonly recordsBytes?: number;
}

export const image = ownTier0;

export function rig({ model = MODEL, ports = {}, guestMemoryPorts, recordsBytes }: RigParts = {}): Rig {
  const whole = memoryMap(1, RAM_BYTES), map = recordsBytes === undefined ? whole : { ...whole, recordsBytes };
  const memory = new WebAssembly.Memory({ initial: map.end / 65536, maximum: map.end / 65536, shared: true }), { buffer } = memory;
  setSlot(buffer, map, 0, { ipa: RAM, bytes: RAM_BYTES, linear: map.ram });
  let engine: Interpreter | undefined;
  const none = { read: () => 0n, write() {} };
  const ctx = cpuContext({
    buffer, map, index: 0, memory: guestMemory(buffer, map, guestMemoryPorts?.(() => self)), model,
    ports: { timer: none, gic: none, counter: () => 0n, entropy64: () => 0n, forgetCode: linear => engine?.forgetCode(linear), maintainOthers() {}, ...ports },
  });
  resetCpu(ctx, CODE);
  const tables = mapped(ctx);
  const calls: Record<string, number> = {}, begun = cpuShape.save(ctx.cpu);
  const self: Rig = {
    map, memory, ctx, tables, calls,
    ram: new Uint8Array(buffer as ArrayBuffer, map.ram, RAM_BYTES), flags: new Uint8Array(buffer as ArrayBuffer, map.pageFlags, 1 << 20),
    restart() {
      cpuShape.load(ctx.cpu, begun);
      startTranslation(ctx);
      engine?.stateChanged();
      engine?.forgetCode('all');
    },
    linear: ipa => map.ram + Number(ipa - RAM),
    program(source, at = CODE) {
      const { words, symbols } = assemble(source, { origin: at });
      ctx.memory.writeBytes(at, new Uint8Array(words.buffer));
      return symbols;
    },
    interpreter: how => (engine = counting(calls, () => createInterpreter(ctx, { memory, map, index: 0, evaluateFp, image: image(), ...how }))),
    reference: () => createReference(ctx, decoder(A64, model.features), evaluateFp),
  };
  for (let at = 0; at < 0x800; at += 0x80) self.program(`hvc #${0x100 + at}`, VECTORS + BigInt(at));
  return self;
}

function mapped(ctx: CpuContext): Tables {
  const tables = new Tables(ctx.memory, TABLES, 48, 12);
  for (let at = 0n; at < 0x21_0000n; at += 4096n) tables.map(CODE + at, (CODE + at) | AF);
  for (let at = 0n; at < 0x10_0000n; at += 4096n) tables.map(DATA + at, (DATA + at) | AF | USER);
  tables.map(BLOCK, BLOCK | AF | USER, 2);
  tables.map(EDGE, (RAM + BigInt(RAM_BYTES) - 4096n) | AF);
  for (let at = 0n; at < 0x4000n; at += 4096n) {
    tables.map(EDGE + 4096n + at, (DEVICE + at) | AF);
    tables.map(DEVICE + at, (DEVICE + at) | AF | DEVICE_ATTRIBUTE);
  }
  Object.assign(ctx.cells, {
    SCTLR_EL1: 1n, MAIR_EL1: MAIR, TTBR0_EL1: tables.root, TTBR1_EL1: tables.root, TCR_EL1: 16n | (16n << 16n) | (2n << 30n) | (2n << 32n), VBAR_EL1: VECTORS,
    CPACR_EL1: 3n << 20n,
  });
  startTranslation(ctx);
  return tables;
}

/** Counts calls of imports, by standing between the engine and the module it instantiates. */
function counting(calls: Record<string, number>, make: () => Interpreter): Interpreter {
  const { Instance } = WebAssembly;
  for (const name in calls) delete calls[name];
  const wrap = (name: string, f: unknown) => (typeof f !== 'function' ? f : (...args: readonly unknown[]) => {
    calls[name] = (calls[name] ?? 0) + 1;
    return (f as (...args: readonly unknown[]) => unknown)(...args);
  });
  class Counted extends Instance {
    constructor(module: WebAssembly.Module, imports: Record<string, Record<string, unknown>>) {
      super(module, { env: Object.fromEntries(Object.entries(imports['env']!).map(([name, f]) => [name, wrap(name, f)])) });
    }
  }
  Object.assign(WebAssembly, { Instance: Counted });
  try {
    return make();
  } finally {
    Object.assign(WebAssembly, { Instance });
  }
}

export const TLB_BYTES = { read: CPU_AREA.readTlb, write: CPU_AREA.writeTlb, entries: TLB_ENTRIES, fetchEntries: FETCH_ENTRIES };

/** Runs to the program's end; answers the immediate of the `hvc` that ended it. */
export function finish({ ctx: { cpu } }: Rig, engine: Pick<Interpreter, 'run'>, budget = 10_000_000n): number {
  const reason = engine.run(budget);
  if (reason !== EXIT.hvc) throw new Error(`the program came out with ${reason} at ${cpu.pc.toString(16)} instead of an hvc`);
  return cpu.exitDetail;
}

/**
 * The same engine with the functions of handlers that stand in line taken out of the table: what still runs, runs in line.
 * The table's one element segment is written anew with the function of undefined instructions for them.
 */
export function withoutFunctions(whole: Tier0Image): Tier0Image {
  const { pageEnd, inlineCount, undefinedNumber } = whole.tables, first = pageEnd - inlineCount;
  const out: number[] = [...whole.bytes.subarray(0, 8)];
  for (let at = 8; at < whole.bytes.length;) {
    const id = whole.bytes[at]!, [length, start] = leb(whole.bytes, at + 1), content = whole.bytes.subarray(start, start + length);
    at = start + length;
    const kept = id === 9 ? crippled(content, first, pageEnd, undefinedNumber) : content;
    out.push(id, ...unsigned(kept.length));
    for (const byte of kept) out.push(byte);
  }
  return { ...whole, bytes: Uint8Array.from(out) };
}
function crippled(content: Uint8Array, first: number, end: number, replacement: number): Uint8Array {
  const [segments, at] = leb(content, 0);
  // Flags 0, then i32.const 0 and end.
  if (segments !== 1 || content[at] !== 0 || content[at + 1] !== 0x41 || content[at + 2] !== 0 || content[at + 3] !== 0x0b) throw new Error('the table is filled otherwise now');
  const functions: number[] = [];
  let [count, next] = leb(content, at + 4);
  for (; count > 0; count--) {
    const [index, after] = leb(content, next);
    functions.push(index);
    next = after;
  }
  const changed = functions.map((f, number) => (number >= first && number < end ? functions[replacement]! : f));
  return Uint8Array.from([...content.subarray(0, at + 4), ...unsigned(changed.length), ...changed.flatMap(unsigned)]);
}
function leb(bytes: Uint8Array, from: number): [value: number, next: number] {
  let value = 0, at = from;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]!;
    value += (byte & 127) * 2 ** shift;
    if (!(byte & 128)) return [value, at];
  }
}
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}
