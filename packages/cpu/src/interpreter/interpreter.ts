/** The tier-0 engine of one CPU: the generated module with its imports, and the run of one slice. */
import { invariant } from '@hypnos/base';
import type { MemoryMap } from '../memory-map.ts';
import { forgetAccesses, pendingAccess } from '../mmio.ts';
import { updateWalkParameters } from '../mmu/parameters.ts';
import type { EvaluateFp } from '../reference/instruction-ops.ts';
import { EXIT } from '../state.ts';
import { controlsChanged, type CpuContext, forgetAll, renewContexts, takeInterrupt } from '../system/index.ts';
import { hasFusedMultiplyAdd } from '../wasm/fused.ts';
import { codeOf } from './code.ts';
import { Course } from './course.ts';
import type { CompiledTier0, Tier0Image } from './image.ts';
import { RecordPool } from './records.ts';
import { type Exports, Seat } from './seat.ts';
import { slowAccess, watchedPage } from './slow-access.ts';
import { systemCalls } from './system-calls.ts';

export interface InterpreterParts {
  /** The shared memory everything stands in. */
  readonly memory: WebAssembly.Memory;
  readonly map: MemoryMap;
  readonly index: number;
  /** What `buildTier0` made, now or for the same sources before. */
  readonly image: Tier0Image | CompiledTier0;
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

/** Instructions that can retire between two checks of the budget: a page of them and the branch behind. */
const OVERSHOOT = 1100n;

const modules = new WeakMap<Tier0Image, WebAssembly.Module>();
function moduleOf(image: Tier0Image | CompiledTier0): WebAssembly.Module {
  if ('module' in image) return image.module;
  const known = modules.get(image);
  if (known) return known;
  invariant(image.tables.fused === hasFusedMultiplyAdd(), 'the generated engine was made for another host: make it again');
  const module = new WebAssembly.Module(image.bytes);
  modules.set(image, module);
  return module;
}

/** Makes interpreters for the CPUs of one machine; the module is built once. */
export function interpreterFactory(parts: Pick<InterpreterParts, 'memory' | 'image' | 'evaluateFp'>): {
  create(ctx: CpuContext, seat: Pick<InterpreterParts, 'index' | 'map' | 'exact'>): Interpreter;
} {
  return { create: (ctx, seat) => createInterpreter(ctx, { ...parts, ...seat }) };
}

export function createInterpreter(ctx: CpuContext, parts: InterpreterParts): Interpreter {
  const { memory, map, index, image, evaluateFp, exact = false } = parts, { cpu } = ctx;
  const seat = new Seat(ctx, map.cpu(index), exact), course = new Course(seat), sync = walkParameters(ctx);
  const code = codeOf(seat, course, new RecordPool(memory.buffer, map, index, image.tables.pageEnd), image, memory.buffer);
  const calls = systemCalls(seat, course, { fpOps: image.tables.fpOps, evaluateFp, forgetCode: code.forget, wrote: sync });
  const env = { memory, slow: slowAccess(seat), watch: watchedPage(seat), ...calls, ...code.imports };
  seat.exports = new WebAssembly.Instance(moduleOf(image), { env }).exports as unknown as Exports;

  /** Finishes an instruction whose accesses outside RAM have been answered. */
  function finishAccess(): boolean {
    if (pendingAccess(cpu)) {
      cpu.exitReason = EXIT.mmio;
      return false;
    }
    cpu.mmioNext = 0;
    course.single();
    if (cpu.exitReason === EXIT.mmio) return false;
    forgetAccesses(cpu);
    return cpu.exitReason === EXIT.budget;
  }
  /** Exactly `budget` instructions and exceptions, as the reference counts them: by the dispatcher while it cannot overshoot, then one by one. */
  function runExactly(budget: bigint): void {
    let left = budget;
    if (left > OVERSHOOT) {
      left = course.go('run', left - OVERSHOOT) + OVERSHOOT;
      if (cpu.exitReason !== EXIT.budget) return;
    }
    if (left > 0n) course.go('step', left);
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
      if (exact && left > 0n) runExactly(left);
      else if (left > 0n) course.go('run', left);
      return cpu.exitReason;
    },
    stateChanged() {
      // A reset has cleared what was digested, even where it left the registers as they were.
      updateWalkParameters(ctx);
      controlsChanged(ctx);
      renewContexts(ctx);
    },
    memoryChanged() {
      forgetAll(ctx);
      code.forget('all');
    },
    forgetCode: code.forget,
  };
}

/** Digests the translation registers for walks when they have changed. */
function walkParameters(ctx: CpuContext): () => void {
  const { cells } = ctx;
  let seen: readonly bigint[] = [];
  return () => {
    const now = [cells.TCR_EL1, cells.TTBR0_EL1, cells.TTBR1_EL1, cells.SCTLR_EL1];
    if (now.every((v, i) => v === seen[i])) return;
    seen = now;
    updateWalkParameters(ctx);
  };
}
