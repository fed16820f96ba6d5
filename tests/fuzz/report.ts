/** A difference as a test file that runs it again on every engine, shrunk first. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { disassemble } from '@hypnos/isa';
import { Bench } from './bench.ts';
import { decode } from './encodings.ts';
import type { Difference } from './fuzz.ts';
import type { Program } from './layout.ts';
import { namesOf } from './replay.ts';
import { NOP, shrink } from './shrink.ts';

const ROOT = join(import.meta.dirname, '..', '..'), FOLDER = 'build/fuzz/differences';

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;
const text = (word: number): string => {
  const decoded = decode(word);
  return decoded ? disassemble(decoded) : 'unallocated';
};

/** The instructions that matter, on one line. */
function gist({ words, body }: Program): string {
  const all = [...words.subarray(0, body)].filter(word => word !== NOP).map(text);
  return all.length > 8 ? `${all.slice(0, 8).join('; ')}; and ${all.length - 8} more` : all.join('; ');
}

export function testFile(seed: number, { program, engine, lines }: Difference): string {
  const { words, runs, body, ...rest } = program, kept = { ...rest, body };
  return `/** Found by tests/fuzz with seed ${seed}: the reference engine and ${engine} differ. */
import { test } from 'node:test';
import { assertAlike } from '../../../tests/fuzz/replay.ts';

// reference / ${engine}:
${lines.slice(0, 20).map(line => `//   ${line}`).join('\n')}
test(${JSON.stringify(gist(program))}, () => assertAlike({
${Object.entries(kept).map(([name, value]) => `  ${name}: ${value},`).join('\n')}
  words: [
${Array.from(words, (word, i) => `    ${hex(word)},${i < body ? ` // ${text(word)}` : ''}`).join('\n')}
  ],
  states: [
${runs.map(registers => `    { ${Object.entries(namesOf(registers)).map(([name, value]) => `${name}: ${hex(value)}n`).join(', ')} },`).join('\n')}
  ],
}));
`;
}

const MOST = 5;
let bench: Bench | undefined;

/** Shrinks the first few differences and writes their test files; answers what to print. */
export function describeAll(seed: number, differences: readonly Difference[]): string[] {
  if (differences.length) mkdirSync(join(ROOT, FOLDER), { recursive: true });
  return differences.slice(0, MOST).map((difference, i) => {
    const small = shrink((bench ??= new Bench()), difference), file = `${FOLDER}/seed-${seed}-${i}-${difference.engine}.test.ts`, content = testFile(seed, small);
    writeFileSync(join(ROOT, file), content);
    return [`reference / ${small.engine}: ${gist(small.program)}`, ...small.lines.slice(0, 8).map(line => `  ${line}`), `again: node --test ${file}`, content].join('\n');
  });
}
