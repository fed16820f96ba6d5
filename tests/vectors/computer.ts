/** A bare CPU at EL1 with some memory mapped to itself, on which programs run to their `hvc`; by the interpreter or the reference engine. */
import {
  type CpuContext, cpuContext, createInterpreter, EXIT, evaluateFp, guestMemory, type MemoryMap, memoryMap, resetCpu, setSlot,
  startTranslation,
} from '@hypnos/cpu';
import { ownTier0 } from '@hypnos/cpu/build';
import { createReference } from '@hypnos/cpu/reference';
import { A64, type CpuModel, decoder, FEATURES, identificationOf } from '@hypnos/isa';

const RAM_BYTES = 16 << 20;
export const RAM = 0x4000_0000n;
const CODE = RAM, TABLE = RAM + 0x1_0000n;
/** Where data may stand, to the end of memory. */
export const DATA: bigint = RAM + 0x2_0000n;

const ALL = new Set(FEATURES);
const EVERYTHING: CpuModel = { doc: 'Every feature the rows know.', features: ALL, idRegisters: identificationOf(ALL, 2), caches: {} };

/** The interpreter's handlers in line, its handlers' functions, and the reference engine. */
export type EngineName = 'interpreter' | 'functions' | 'reference';

export interface Computer {
  readonly name: EngineName;
  /** The program at the address of its first word; it is read again before each run. */
  readonly code: Uint32Array;
  /** Memory from an address on. */
  bytes(address: bigint, length: number): Uint8Array;
  /** Runs the program with x0, x1, … as given, to its `hvc`. */
  run(...arguments_: readonly bigint[]): void;
  /** How often the exact floating-point unit was asked, in all. */
  asked(): number;
}

function machine(buffer: ArrayBufferLike, map: MemoryMap): CpuContext {
  setSlot(buffer, map, 0, { ipa: RAM, bytes: RAM_BYTES, linear: map.ram });
  const none = { read: () => 0n, write() {} };
  const ports = { timer: none, gic: none, counter: () => 0n, entropy64: () => 0n, forgetCode() {}, maintainOthers() {} };
  const ctx = cpuContext({ buffer, map, index: 0, memory: guestMemory(buffer, map), model: EVERYTHING, ports });
  resetCpu(ctx);
  // A level 1 block of 1 GiB: access flag, inner shareable, attribute 0, which is Normal memory (DDI 0487 D8.3).
  ctx.memory.store(TABLE + 8n, 8, RAM | 0x701n);
  const TCR_EL1 = 25n | (25n << 16n) | (2n << 30n) | (2n << 32n);
  Object.assign(ctx.cells, { SCTLR_EL1: 1n, CPACR_EL1: 3n << 20n, MAIR_EL1: 0xffn, TTBR0_EL1: TABLE, TCR_EL1 });
  startTranslation(ctx);
  return ctx;
}

interface Engine { run(budget: bigint): number; stateChanged(): void; forgetCode(which: 'all'): void }

/** A budget that handlers in line may overshoot, and one so small that an engine that must not is led through their functions. */
const BUDGET = { interpreter: 1_000_000n, functions: 500n, reference: 1_000_000n } as const;

export function computer(name: EngineName): Computer {
  const map = memoryMap(1, RAM_BYTES), pages = map.end / 65536;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }), { buffer } = memory;
  const ctx = machine(buffer, map), linear = (address: bigint) => map.ram + Number(address - RAM);
  let asked = 0;
  const exactUnit: typeof evaluateFp = (...args) => {
    asked++;
    return evaluateFp(...args);
  };
  const engine: Engine = name === 'reference'
    ? { ...createReference(ctx, decoder(A64, EVERYTHING.features), exactUnit), stateChanged() {}, forgetCode() {} }
    : createInterpreter(ctx, { memory, map, index: 0, evaluateFp: exactUnit, exact: name === 'functions', image: ownTier0() });
  return {
    name,
    code: new Uint32Array(buffer as ArrayBuffer, linear(CODE), Number(TABLE - CODE) / 4),
    bytes: (address, length) => new Uint8Array(buffer as ArrayBuffer, linear(address), length),
    run(...values) {
      values.forEach((value, i) => { ctx.cpu.x[i] = value; });
      ctx.cpu.pc = CODE;
      engine.forgetCode('all');
      engine.stateChanged();
      let reason: number = EXIT.budget;
      while (reason === EXIT.budget) reason = engine.run(BUDGET[name]);
      if (reason === EXIT.hvc) return;
      throw new Error(`${name} came out with ${reason} at ${ctx.cpu.pc.toString(16)}, ESR_EL1 ${ctx.cells.ESR_EL1.toString(16)}`);
    },
    asked: () => asked,
  };
}
