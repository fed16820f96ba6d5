/** Drivers for our own engines: a bare CPU at EL0 with the code page and the data mapped where the harness has them. */
import {
  branchAddress,
  type CpuContext,
  cpuContext,
  type CpuPorts,
  createReference,
  EXIT,
  guestMemory,
  memoryMap,
  nzcv,
  regimeChanged,
  resetCpu,
  setNzcv,
  setSlot,
  startTranslation,
} from '@hypnos/cpu';
import { A64, type CpuModel, decoder, FEATURES, identificationOf } from '@hypnos/isa';
import { CODE, CODE_PAGE, type Case, DATA, DATA_BYTES, type Driver, type End, freshRegisters, type Outcome, pattern } from './records.ts';

export const FUZZ_RAM_BYTES: number = 4 << 20;
const RAM = 0x4000_0000n;
const CODE_AT = RAM + 0x1_0000n,
  DATA_AT = RAM + 0x2_0000n,
  VECTORS_AT = RAM + 0x1_1000n,
  TABLES_AT = RAM + 0x10_0000n;
const HVC = 0xd400_0002n,
  BRK = 0xd420_0000n,
  NEVER_AT_EL1 = 1n << 53n;
/** Access flag, inner shareable, page; reachable from EL0. */
const PAGE = 0x703n | (1n << 6n),
  READ_ONLY = 1n << 7n;

/** The exceptions of EL0 by ESR_EL1's class. */
const ENDS: Readonly<Record<number, End>> = { 0x00: 'undefined', 0x18: 'undefined', 0x24: 'abort', 0x3c: 'breakpoint', 0x15: 'call' };
const ALIGNMENT = 0x21n,
  DATA_ABORT = 0x24,
  BREAKPOINT = 0x3c;

export const FUZZ_MODEL: CpuModel = {
  doc: 'Every feature the rows know.',
  features: new Set(FEATURES),
  idRegisters: identificationOf(new Set(FEATURES), 2),
  caches: {},
};

export interface Machine {
  readonly ctx: CpuContext;
  readonly buffer: ArrayBufferLike;
  readonly map: ReturnType<typeof memoryMap>;
}

export interface Runner {
  /** Retires one instruction, from EL0 or in the handler of what it raised. */
  step(): void;
}

/** A machine in `buffer` with everything but the registers in place. */
export function fuzzMachine(
  buffer: ArrayBufferLike,
  map: ReturnType<typeof memoryMap>,
  forgetCode: CpuPorts['forgetCode'] = () => {},
): Machine {
  setSlot(buffer, map, 0, { ipa: RAM, bytes: FUZZ_RAM_BYTES, linear: map.ram });
  const memory = guestMemory(buffer, map),
    none = { read: () => 0n, write() {} };
  const ports: CpuPorts = { timer: none, gic: none, counter: () => 0n, entropy64: () => 0n, forgetCode, maintainOthers() {} };
  const ctx = cpuContext({ buffer, map, index: 0, memory, model: FUZZ_MODEL, ports });
  resetCpu(ctx);
  let next = TABLES_AT;
  const table = () => {
    next += 0x1000n;
    return next;
  };
  const root = table();
  const mapPage = (va: bigint, descriptor: bigint) => {
    let base = root;
    for (const low of [39n, 30n, 21n]) {
      const entry = base + ((va >> low) & 511n) * 8n;
      if (memory.load(entry, 8) === 0n) memory.store(entry, 8, table() | 3n);
      base = memory.load(entry, 8)! & ~3n;
    }
    memory.store(base + ((va >> 12n) & 511n) * 8n, 8, descriptor);
  };
  mapPage(CODE_PAGE, CODE_AT | PAGE | READ_ONLY | NEVER_AT_EL1);
  for (let at = 0n; at < BigInt(DATA_BYTES); at += 4096n) mapPage(DATA + at, (DATA_AT + at) | PAGE | NEVER_AT_EL1 | (1n << 54n));
  // The handlers stand at address zero, for EL1 only, and leave at once.
  mapPage(0n, VECTORS_AT | (PAGE & ~(1n << 6n)) | READ_ONLY);
  for (let at = 0n; at < 0x800n; at += 0x80n) memory.store(VECTORS_AT + at, 4, HVC);
  for (let at = 0n; at < 4096n; at += 4n) memory.store(CODE_AT + at, 4, BRK);
  memory.writeBytes(DATA_AT, new Uint8Array(pattern.buffer));
  Object.assign(ctx.cells, {
    // Everything EL0 may be allowed (UMA, DZE, UCT, UCI), FP on, 48-bit addresses of 4 KiB granule, EL0's tags ignored as Linux has it, attribute 0 Normal.
    SCTLR_EL1: 1n | (1n << 9n) | (1n << 14n) | (1n << 15n) | (1n << 26n),
    CPACR_EL1: 3n << 20n,
    MAIR_EL1: 0xffn,
    TTBR0_EL1: root,
    TCR_EL1: 16n | (16n << 16n) | (2n << 30n) | (2n << 32n) | (1n << 37n),
    VBAR_EL1: 0n,
  });
  startTranslation(ctx);
  return { ctx, buffer, map };
}

/** Runs cases on a machine with `runner`, which is told when the word or the registers have changed. */
export function engineDriver(name: string, { ctx, buffer, map }: Machine, runner: (changed: { codeAt: number }) => Runner): Driver {
  const codeAt = map.ram + Number(CODE - CODE_PAGE + CODE_AT - RAM);
  const data = new BigUint64Array(buffer as ArrayBuffer, map.ram + Number(DATA_AT - RAM), DATA_BYTES / 8);
  const engine = runner({ codeAt });
  return {
    name,
    run: cases =>
      cases.map(c => {
        prepare(ctx, c);
        ctx.memory.write(codeAt, 4, BigInt(c.word));
        try {
          engine.step();
        } catch (error) {
          console.error(`${name} on 0x${c.word.toString(16)}: ${error}`);
          return { ...outcome(ctx, takeChanges(data)), end: 'broken' };
        }
        return outcome(ctx, takeChanges(data));
      }),
  };
}

function prepare(ctx: CpuContext, { before }: Case): void {
  const { cpu, cells } = ctx;
  Object.assign(cpu, { el: 0, spsel: 0, daif: 0, pan: 0, uao: 0, ssbs: 0, dit: 0, il: 0, btype: 0, exclusiveBytes: 0, pc: CODE });
  cpu.x.set(before.x);
  cpu.x[31] = before.sp;
  cpu.v.set(before.v);
  setNzcv(cpu, before.nzcv);
  cells.FPCR = BigInt(before.fpcr);
  cells.FPSR = BigInt(before.fpsr);
  regimeChanged(ctx);
}

const halves = new Int32Array(pattern.buffer);

function takeChanges(data: BigUint64Array): Map<number, bigint> {
  const changes = new Map<number, bigint>(),
    now = new Int32Array(data.buffer, data.byteOffset, data.length * 2);
  for (let half = 0; half < now.length; half++) {
    if (now[half] === halves[half]) continue;
    const i = half >> 1;
    changes.set(i * 8, data[i]!);
    data[i] = pattern[i]!;
  }
  return changes;
}

/** An engine may leave an ignored top byte in pc until it fetches there; nothing a guest can do tells the difference. */
function outcome(ctx: CpuContext, changes: ReadonlyMap<number, bigint>): Outcome {
  const { cpu, cells } = ctx,
    raised = cpu.el === 1;
  const after = {
    ...freshRegisters(),
    nzcv: raised ? Number((cells.SPSR_EL1 >> 28n) & 15n) : nzcv(cpu),
    fpcr: Number(cells.FPCR),
    fpsr: Number(cells.FPSR),
  };
  after.sp = raised ? cells.SP_EL0 : cpu.x[31]!;
  after.x.set(cpu.x.subarray(0, 31));
  after.v.set(cpu.v);
  if (!raised) return { end: 'done', pc: branchAddress(ctx, cpu.pc), after, changes };
  const kind = Number((cells.ESR_EL1 >> 26n) & 63n);
  // The breakpoints around the word: it has retired, and an engine that goes on to a branch has run into what stands there.
  if (kind === BREAKPOINT && cells.ELR_EL1 !== CODE) return { end: 'done', pc: cells.ELR_EL1, after, changes };
  const end = kind === DATA_ABORT && (cells.ESR_EL1 & 63n) === ALIGNMENT ? 'misaligned' : (ENDS[kind] ?? 'other');
  return { end, pc: cells.ELR_EL1, after, changes };
}

export function referenceDriver(evaluateFp: Parameters<typeof createReference>[2]): Driver {
  const map = memoryMap(1, FUZZ_RAM_BYTES),
    machine = fuzzMachine(new SharedArrayBuffer(map.end), map);
  return engineDriver('reference', machine, () => {
    const engine = createReference(machine.ctx, decoder(A64, FUZZ_MODEL.features), evaluateFp);
    return {
      step() {
        const reason = engine.run(1n);
        if (reason !== EXIT.budget && reason !== EXIT.hvc && reason !== EXIT.wfi && reason !== EXIT.wfe)
          throw new Error(`the reference engine came out with ${reason}`);
      },
    };
  });
}
