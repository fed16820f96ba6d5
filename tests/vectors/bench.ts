/** A bare CPU at EL1 that runs one instruction over records of operands, as a program; on the interpreter or the reference engine. */
import {
  type CpuContext, cpuContext, type CpuPorts, createInterpreter, createReference, EXIT, evaluateFp, guestMemory, memoryMap, resetCpu, setSlot, startTranslation,
} from '@hypnos/cpu';
import { A64, assemble, type CpuModel, decoder, FEATURES, identificationOf } from '@hypnos/isa';
import { RECORD_BYTES } from './generator.ts';

const RAM = 0x4000_0000n, RAM_BYTES = 16 << 20;
const CODE = RAM, TABLE = RAM + 0x1000n, IN = RAM + 0x1_0000n, OUT = RAM + 0xa0_0000n;

/** Records that fit at once. */
export const MOST_RECORDS = 65_536;
/** v3, x6, FPSR and NZCV, 64 bits each of the last three, and as much again of nothing. */
export const ANSWER_BYTES = 48;

export const EVERYTHING: CpuModel = { doc: 'Every feature the rows know.', features: new Set(FEATURES), idRegisters: identificationOf(new Set(FEATURES), 2), caches: {} };

/** x0 and x1 walk over records and answers, x2 counts, x3 is FPSR before each. */
const PROGRAM = `
  1: ldr x4, [x0]
    ldp q0, q1, [x0, #16]
    ldr q2, [x0, #48]
    ldr x5, [x0, #16]
    mov v3.16b, v2.16b
    msr fpcr, x4
    msr fpsr, x3
    msr nzcv, xzr
    nop
    mrs x7, fpsr
    mrs x8, nzcv
    str q3, [x1]
    stp x6, x7, [x1, #16]
    str x8, [x1, #32]
    add x0, x0, #${RECORD_BYTES}
    add x1, x1, #${ANSWER_BYTES}
    subs x2, x2, #1
    b.ne 1b
    hvc #0`;
const CODE_WORDS = assemble(PROGRAM).words;
/** The instruction takes the place of the NOP. */
const PLACE = CODE_WORDS.indexOf(0xd503_201f);

const words = new Map<string, number>();
function wordOf(instruction: string): number {
  const word = words.get(instruction) ?? assemble(instruction).words[0]!;
  words.set(instruction, word);
  return word;
}

export interface Bench {
  readonly name: 'interpreter' | 'reference';
  /** The answers to `records` by one instruction, with FPSR as given before each. Good until the next run. */
  run(instruction: string, records: Uint8Array, fpsr: number): BigUint64Array;
  /** How often the exact unit was asked, in all. */
  asked(): number;
}

/** Memory, one block of 1 GiB mapped to itself for EL1, and the program's place. */
function machine(buffer: ArrayBufferLike, map: ReturnType<typeof memoryMap>, forgetCode: CpuPorts['forgetCode']): CpuContext {
  setSlot(buffer, map, 0, { ipa: RAM, bytes: RAM_BYTES, linear: map.ram });
  const none = { read: () => 0n, write() {} };
  const ports: CpuPorts = { timer: none, gic: none, counter: () => 0n, entropy64: () => 0n, forgetCode, maintainOthers() {} };
  const ctx = cpuContext({ buffer, map, index: 0, memory: guestMemory(buffer, map), model: EVERYTHING, ports });
  resetCpu(ctx);
  // A level 1 block: access flag, inner shareable, attribute 0, which is Normal memory (D8.3).
  ctx.memory.store(TABLE + 8n, 8, RAM | 0x701n);
  Object.assign(ctx.cells, { SCTLR_EL1: 1n, CPACR_EL1: 3n << 20n, MAIR_EL1: 0xffn, TTBR0_EL1: TABLE, TCR_EL1: 25n | (25n << 16n) | (2n << 30n) | (2n << 32n) });
  startTranslation(ctx);
  return ctx;
}

type Engine = (ctx: CpuContext) => { readonly run: () => number; readonly forgetCode: () => void };

function bench(name: Bench['name'], buffer: ArrayBufferLike, map: ReturnType<typeof memoryMap>, engineOf: Engine, asked: () => number): Bench {
  const ctx = machine(buffer, map, () => {}), engine = engineOf(ctx), { cpu } = ctx;
  const linear = (address: bigint) => map.ram + Number(address - RAM);
  const bytes = new Uint8Array(buffer), code = new Uint32Array(buffer, linear(CODE), 1024);
  code.set(CODE_WORDS);
  return {
    name, asked,
    run(instruction, records, fpsr) {
      const count = records.length / RECORD_BYTES;
      code[PLACE] = wordOf(instruction);
      engine.forgetCode();
      bytes.set(records, linear(IN));
      [IN, OUT, BigInt(count), BigInt(fpsr)].forEach((value, i) => { cpu.x[i] = value; });
      cpu.pc = CODE;
      const reason = engine.run();
      if (reason !== EXIT.hvc || cpu.x[2] !== 0n) throw new Error(`${name}: ${instruction} came out with ${reason} and ${cpu.x[2]} of ${count} records left, ESR_EL1 ${ctx.cells.ESR_EL1.toString(16)}`);
      return new BigUint64Array(buffer, linear(OUT), count * (ANSWER_BYTES / 8));
    },
  };
}

/** More instructions than any run takes. */
const ENOUGH = 1n << 40n;

/** The interpreter counts what its fast paths leave to the exact unit. */
export function interpreterBench(): Bench {
  const map = memoryMap(1, RAM_BYTES), pages = map.end / 65536, memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  let asked = 0;
  return bench('interpreter', memory.buffer, map, ctx => {
    const engine = createInterpreter(ctx, { memory, map, index: 0, evaluateFp: (...args) => { asked++; return evaluateFp(...args); } });
    return {
      run() {
        engine.stateChanged();
        for (;;) {
          const reason = engine.run(1_000_000n);
          if (reason !== EXIT.budget) return reason;
        }
      },
      forgetCode() { engine.forgetCode('all'); },
    };
  }, () => asked);
}

export function referenceBench(): Bench {
  const map = memoryMap(1, RAM_BYTES);
  let asked = 0;
  return bench('reference', new SharedArrayBuffer(map.end), map, ctx => {
    const engine = createReference(ctx, decoder(A64, EVERYTHING.features), (...args) => { asked++; return evaluateFp(...args); });
    return { run: () => engine.run(ENOUGH), forgetCode() {} };
  }, () => asked);
}
