/** A difference as a text that shows it. */
import { disassemble } from '@hypnos/isa';
import { decode } from './encodings.ts';
import type { Difference } from './fuzz.ts';
import { CODE } from './layout.ts';

export function describe(seed: number, { program, run, engine, lines }: Difference): string {
  const listing = Array.from(program.words.subarray(0, program.body), (word, i) => {
    const decoded = decode(word);
    return `  0x${(CODE + BigInt((program.at + i) * 4)).toString(16)}  ${word.toString(16).padStart(8, '0')}  ${decoded ? disassemble(decoded) : 'unallocated'}`;
  });
  return [`seed ${seed}: reference / ${engine}, state ${run} of ${program.runs.length}`, ...listing, ...lines.slice(0, 20).map(line => `  ${line}`)].join('\n');
}
