/** The tier-0 engine of one CPU: the generated module, its imports, and the run of one slice. */
import { invariant } from '@hypnos/base';
import { A64, type Access, type Bytes, type Decoded, decoder, formNumber, type Row, SERVICES, type ServiceName, SYSTEM_REGISTERS } from '@hypnos/isa';
import type { AccessBytes } from '../guest-memory.ts';
import type { MemoryMap } from '../memory-map.ts';
import { forgetAccesses, outsideAccess, pendingAccess } from '../mmio.ts';
import { updateWalkParameters } from '../mmu/parameters.ts';
import { Abandon } from '../reference/abandon.ts';
import type { EvaluateFp } from '../reference/instruction-ops.ts';
import { dataMemory } from '../reference/memory.ts';
import { EXIT } from '../state.ts';
import {
  breakpoint, branchAddress, controlsChanged, type CpuContext, dataAbort, faulted, fetchIndex, forgetAll as forgetTranslations, ILLEGAL_STATE, instructionAbort, isTrap,
  pcMisaligned, pendingInterrupt, readSystem, renewContexts, runService, SP_MISALIGNED, STATUS as DFSC, supervisorCall, takeInterrupt, takeTrap, translate, type Trap, UNDEFINED,
  writeSystem,
} from '../system/index.ts';
import { hasFusedMultiplyAdd } from '../wasm/fused.ts';
import { buildTier0, type Tier0Image, type WrittenForm } from './build.ts';
import { RecordPool, type Template, templateOf, unallocated } from './records.ts';
import { EXCEPTION_CALLS } from './runtime.ts';
import { ACCESS, SLOW, STATUS, WALK, WALKED } from './status.ts';

export interface InterpreterParts {
  /** The shared memory everything stands in. */
  readonly memory: WebAssembly.Memory;
  readonly map: MemoryMap;
  readonly index: number;
  /** What `buildTier0` made, now or for the same sources before. Without it, it is made now. */
  readonly image?: Tier0Image;
  /** The exact floating-point unit, for what the generated fast paths leave. */
  readonly evaluateFp: EvaluateFp;
  /** True: `run` retires exactly its budget. */
  readonly exact?: boolean;
}

export interface Interpreter {
  /** Retires up to `budget` instructions (a few more where not exact) and answers why it came out (EXIT). */
  run(budget: bigint): number;
  /** CPU state was written from outside (reset, ONE_REG, restore): what is derived from it is worked out again. */
  stateChanged(): void;
  /** Memory slots or page flags changed, or the host wrote RAM: translations and decoded code are dropped. */
  memoryChanged(): void;
  /** Decoded code of the page at a linear address, or all of it, is stale. */
  forgetCode(linear: number | 'all'): void;
}

interface Exports {
  run(cpu: number, budget: bigint): void;
  step(cpu: number, count: bigint): void;
  walk(cpu: number, va: bigint, request: number): number;
}

const BY_ADDRESS: ReadonlySet<ServiceName> = new Set<ServiceName>(['IC_IVAU', 'DC_CVAC']);

/** Instructions that can retire between two checks of the budget: a page of them and the branch behind. */
const OVERSHOOT = 1100n;

let own: Tier0Image | undefined;
const ownImage = (): Tier0Image => (own ??= buildTier0());

const modules = new WeakMap<Tier0Image, WebAssembly.Module>();
function moduleOf(image: Tier0Image): WebAssembly.Module {
  let known = modules.get(image);
  invariant(image.tables.fused === hasFusedMultiplyAdd(), 'the generated engine was made for another host: make it again');
  if (!known) modules.set(image, (known = new WebAssembly.Module(image.bytes)));
  return known;
}

const formsByRow = new WeakMap<Tier0Image, ReadonlyMap<Row, ReadonlyMap<number, WrittenForm>>>();
/** Finds the written form of a decoded instruction. */
function formFinder(image: Tier0Image): (decoded: Decoded) => WrittenForm {
  let rows = formsByRow.get(image);
  if (!rows) {
    rows = new Map(image.tables.rows.map((forms, i) => [A64[i]!, new Map(forms.map(f => [f.form, f]))]));
    formsByRow.set(image, rows);
  }
  const known = rows;
  return decoded => {
    const form = known.get(decoded.row)?.get(formNumber(decoded));
    invariant(form, `${decoded.row.name} has a form that was not generated: ${JSON.stringify(decoded.form)}`);
    return form;
  };
}

/** Makes interpreters for the CPUs of one machine; the module is built once. */
export function interpreterFactory(parts: Pick<InterpreterParts, 'memory' | 'image' | 'evaluateFp'>): {
  create(ctx: CpuContext, seat: Pick<InterpreterParts, 'index' | 'map' | 'exact'>): Interpreter;
} {
  return { create: (ctx, seat) => createInterpreter(ctx, { ...parts, ...seat }) };
}

export function createInterpreter(ctx: CpuContext, { memory, map, index, image = ownImage(), evaluateFp, exact = false }: InterpreterParts): Interpreter {
  const { cpu, cells } = ctx, base = map.cpu(index);
  const { tables } = image, find = formFinder(image);
  const records = new RecordPool(memory.buffer, map, index, tables.pageEnd);
  const decode = decoder(A64, ctx.model.features);
  const words = new Int32Array(memory.buffer as ArrayBuffer);
  /** What a word becomes; words repeat a lot. */
  const templates = new Map<number, Template>();
  const data = dataMemory(ctx);

  /** The status of a trap taken at the current instruction. */
  const trapped = (trap: Trap): number => {
    trapsTaken++;
    takeTrap(ctx, trap, cpu.pc);
    return STATUS.resync | STATUS.notRetired;
  };
  /** The status behind an instruction that may have changed contexts, masks or lines. */
  const finished = (): number => {
    if (cpu.mmioCount) forgetAccesses(cpu);
    if (!pendingInterrupt(ctx)) return STATUS.resync;
    cpu.exitReason = EXIT.attention;
    return STATUS.resync | STATUS.exit;
  };
  const next = () => { cpu.pc = BigInt.asUintN(64, cpu.pc + 4n); };

  /** `retired` at the time `left` was `budget`: while guest code runs only `left` is counted, in instructions and exceptions. */
  let retiredBefore = 0n, budgetOfRun = 0n, trapsTaken = 0;
  const tellRetired = () => { cpu.retired = retiredBefore + budgetOfRun - cpu.left - BigInt(trapsTaken); };
  /** Machine time is counted in instructions where budgets are exact, so ports must find them counted. */
  const beforePorts = exact ? tellRetired : () => {};
  function enterGuest(how: 'run' | 'step', budget: bigint): void {
    retiredBefore = cpu.retired;
    budgetOfRun = cpu.left = budget;
    trapsTaken = 0;
    exports[how](base, budget);
    tellRetired();
  }

  /** If the walk met a table that is not ready, makes it ready. */
  function prepared(): boolean {
    if (!(cpu.walkResult & (WALKED.absent | WALKED.writes))) return false;
    ctx.memory.linearOf(cpu.walkAddress, cpu.walkResult & WALKED.writes ? 'write' : 'read');
    return true;
  }
  /** Walks; false leaves the fault in `walkResult`. */
  function walk(va: bigint, request: number): boolean {
    for (;;) {
      if (exports.walk(base, BigInt.asIntN(64, va), request)) return true;
      if (!prepared()) return false;
    }
  }

  /** An access the fast path leaves: done piece by piece as the reference does it, data in the scratch. */
  function slow(_cpu: number, va: bigint, info: number, reason: number): number {
    const address = info & ACCESS.zero ? cpu.scratch[0]! : BigInt.asUintN(64, va), write = (info & ACCESS.write) !== 0;
    if (reason === SLOW.fault && prepared()) return STATUS.again;
    if (reason === SLOW.fault) return trapped(dataAbort(ctx, cpu.walkResult & 0x3f, address, write && !faultsAsRead(address, info)));
    if (reason === SLOW.misaligned && info & ACCESS.aligned) return trapped(dataAbort(ctx, DFSC.alignment, address, write));
    if (info & ACCESS.place && reason === SLOW.notRam) return trapped(dataAbort(ctx, DFSC.unsupportedAtomic, address, write));
    if (reason === SLOW.notRam && (info & (ACCESS.zero | ACCESS.pair)) === 0 && (info & ACCESS.sizeMask) <= 3) return deviceAccess(info, write);
    try {
      if (info & ACCESS.zero) data.zeroBlock(address);
      else if (info & ACCESS.place) return placeByReference(address, info, write);
      else plainAccess(address, info, write);
      return 0;
    } catch (thrown) {
      if (!(thrown instanceof Abandon)) throw thrown;
      return thrown.why === 'exit' ? STATUS.exit | STATUS.notRetired : trapped(thrown.why);
    }
  }
  /** A read-modify-write that could not even read reports a read. */
  const faultsAsRead = (address: bigint, info: number): boolean => {
    if (!(info & ACCESS.readsFirst)) return false;
    const found = translate(ctx, address, 'write', { el: cpu.el, pan: true, atomic: true });
    return faulted(found) && !found.write;
  };
  /** One access of up to 8 bytes outside RAM, at the address that was just walked to. */
  function deviceAccess(info: number, write: boolean): number {
    const bytes = (1 << (info & ACCESS.sizeMask)) as AccessBytes;
    const answer = outsideAccess(cpu, cpu.walkAddress, bytes, write, write ? scratchValue(0, bytes) : 0n);
    if (answer === null) return STATUS.exit | STATUS.notRetired;
    if (!write) cpu.scratch[0] = answer;
    return 0;
  }
  function plainAccess(address: bigint, info: number, write: boolean): void {
    const total = 1 << (info & ACCESS.sizeMask), count = info & ACCESS.pair ? 2 : 1;
    const element = info >> ACCESS.elementShift;
    const access: Access = {
      bytes: (total / count) as Bytes, ...(element && { elementBytes: (1 << (element - 1)) as 1 | 2 | 4 | 8 }), unprivileged: (info & ACCESS.unprivileged) !== 0, aligned: (info & ACCESS.aligned) !== 0,
    };
    if (write) data.store(access, address, Array.from({ length: count }, (_, i) => scratchValue(i * access.bytes, access.bytes)));
    else data.load(access, address, count).forEach((value, i) => setScratch(i * access.bytes, access.bytes, value));
  }
  /** A page that was absent, clean or watched is made ready; the instruction then runs again. */
  function placeByReference(address: bigint, info: number, write: boolean): number {
    if (!walk(address, (write ? WALK.write : 0) | (cpu.el === 0 ? WALK.asEl0 : 0))) return trapped(dataAbort(ctx, cpu.walkResult & 0x3f, address, write));
    if (ctx.memory.linearOf(cpu.walkAddress, write ? 'write' : 'read') === null) return trapped(dataAbort(ctx, DFSC.unsupportedAtomic, address, write));
    void info;
    return STATUS.again;
  }
  const scratch = new Uint8Array(cpu.scratch.buffer as ArrayBuffer, cpu.scratch.byteOffset, 32);
  const scratchView = new DataView(scratch.buffer, scratch.byteOffset, 32);
  function scratchValue(offset: number, bytes: number): bigint {
    if (bytes === 16) return scratchView.getBigUint64(offset, true) | (scratchView.getBigUint64(offset + 8, true) << 64n);
    if (bytes === 8) return scratchView.getBigUint64(offset, true);
    return BigInt(bytes === 4 ? scratchView.getUint32(offset, true) : bytes === 2 ? scratchView.getUint16(offset, true) : scratch[offset]!);
  }
  function setScratch(offset: number, bytes: number, value: bigint): void {
    for (let i = 0; i < bytes; i++) scratch[offset + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  }

  function exception(_cpu: number, kind: number, imm16: number): number {
    const call = EXCEPTION_CALLS[kind]!;
    switch (call) {
      case 'SVC': next(); takeTrap(ctx, supervisorCall(imm16), cpu.pc); return STATUS.resync;
      case 'BRK': return trapped(breakpoint(imm16));
      case 'HVC': case 'SMC':
        if (cpu.el === 0) return trapped(UNDEFINED);
        next();
        cpu.exitReason = call === 'HVC' ? EXIT.hvc : EXIT.smc;
        cpu.exitDetail = imm16;
        return STATUS.resync | STATUS.exit;
      default: return trapped(UNDEFINED);
    }
  }
  /** Cache maintenance of an address that translates; anything else is left to the exact service. */
  function maintained(name: ServiceName, address: bigint): boolean {
    if (!walk(address, cpu.el === 0 ? WALK.asEl0 : 0)) return false;
    if (name !== 'IC_IVAU') return true;
    const linear = ctx.memory.linearOf(cpu.walkAddress);
    if (linear === null) return true;
    forgetCode(linear);
    ctx.ports.maintainOthers(name, BigInt(linear & ~63));
    return true;
  }
  /** Services that only set PSTATE bits or check leave the instruction unfinished; ERET has gone elsewhere. */
  function service(_cpu: number, number: number, argument: bigint): number {
    const name = SERVICES[number]!;
    beforePorts();
    if (name === 'ERET') {
      if (cpu.el === 0) return trapped(UNDEFINED);
      runService(ctx, name);
      return finished();
    }
    if (BY_ADDRESS.has(name) && maintained(name, argument)) return 0;
    const outcome = runService(ctx, name, BigInt.asUintN(64, argument));
    if (isTrap(outcome)) return trapped(outcome);
    if (name.startsWith('CHECK_') || name === 'SET_QC') return 0;
    next();
    if (outcome) {
      cpu.exitReason = outcome.exit;
      return STATUS.resync | STATUS.exit;
    }
    return finished();
  }
  function readRegister(_cpu: number, number: number): number {
    beforePorts();
    const value = readSystem(ctx, SYSTEM_REGISTERS[number]!);
    if (typeof value !== 'bigint') return trapped(value);
    cpu.scratch[0] = value;
    return 0;
  }
  function writeRegister(_cpu: number, number: number): number {
    beforePorts();
    const trap = writeSystem(ctx, SYSTEM_REGISTERS[number]!, cpu.scratch[0]!);
    if (trap) return trapped(trap);
    sync();
    next();
    return finished();
  }
  function fp(_cpu: number, number: number, a: bigint, b: bigint, c: bigint): bigint {
    const { value, flags } = evaluateFp(tables.fpOps[number]!, [a, b, c].map(v => BigInt.asUintN(64, v)), Number(cells.FPCR));
    if (flags) cells.FPSR |= BigInt(flags);
    return BigInt.asIntN(64, value);
  }

  function decodeRecord(_cpu: number, record: number): number {
    const source = records.source(record), word = words[source >>> 2]!;
    let template = templates.get(word);
    if (!template) {
      const decoded = decode(word >>> 0);
      template = decoded ? templateOf(find(decoded), decoded) : unallocated(tables.undefinedNumber);
      templates.set(word, template);
    }
    records.write(record, template, source & 4095);
    return STATUS.again;
  }
  /** Enters the page at pc for execution. */
  function fetch(): number {
    cpu.pc = branchAddress(ctx, cpu.pc);
    const fault = fetchFault();
    if (fault) { trapped(fault); return 0; }
    const linear = ctx.memory.linearOf(cpu.walkAddress);
    if (linear === null) { trapped(instructionAbort(ctx, DFSC.external, cpu.pc)); return 0; }
    if (cpu.il) { trapped(ILLEGAL_STATE); return 0; }
    let first = records.pageFor(linear);
    if (!first) {
      forgetCode('all');
      first = records.pageFor(linear);
    }
    enter(first);
    return first;
  }
  function fetchFault(): Trap | null {
    if (cpu.pc & 3n) return pcMisaligned(cpu.pc);
    return walk(cpu.pc, WALK.fetch | (cpu.el === 0 ? WALK.asEl0 : 0)) ? null : instructionAbort(ctx, cpu.walkResult & 0x3f, cpu.pc);
  }
  function enter(first: number): void {
    const negative = cpu.pc >> 63n === 1n, half = negative ? 1 : 0, order = (cpu.walkResult >>> WALKED.orderShift) & 0xff;
    if (order > cpu.largestBlock[half]!) cpu.largestBlock[half] = order;
    if (negative && !(cpu.walkResult & WALKED.global)) cpu.upperNonGlobal = 1;
    const entry = fetchIndex(cpu.pc) * 2;
    ctx.tlb.fetch[entry] = (cpu.pc & ~0xfffn) ^ (negative ? cpu.high : cpu.low);
    ctx.tlb.fetch[entry + 1] = BigInt(first);
  }

  const instance = new WebAssembly.Instance(moduleOf(image), {
    env: {
      memory, slow, exception, service, readSystem: readRegister, writeSystem: writeRegister, fp, decode: decodeRecord, fetch,
      misalignedStack: () => ((cpu.spChecked >> cpu.el) & 1 ? trapped(SP_MISALIGNED) : 0),
    },
  });
  const exports = instance.exports as unknown as Exports;

  let seen: readonly bigint[] = [];
  /** Walk parameters follow the registers they are digested from. */
  function sync(): void {
    const now = [cells.TCR_EL1, cells.TTBR0_EL1, cells.TTBR1_EL1, cells.SCTLR_EL1];
    if (now.every((v, i) => v === seen[i])) return;
    seen = now;
    updateWalkParameters(ctx);
  }
  function forgetCode(linear: number | 'all'): void {
    if (linear !== 'all') { records.forget(linear); return; }
    records.forgetAll();
    ctx.tlb.fetch.fill(0n);
  }

  /** Finishes an instruction whose accesses outside RAM have been answered. */
  function finishAccess(): boolean {
    if (pendingAccess(cpu)) { cpu.exitReason = EXIT.mmio; return false; }
    cpu.mmioNext = 0;
    enterGuest('step', 1n);
    if (cpu.exitReason === EXIT.mmio) return false;
    forgetAccesses(cpu);
    return cpu.exitReason === EXIT.budget;
  }

  return {
    run(budget) {
      invariant(budget > 0n, 'a run needs a budget');
      sync();
      let left = budget;
      if (cpu.mmioCount) {
        if (!finishAccess()) return cpu.exitReason;
        left--;
      }
      takeInterrupt(ctx);
      if (!exact) { enterGuest('run', left); return cpu.exitReason; }
      const until = cpu.retired + left;
      if (left > OVERSHOOT) {
        enterGuest('run', left - OVERSHOOT);
        if (cpu.exitReason !== EXIT.budget) return cpu.exitReason;
      }
      if (until > cpu.retired) enterGuest('step', until - cpu.retired);
      return cpu.exitReason;
    },
    stateChanged() {
      seen = [];
      sync();
      controlsChanged(ctx);
      renewContexts(ctx);
    },
    memoryChanged() {
      forgetTranslations(ctx);
      forgetCode('all');
    },
    forgetCode,
  };
}
