/** Random code: any words from reset, and instructions of every row with registers full of addresses, at EL1 and at EL0. */
import { A64 } from '@hypnos/isa';
import { address } from '../addresses.ts';
import { instruction, msr, Program, registerNumber, TEXT } from '../program.ts';
import { ENTRY } from '../control.ts';
import type { Random } from '../random.ts';

/** Anything at all, and VBAR_EL1 at its reset value: the first exception ends in a loop of them. */
export function words(r: Random): Program {
  const program = new Program(r, false);
  for (let i = r.below(200); i > 0; i--) program.emit(r.word());
  return program;
}

const anything = (r: Random): bigint => (r.chance(2) ? address(r) : r.value());

function body(r: Random, program: Program, count: number): Program {
  for (let i = 0; i < count && program.room(40); i++) {
    if (r.chance(24)) program.registers(() => anything(r));
    program.emit(r.chance(8) ? r.word() : instruction(r, r.pick(A64)));
  }
  return program;
}

/** Rows at EL1; what is refused is skipped. */
export function rows(r: Random): Program {
  const program = new Program(r).registers(() => anything(r));
  return body(r, program, 20 + r.below(300));
}

/** The same at EL0, and with whatever PSTATE an exception return may ask for. */
export function unprivileged(r: Random): Program {
  const program = new Program(r),
    spsr = r.chance(4) ? r.value() : BigInt((r.below(16) << 28) | (r.below(16) << 6));
  program.registers(() => anything(r)).set('SPSR_EL1', spsr);
  const back = ENTRY + BigInt((program.length + 4) * 4);
  program.with1(back, msr(registerNumber('ELR_EL1')), TEXT.eret, TEXT.nop);
  return body(r, program, 20 + r.below(200));
}
