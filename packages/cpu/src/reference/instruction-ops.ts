/** `Ops` over the declared state: what each operation of an instruction does to the CPU. */
import { asU64, bit } from '@hypnos/base';
import { type FpOp, type Label, type Ops, type Reg, ZERO } from '@hypnos/isa';
import { EXIT } from '../state.ts';
import type { CpuContext } from '../system/context.ts';
import { branchAddress } from '../system/exceptions.ts';
import { isTrap, runService } from '../system/services.ts';
import { breakpoint, SP_MISALIGNED, supervisorCall, UNDEFINED } from '../system/syndrome.ts';
import { readSystem, writeSystem } from '../system/system-registers.ts';
import { Abandon } from './abandon.ts';
import { integers, truth } from './integers.ts';
import { dataMemory } from './memory.ts';
import { eachLane, vectors } from './vectors.ts';

/** What an instruction decided besides its writes. */
export interface Course {
  /** Where execution goes on. */
  next: bigint;
  /** Why to come out behind it (EXIT), or none. */
  exit: number;
  /** An SVC: the exception is taken behind the instruction, which has retired. */
  call: ReturnType<typeof supervisorCall> | null;
  /** Masks or lines may have changed: look at interrupts before the next instruction. */
  recheck: boolean;
}

/** The floating-point unit: the value and the FPSR flags an operation leaves under an FPCR. */
export type EvaluateFp = (op: FpOp, values: readonly bigint[], fpcr: number) => { readonly value: bigint; readonly flags: number };

const QC = 1n << 27n;

/** Condition codes by pairs (ConditionHolds); odd ones but 15 are the opposite. */
function conditionHolds(cond: number, n: boolean, z: boolean, c: boolean, v: boolean): boolean {
  const base = [z, c, n, v, c && !z, n === v, n === v && !z, true][cond >> 1]!;
  return cond & 1 && cond !== 15 ? !base : base;
}

export function instructionOps(ctx: CpuContext, course: Course, evaluateFp: EvaluateFp): Ops<bigint> {
  const { cpu, cells } = ctx, memory = dataMemory(ctx);
  const undefinedInstruction = () => new Abandon(UNDEFINED);
  const target = (to: Label): bigint => asU64((to.kind === 'page' ? cpu.pc & ~0xfffn : cpu.pc) + to.offset);
  const value = (r: Reg): bigint => (r.slot === ZERO ? 0n : BigInt.asUintN(r.width, cpu.x[r.slot]!));
  const ops: Ops<bigint> = {
    ...integers,
    reg: value,
    setReg(r, to) { if (r.slot !== ZERO) cpu.x[r.slot] = BigInt.asUintN(r.width, to); },
    base(r) {
      const address = value(r);
      if (r.kind === 'spbase' && (cpu.spChecked >> cpu.el) & 1 && address & 15n) throw new Abandon(SP_MISALIGNED);
      return address;
    },
    flags: () => ({ n: cpu.nf, z: cpu.zf, c: cpu.cf, v: cpu.vf }),
    setFlags(f) { Object.assign(cpu, { nf: f.n, zf: f.z, cf: f.c, vf: f.v }); },
    holds: cond => truth(conditionHolds(cond, bit(cpu.nf, 63), cpu.zf === 0n, cpu.cf === 1n, bit(cpu.vf, 63))),

    load: (access, address) => memory.load(access, address, 1)[0]!,
    store: (access, address, v) => memory.store(access, address, [v]),
    loadPair: (access, address) => memory.load(access, address, 2) as [bigint, bigint],
    storePair: (access, address, first, second) => memory.store(access, address, [first, second]),
    loadExclusive: (access, address) => memory.loadExclusive(access, address, 1)[0]!,
    loadExclusivePair: (access, address) => memory.loadExclusive(access, address, 2) as [bigint, bigint],
    storeExclusive: (access, address, v) => memory.storeExclusive(access, address, [v]),
    storeExclusivePair: (access, address, first, second) => memory.storeExclusive(access, address, [first, second]),
    atomic: memory.atomic,
    compareAndSwap: (access, address, expected, desired) => memory.compareAndSwap(access, address, [expected], [desired])[0]!,
    compareAndSwapPair: (access, address, expected, desired) => memory.compareAndSwap(access, address, expected, desired) as [bigint, bigint],
    zeroBlock: memory.zeroBlock,

    labelAddress: target,
    nextAddress: () => asU64(cpu.pc + 4n),
    branch(to) { course.next = branchAddress(ctx, target(to)); },
    branchIf(cond, to) { if (cond) ops.branch(to); },
    jump(to) { course.next = branchAddress(ctx, to); },

    exception(call, imm16) {
      const immediate = Number(imm16);
      if (call === 'BRK') throw new Abandon(breakpoint(immediate));
      if (call === 'SVC') { course.call = supervisorCall(immediate); return; }
      if (call === 'HLT' || call === 'UNDEFINED' || cpu.el === 0) throw undefinedInstruction();
      course.exit = call === 'HVC' ? EXIT.hvc : EXIT.smc;
      cpu.exitDetail = immediate;
    },
    require(cond) { if (!cond) throw undefinedInstruction(); },
    service(name, argument) {
      const outcome = runService(ctx, name, argument);
      if (isTrap(outcome)) throw new Abandon(outcome);
      if (outcome) course.exit = outcome.exit;
      if (name === 'ERET') course.next = cpu.pc;
      course.recheck = true;
      return 0n;
    },
    readSystem({ row }) {
      const answer = readSystem(ctx, row);
      if (isTrap(answer)) throw new Abandon(answer);
      return answer;
    },
    writeSystem({ row }, v) {
      const trap = writeSystem(ctx, row, v);
      if (trap) throw new Abandon(trap);
      course.recheck = true;
    },

    ...vectors,
    vreg: r => cpu.v[r.index * 2]! | (cpu.v[r.index * 2 + 1]! << 64n),
    setVreg(r, to) {
      cpu.v[r.index * 2] = asU64(to);
      cpu.v[r.index * 2 + 1] = to >> 64n;
    },
    lanes: (name, bits, ...operands) => eachLane(ops, name, bits, operands),
    saturated(cond) { if (cond) cells.FPSR |= QC; },
    fp(op, ...values) {
      const answer = evaluateFp(op, values, Number(cells.FPCR));
      cells.FPSR |= BigInt(answer.flags);
      return answer.value;
    },
  };
  return ops;
}
