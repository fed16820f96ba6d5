/** Small programs on both engines: vectors that come out at once, so that a test sees each exception as its handler would. */
import { A64, assemble, type CpuModel, decoder } from '@hypnos/isa';
import {
  type CpuContext, cpuContext, type CpuPorts, createInterpreter, eret, evaluateFp, EXIT, guestMemory, memoryMap, type PerformancePort, regimeChanged,
  resetCpu, selectStack, setSlot, startTranslation,
} from '../src/index.ts';
import { ownTier0 } from '../src/interpreter/build.ts';
import { createReference } from '../src/reference/reference.ts';
import { AF, MAIR, MODEL, RAM, READ_ONLY, Tables, USER } from './machine.ts';

export const ENGINES = ['reference', 'interpreter'] as const;
export type EngineName = (typeof ENGINES)[number];
export const VECTORS: bigint = RAM + 0x1000n, DATA: bigint = RAM + 0x8000n, PROGRAM: bigint = RAM + 0x4000n;
/** Where single instructions of the test's stand. */
const SCRATCH = RAM + 0x6000n;
const HVC = 0xd400_0002n;
const RAM_BYTES = 1 << 20;

export interface EngineMachine {
  readonly ctx: CpuContext;
  /** Runs up to `budget` instructions and exceptions; EXIT. */
  run(budget?: bigint): number;
  /** Runs to the next exception's vector: its ESR_EL1, or the exit there was instead, negative. */
  toException(budget?: bigint): bigint;
  /** Goes back as the handler's ERET would. */
  back(): void;
  /** EL0 at the program's start. */
  toEl0(): void;
  /** Writes a register as MSR at EL1 would. */
  msr(name: string, value: bigint): void;
  mrs(name: string): bigint;
  /** After the test wrote state past the engine. */
  changed(): void;
  /** Everything as new, with another program. */
  restart(source: string): void;
  /** The address of a label of the program. */
  at(label: string): bigint;
}

export interface EngineWishes {
  readonly exact?: boolean; readonly model?: CpuModel; readonly performance?: PerformancePort;
  /** The MMU is on, RAM is where it is, the program and DATA are EL0's, the page behind the program is nobody's. */
  readonly mapped?: boolean;
}

/** The program and DATA for EL0, the vectors and SCRATCH for EL1, each page where it is. */
function mapRam(ctx: CpuContext): void {
  const low = new Tables(ctx.memory, RAM + 0x2_0000n, 48, 12), page = (at: bigint, flags: bigint) => low.map(at, at | AF | flags);
  page(VECTORS, 0n);
  page(PROGRAM, USER | READ_ONLY);
  page(SCRATCH, 0n);
  for (let at = 0n; at < 0x4000n; at += 0x1000n) page(DATA + at, USER);
  Object.assign(ctx.cells, { SCTLR_EL1: 1n, MAIR_EL1: MAIR, TTBR0_EL1: low.root, TCR_EL1: 16n | (2n << 32n) });
}

/** A machine at EL1 with the MMU off and `source` at PROGRAM, where pc stands; words of data at DATA are zero. */
export function engineMachine(name: EngineName, source: string, { exact = true, model = MODEL, performance, mapped = false }: EngineWishes = {}): EngineMachine {
  const map = memoryMap(1, RAM_BYTES), pages = map.end / 65536;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }), { buffer } = memory;
  setSlot(buffer, map, 0, { ipa: RAM, bytes: RAM_BYTES, linear: map.ram });
  const none = { read: () => 0n, write() {} };
  const ports: CpuPorts = {
    timer: none, gic: none, counter: () => 0n, entropy64: () => 0n, forgetCode: linear => interpreter?.forgetCode(linear), maintainOthers() {}, ...(performance && { performance }),
  };
  const ctx = cpuContext({ buffer, map, index: 0, memory: guestMemory(buffer, map), model, ports }), { cpu, cells } = ctx;
  const interpreter = name === 'interpreter' ? createInterpreter(ctx, { memory, map, index: 0, evaluateFp, exact, image: ownTier0() }) : null;
  const reference = createReference(ctx, decoder(A64, model.features), evaluateFp);
  const engine = interpreter ?? reference;
  const changed = (): void => {
    regimeChanged(ctx);
    interpreter?.stateChanged();
  };
  let labels: ReadonlyMap<string, bigint> = new Map();
  const restart = (text: string): void => {
    resetCpu(ctx, PROGRAM);
    ctx.memory.writeBytes(RAM, new Uint8Array(RAM_BYTES));
    const { words, symbols } = assemble(text, { origin: PROGRAM });
    labels = symbols;
    ctx.memory.writeBytes(PROGRAM, new Uint8Array(words.buffer));
    for (let at = 0n; at < 0x800n; at += 0x80n) ctx.memory.store(VECTORS + at, 4, HVC);
    Object.assign(cells, { VBAR_EL1: VECTORS, CPACR_EL1: 3n << 20n });
    if (mapped) mapRam(ctx);
    interpreter?.forgetCode('all');
    startTranslation(ctx);
    changed();
  };
  restart(source);
  /** One instruction elsewhere, at EL1, with everything else as it was. */
  const aside = (text: string): void => {
    const { pc, el, spsel, daif, ss, stepped } = cpu;
    ctx.memory.store(SCRATCH, 4, BigInt(assemble(text).words[0]!));
    interpreter?.forgetCode('all');
    selectStack(cpu, cells, 1, 1);
    Object.assign(cpu, { pc: SCRATCH, daif: 15, ss: 0 });
    changed();
    engine.run(1n);
    selectStack(cpu, cells, el, spsel);
    Object.assign(cpu, { pc, daif, ss, stepped });
    changed();
  };
  return {
    ctx, changed, restart,
    run: (budget = 1000n) => engine.run(budget),
    toException(budget = 1000n) {
      const exit = engine.run(budget);
      return exit === EXIT.hvc ? cells.ESR_EL1 : BigInt(-exit);
    },
    back() {
      eret(ctx);
      changed();
    },
    toEl0() {
      selectStack(cpu, cells, 0, 0);
      Object.assign(cpu, { daif: 0, pc: PROGRAM });
      changed();
    },
    msr(register, value) {
      const kept = cpu.x[9]!;
      cpu.x[9] = value;
      aside(`msr ${register}, x9`);
      cpu.x[9] = kept;
    },
    mrs(register) {
      const kept = cpu.x[9]!;
      aside(`mrs x9, ${register}`);
      const value = cpu.x[9]!;
      cpu.x[9] = kept;
      return value;
    },
    at(label) {
      const address = labels.get(label);
      if (address === undefined) throw new Error(`the program has no label ${label}`);
      return address;
    },
  };
}
