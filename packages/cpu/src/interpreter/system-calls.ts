/** What instructions ask of the system side: exceptions, services, registers behind the engine, exact floating point. */
import { type FpOp, SERVICES, type ServiceName, SYSTEM_REGISTERS } from '@hypnos/isa';
import type { EvaluateFp } from '../reference/instruction-ops.ts';
import { EXIT } from '../state.ts';
import { breakpoint, fetchIndex, isTrap, readSystem, runService, SP_MISALIGNED, supervisorCall, takeTrap, UNDEFINED, writeSystem } from '../system/index.ts';
import type { Course } from './course.ts';
import { EXCEPTION_CALLS } from './runtime.ts';
import type { Seat } from './seat.ts';
import { STATUS, WALK } from './status.ts';

export interface SystemCallParts {
  readonly fpOps: readonly FpOp[];
  readonly evaluateFp: EvaluateFp;
  /** Code in the page at a linear address changed. */
  forgetCode(linear: number): void;
  /** A register was written that others are digested from. */
  wrote(): void;
}

const BY_ADDRESS: ReadonlySet<ServiceName> = new Set<ServiceName>(['IC_IVAU', 'DC_CVAC']);

/** The imports, by name; the first argument of each is the CPU's linear address, which the seat knows. */
export function systemCalls(seat: Seat, course: Course, { fpOps, evaluateFp, forgetCode, wrote }: SystemCallParts) {
  const { ctx } = seat, { cpu, cells } = ctx;

  /** An SVC is an instruction of the level it leaves. */
  function countCall(): void {
    seat.tellRetired();
    cpu.retired++;
  }
  function exception(_cpu: number, kind: number, imm16: number): number {
    const call = EXCEPTION_CALLS[kind]!;
    if (call === 'SVC') {
      seat.next();
      if (cpu.counting) countCall();
      course.retired();
      takeTrap(ctx, supervisorCall(imm16), cpu.pc);
      return STATUS.resync;
    }
    if (call === 'BRK') return seat.trapped(breakpoint(imm16));
    if ((call !== 'HVC' && call !== 'SMC') || cpu.el === 0) return seat.trapped(UNDEFINED);
    seat.next();
    cpu.exitDetail = imm16;
    return seat.left(call === 'HVC' ? EXIT.hvc : EXIT.smc);
  }
  /** Cache maintenance of an address that translates; anything else is left to the exact service. */
  function maintained(name: ServiceName, address: bigint): boolean {
    if (!seat.walk(address, cpu.el === 0 ? WALK.asEl0 : 0)) return false;
    if (name !== 'IC_IVAU') return true;
    const linear = ctx.memory.linearOf(cpu.walkAddress);
    if (linear === null) return true;
    forgetCode(linear);
    ctx.ports.maintainOthers(name, BigInt(linear & ~63));
    return true;
  }
  /** With PSTATE.IL set the next fetch must be looked at, so its page is not to be found. */
  function forgetFetch(): void { ctx.tlb.fetch[fetchIndex(cpu.pc) * 2] = 0n; }
  /** Checks and QC leave the instruction unfinished; ERET has gone elsewhere; the others end it. */
  function service(_cpu: number, number: number, argument: bigint): number {
    const name = SERVICES[number]!;
    seat.beforePorts();
    if (BY_ADDRESS.has(name) && maintained(name, argument)) return 0;
    const outcome = runService(ctx, name, BigInt.asUintN(64, argument));
    if (isTrap(outcome)) return seat.trapped(outcome);
    if (name.startsWith('CHECK_') || name === 'SET_QC') return 0;
    if (name !== 'ERET') seat.next();
    else if (cpu.il) forgetFetch();
    return outcome ? seat.left(outcome.exit) : seat.finished();
  }
  function readRegister(_cpu: number, number: number): number {
    seat.beforePorts();
    const value = readSystem(ctx, SYSTEM_REGISTERS[number]!);
    if (typeof value !== 'bigint') return seat.trapped(value);
    cpu.scratch[0] = value;
    return 0;
  }
  function writeRegister(_cpu: number, number: number): number {
    seat.tellRetired();
    const trap = writeSystem(ctx, SYSTEM_REGISTERS[number]!, cpu.scratch[0]!);
    if (trap) return seat.trapped(trap);
    wrote();
    seat.next();
    return seat.finished();
  }
  function fp(_cpu: number, number: number, ...values: bigint[]): bigint {
    const { value, flags } = evaluateFp(fpOps[number]!, values.map(v => BigInt.asUintN(64, v)), Number(cells.FPCR));
    if (flags) cells.FPSR |= BigInt(flags);
    return BigInt.asIntN(64, value);
  }
  const misalignedStack = (): number => ((cpu.spChecked >> cpu.el) & 1 ? seat.trapped(SP_MISALIGNED) : 0);
  return { exception, service, readSystem: readRegister, writeSystem: writeRegister, fp, misalignedStack };
}
