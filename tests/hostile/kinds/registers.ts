/** Random system-register accesses: every register there is and every encoding there could be, with system instructions between them. */
import { address } from '../addresses.ts';
import { mrs, msr, Program, REGISTER_NUMBERS, registerNumber, sys, TEXT } from '../program.ts';
import type { Random } from '../random.ts';

const encoding = (r: Random): number => (r.chance(4) ? 0x8000 | r.below(0x8000) : r.pick(REGISTER_NUMBERS));

export function registers(r: Random): Program {
  const program = new Program(r);
  for (let i = 10 + r.below(200); i > 0 && program.room(40); i--) {
    const value = r.chance(3) ? address(r) : r.value();
    if (r.chance(10)) program.with1(value, sys(r.below(0x4000)));
    else if (r.chance(3)) program.emit(mrs(encoding(r)));
    else program.with1(value, msr(encoding(r)));
  }
  return program;
}

const DEBUG = /^(DBG|MDSCR|OS[LDE]|PM|MDCC)/;
const chosen = (pattern: RegExp, names: readonly string[]): readonly number[] =>
  names.filter(name => pattern.test(name)).map(registerNumber);

/** Debug and performance monitors: breakpoints on the code that runs, counters about to overflow with their interrupt on, stepping. */
export function debugging(names: readonly string[]): (r: Random) => Program {
  const numbers = chosen(DEBUG, names);
  return r => {
    const program = new Program(r);
    program.set('OSLAR_EL1', 0n);
    if (r.chance(2))
      program
        .set('PMCR_EL0', BigInt(r.below(128)))
        .set('PMCNTENSET_EL0', r.wide())
        .set('PMINTENSET_EL1', r.wide())
        .set('PMCCNTR_EL0', 0xffff_ffff_ffff_ff00n);
    for (let i = 5 + r.below(100); i > 0 && program.room(40); i--) {
      const value = r.chance(2) ? address(r) : r.chance(2) ? r.value() : 0x1e7n | BigInt(r.below(0x4000));
      if (r.chance(6)) program.emit(mrs(r.pick(numbers)));
      else program.with1(value, msr(r.pick(numbers)));
      if (r.chance(10)) program.emit(TEXT.unmask);
      if (r.chance(10))
        program
          .set('MDSCR_EL1', r.wide() | 0xa001n)
          .set('SPSR_EL1', BigInt((r.below(2) << 21) | 5))
          .emit(TEXT.eret);
    }
    return program;
  };
}

/** Timers with deadlines now, soon, never and behind the end of time, and waits with and without an end. */
export function timers(names: readonly string[]): (r: Random) => Program {
  const numbers = chosen(/^CNT/, names);
  const WAITS = [TEXT.wfi, 0xd503_205f, 0xd503_1021, 0xd503_1001, 0xd503_203f] as const;
  return r => {
    const program = new Program(r),
      intids = BigInt(r.word());
    openInterrupts(program, intids);
    for (let i = 5 + r.below(60); i > 0 && program.room(60); i--) {
      const value = r.chance(3) ? BigInt(r.below(1000)) : r.chance(2) ? (1n << 64n) - BigInt(r.below(64)) : r.value();
      program.with1(value, msr(r.pick(numbers)));
      if (r.chance(3)) program.set(r.chance(2) ? 'CNTV_CTL_EL0' : 'CNTP_CTL_EL0', BigInt(r.below(4)));
      if (r.chance(3)) program.with2(0n, value, r.pick(WAITS));
      if (r.chance(8)) program.emit(TEXT.unmask);
    }
    return program;
  };
}

/** Lets interrupts through: distributor and CPU interface on, these private ones enabled, the mask open. */
export function openInterrupts(program: Program, intids: bigint): void {
  program.store(0x0800_0000n, 0x12n).store(0x080b_0080n, 0xffff_ffffn).store(0x080b_0100n, intids);
  program.set('ICC_PMR_EL1', 0xffn).set('ICC_IGRPEN1_EL1', 1n);
}
