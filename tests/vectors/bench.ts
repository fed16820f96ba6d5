/** Runs one instruction over records of operands, as a program. */
import { assemble } from '@hypnos/isa';
import { computer, DATA, type EngineName } from './computer.ts';
import { RECORD_BYTES } from './generator.ts';

const IN = DATA, OUT = DATA + 0x80_0000n;

/** Records that fit at once. */
export const MOST_RECORDS = 65_536;
/** v3, x6, FPSR and NZCV, 64 bits each of the last three, and as much again of nothing. */
export const ANSWER_BYTES = 48;

/** x0 and x1 walk over records and answers, x2 counts, x3 is FPSR before each. */
const PROGRAM: Uint32Array = assemble(`
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
    hvc #0`).words;
/** The instruction takes the place of the NOP. */
const PLACE = PROGRAM.indexOf(0xd503_201f);

const words = new Map<string, number>();
/** The encoding of one instruction. */
export function wordOf(instruction: string): number {
  const word = words.get(instruction) ?? assemble(instruction).words[0]!;
  words.set(instruction, word);
  return word;
}

export interface Bench {
  readonly name: EngineName;
  /** The answers to `records` by one instruction, with FPSR as given before each. Good until the next run. */
  run(instruction: string, records: Uint8Array, fpsr: number): BigUint64Array;
  /** How often the exact unit was asked, in all. */
  asked(): number;
}

export function bench(name: EngineName): Bench {
  const { code, bytes, run, asked } = computer(name);
  code.set(PROGRAM);
  return {
    name, asked,
    run(instruction, records, fpsr) {
      const count = records.length / RECORD_BYTES;
      code[PLACE] = wordOf(instruction);
      bytes(IN, records.length).set(records);
      run(IN, OUT, BigInt(count), BigInt(fpsr));
      const answers = bytes(OUT, count * ANSWER_BYTES);
      return new BigUint64Array(answers.buffer as ArrayBuffer, answers.byteOffset, answers.length / 8);
    },
  };
}
