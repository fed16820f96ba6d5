/** Our engines as the fuzzer runs them: a program from one state to its end, and the record of what became of it. */
import { createInterpreter, EXIT, evaluateFp, type Interpreter, type InterpreterParts, nzcv, regimeChanged } from '@hypnos/cpu';
import { ownTier0 } from '@hypnos/cpu/build';
import { createReference } from '@hypnos/cpu/reference';
import { SYSTEM_REGISTERS } from '@hypnos/isa';
import { decode, placeOf } from './encodings.ts';
import {
  CODE, CODE_WORDS, control, course, DATA_BYTES, freshRegisters, FPSR_AT, KIND, NZCV_AT, pattern, type Program, RECORD, recordBytes, type Registers, SP_AT, V_AT,
} from './layout.ts';
import { fuzzMachine, type Machine, RETURN, SCTLR_ALL, SCTLR_AS_LINUX } from './machine.ts';
import { poolOf } from './values.ts';

export const ENGINES = ['reference', 'interpreter', 'inline', 'qemu'] as const;
export type EngineName = (typeof ENGINES)[number];

export interface EngineRun {
  /** The record that every implementation gives. */
  readonly record: Uint8Array<ArrayBuffer>;
  /** What only our engines tell: exceptions' syndromes, addresses and saved states, instructions retired, registers of EL0. */
  readonly inner: Uint8Array<ArrayBuffer>;
  readonly retired: number;
  /** The exception that ended the run. */
  readonly kind: number;
  readonly faultAddress: bigint;
  /** What the engine threw, if it did. */
  readonly thrown?: unknown;
}

export interface Engine {
  readonly name: EngineName;
  /** Makes the program what the code area holds. */
  load(program: Program): void;
  /** Runs what was loaded. The answer's arrays are good until the next run. */
  run(registers: Registers): EngineRun;
}

/** More than any program takes: programs have no loops. */
const LIMIT = 20_000n;
const BRK = 0xd420_0000, MOST_INNER = 8192;
/** ESR_EL1's class of each exception that EL0 can raise. */
const KINDS: Readonly<Record<number, number>> = {
  0x00: KIND.undefined, 0x18: KIND.undefined, 0x20: KIND.fetch, 0x22: KIND.fetch, 0x24: KIND.abort, 0x3c: KIND.breakpoint, 0x15: KIND.call, 0x26: KIND.misaligned,
};
const DATA_ABORT = 0x24n, ALIGNMENT = 0x21n;

/** Cells that EL0 can write; each run starts from zeroes there. */
const USER_CELLS: readonly string[] = SYSTEM_REGISTERS.filter(r => r.stored && r.el0 === 'read-write' && r.name !== 'FPCR' && r.name !== 'FPSR').map(r => r.name);

/** How an engine goes on: until something happens, `slice` instructions at most. */
interface Runner { run(slice: bigint): number; readonly slice: bigint; changed(program: Program): void }

class MachineEngine implements Engine {
  readonly name: EngineName;
  readonly #machine: Machine;
  readonly #runner: Runner;
  #program!: Program;
  readonly #record = new Uint8Array(recordBytes(256, DATA_BYTES / 8));
  readonly #counts = new Uint32Array(this.#record.buffer, 0, 2);
  readonly #registers = new BigUint64Array(this.#record.buffer, RECORD.registers, RECORD.lists / 8 - 1);
  readonly #lists = new BigUint64Array(this.#record.buffer, RECORD.lists);
  readonly #inner = new BigUint64Array(MOST_INNER);
  #innerCount = 0;

  constructor(name: EngineName, machine: Machine, runner: Runner) {
    this.name = name;
    this.#machine = machine;
    this.#runner = runner;
  }

  load(program: Program): void {
    const { code, pool, ctx } = this.#machine, before = this.#program as Program | undefined;
    if (before) code.fill(BRK, before.at, before.at + before.words.length);
    code.set(program.words, program.at);
    if (before?.poolSeed !== program.poolSeed) pool.set(poolOf(program.poolSeed));
    ctx.cells.SCTLR_EL1 = program.onQemu ? SCTLR_AS_LINUX : SCTLR_ALL;
    this.#program = program;
    if (before) this.#runner.changed(before);
    this.#runner.changed(program);
  }

  run(registers: Registers): EngineRun {
    const { cpu } = this.#machine.ctx, before = cpu.retired;
    this.#start(registers);
    let kind: number, thrown: unknown;
    try {
      kind = this.#toTheEnd();
    } catch (error) {
      thrown = error;
      kind = KIND.broken;
    }
    const exceptions = this.#counts[0]!, retired = Number(cpu.retired - before) - 2 * exceptions;
    this.#tell();
    if (kind >= KIND.unending) this.#recover();
    this.#inner[this.#innerCount++] = BigInt(retired);
    const { FAR_EL1 } = this.#machine.ctx.cells;
    return {
      record: this.#record.subarray(0, recordBytes(exceptions, this.#counts[1]!)), inner: new Uint8Array(this.#inner.buffer, 0, this.#innerCount * 8),
      retired, kind, faultAddress: FAR_EL1, ...(thrown === undefined ? {} : { thrown }),
    };
  }

  /** Registers in place, and the CPU at the ERET that begins the run. */
  #start(r: Registers): void {
    const { ctx: { cpu, cells } } = this.#machine;
    cpu.x.set(r.subarray(0, 31));
    cpu.v.set(r.subarray(V_AT, V_AT + 64));
    for (const name of USER_CELLS) cells[name] = 0n;
    cells.SP_EL0 = r[SP_AT]!;
    cells.SPSR_EL1 = (r[NZCV_AT]! & 15n) << 28n;
    cells.FPCR = r[NZCV_AT]! >> 32n;
    cells.FPSR = r[FPSR_AT]!;
    cells.FAR_EL1 = 0n;
    cells.ELR_EL1 = this.#address(0);
    cpu.pc = RETURN;
    this.#counts.fill(0);
    this.#innerCount = 0;
  }
  #address(word: number): bigint { return CODE + BigInt((this.#program.at + word) * 4); }

  /** Runs, noting exceptions, to the one that ends it; answers its kind. */
  #toTheEnd(): number {
    const { ctx: { cpu } } = this.#machine, limit = cpu.retired + LIMIT;
    for (;;) {
      const reason = this.#runner.run(this.#runner.slice);
      if (reason === EXIT.hvc) {
        const kind = this.#exception();
        if (kind !== null) return kind;
      } else if (reason !== EXIT.budget && reason !== EXIT.wfi && reason !== EXIT.wfe) throw new Error(`came out with ${reason}`);
      if (cpu.retired > limit) return KIND.unending;
    }
  }

  /** Notes the exception that brought the CPU to its vector. Answers its kind if it ends the run; else ELR_EL1 is where to go on. */
  #exception(): number | null {
    const { cpu, cells } = this.#machine.ctx, { ESR_EL1, ELR_EL1 } = cells, kindOf = Number((ESR_EL1 >> 26n) & 63n);
    const raised = ESR_EL1 >> 26n === DATA_ABORT && (ESR_EL1 & 63n) === ALIGNMENT ? KIND.misaligned : (KINDS[kindOf] ?? KIND.other);
    const count = ++this.#counts[0]!, program = this.#program;
    const { kind, next } = course(program, raised, ELR_EL1, count, () => cpu.x[program.resume]!);
    this.#lists[count * 2 - 2] = ELR_EL1;
    this.#lists[count * 2 - 1] = BigInt(kind);
    this.#inner[this.#innerCount++] = ESR_EL1;
    this.#inner[this.#innerCount++] = cells.FAR_EL1;
    this.#inner[this.#innerCount++] = cells.SPSR_EL1;
    if (next === null) return kind;
    // A call has retired: it comes back behind itself.
    cells.ELR_EL1 = raised === KIND.call && kind === raised ? ELR_EL1 : next;
    return null;
  }

  /** What became of the state, into the record; the data is put back. */
  #tell(): void {
    const { cpu, cells } = this.#machine.ctx, raised = cpu.el === 1, r = this.#registers;
    r.set(cpu.x.subarray(0, 31));
    r[SP_AT] = raised ? cells.SP_EL0 : cpu.x[31]!;
    r.set(cpu.v, V_AT);
    r[NZCV_AT] = control(raised ? Number((cells.SPSR_EL1 >> 28n) & 15n) : nzcv(cpu), Number(cells.FPCR));
    r[FPSR_AT] = cells.FPSR;
    for (const name of USER_CELLS) this.#inner[this.#innerCount++] = cells[name]!;
    this.#tellChanges();
  }
  #tellChanges(): void {
    const { data } = this.#machine, now = new Int32Array(data.buffer, data.byteOffset, DATA_BYTES / 4);
    let at = this.#counts[0]! * 2;
    for (let page = 0; page < DATA_BYTES; page += 4096) {
      if (originalBytes.compare(data, page, page + 4096, page, page + 4096) === 0) continue;
      for (let half = page / 4; half < (page + 4096) / 4; half += 2) {
        if (now[half] === original[half] && now[half + 1] === original[half + 1]) continue;
        this.#lists[at++] = BigInt(half * 4);
        this.#lists[at++] = BigInt(now[half]! >>> 0) | (BigInt(now[half + 1]! >>> 0) << 32n);
        this.#counts[1]!++;
      }
      data.set(originalBytes.subarray(page, page + 4096), page);
    }
  }

  /** Back to EL1 from wherever a run was given up. */
  #recover(): void {
    const { ctx } = this.#machine;
    Object.assign(ctx.cpu, { el: 1, spsel: 1, daif: 15, il: 0, mmioCount: 0 });
    regimeChanged(ctx);
  }
}

const original = new Int32Array(pattern.buffer), originalBytes = Buffer.from(pattern.buffer);

/** The judge. It counts how often each form of FORMS was executed in `hits.now`. */
export function referenceEngine(hits: { readonly now: Uint32Array }): Engine {
  const machine = fuzzMachine(), known = new Map<number, { readonly decoded: ReturnType<typeof decode>; readonly place: number }>();
  const engine = createReference(machine.ctx, word => {
    let entry = known.get(word);
    if (!entry) {
      const decoded = decode(word);
      if (known.size >= CODE_WORDS) known.clear();
      known.set(word, (entry = { decoded, place: decoded ? placeOf(decoded) : -1 }));
    }
    if (entry.place >= 0) hits.now[entry.place]!++;
    return entry.decoded;
  }, evaluateFp);
  return new MachineEngine('reference', machine, { run: slice => engine.run(slice), slice: LIMIT, changed() {} });
}

/**
 * `interpreter`: budgets below what the dispatcher may overshoot by are kept exactly, by the functions of the handlers.
 * `inline`: without that, the dispatcher runs the hot ones in line.
 */
export function interpreterEngine(name: 'interpreter' | 'inline', parts: Partial<InterpreterParts> = {}): Engine {
  let forget: Interpreter['forgetCode'] | undefined;
  const machine = fuzzMachine(linear => forget?.(linear)), { ctx, memory, map, codeAt } = machine;
  const engine = createInterpreter(ctx, { memory, map, index: 0, evaluateFp, exact: name === 'interpreter', image: ownTier0(), ...parts });
  forget = engine.forgetCode;
  return new MachineEngine(name, machine, {
    run: slice => engine.run(slice),
    slice: name === 'interpreter' ? 1000n : LIMIT,
    changed({ at, words }) {
      // By pages of 4 KiB, which is how code is forgotten.
      const first = at * 4, last = first + words.length * 4;
      for (let page = first & ~4095; page < last; page += 4096) engine.forgetCode(codeAt + page);
    },
  });
}

export const registersOf = (record: Uint8Array): Registers => {
  const out = freshRegisters();
  new Uint8Array(out.buffer).set(record.subarray(RECORD.registers, RECORD.lists));
  return out;
};
