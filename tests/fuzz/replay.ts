/** Cases as test files write them: a program and its states, run on every engine. */
import assert from 'node:assert/strict';
import { Bench, type Finding } from './bench.ts';
import { named } from './compare.ts';
import { control, freshRegisters, FPSR_AT, NZCV_AT, type Program, type Registers, SP_AT, V_AT } from './layout.ts';

export interface Case extends Omit<Program, 'words' | 'runs'> {
  readonly words: readonly number[];
  /** Registers by name: x0 to x30, sp, nzcv, fpcr, fpsr, v0 to v31. What is not named is zero. */
  readonly states: readonly Readonly<Record<string, bigint>>[];
}

export function registersNamed(state: Readonly<Record<string, bigint>>): Registers {
  const registers = freshRegisters();
  for (const [name, value] of Object.entries(state)) {
    const number = Number(name.slice(1));
    if (name === 'sp') registers[SP_AT] = value;
    else if (name === 'fpsr') registers[FPSR_AT] = value;
    else if (/^x\d+$/.test(name)) registers[number] = value;
    else if (/^v\d+$/.test(name)) registers.set([value, value >> 64n], V_AT + number * 2);
  }
  registers[NZCV_AT] = control(Number(state['nzcv'] ?? 0n), Number(state['fpcr'] ?? 0n));
  return registers;
}
/** The other way round, without what is zero. */
export const namesOf = (registers: Registers): Record<string, bigint> => Object.fromEntries([...named(registers)].filter(([, value]) => value !== 0n));

export function findings({ words, states, ...rest }: Case, bench: Bench = new Bench()): Finding[] {
  return bench.findings({ ...rest, words: Uint32Array.from(words), runs: states.map(registersNamed) });
}

/** Fails unless the reference engine, the interpreter (functions and in line) and, where it may be asked, QEMU leave the same state. */
export function assertAlike(c: Case): void { assert.deepEqual(findings(c), []); }
