/** Makes a case smaller while it still differs: one state, instructions replaced by NOP, what is left moved together, registers replaced by zero. */
import type { Bench } from './bench.ts';
import type { Difference } from './fuzz.ts';
import type { Program, Registers } from './layout.ts';

export const NOP = 0xd503_201f;

const nameOf = (line: string): string => line.split(':')[0]!;

export function shrink(bench: Bench, { program, run, engine, lines }: Difference): Difference {
  const names = new Set(lines.map(nameOf));
  let best: Difference = { program: { ...program, runs: [program.runs[run]!] }, run: 0, engine, lines };
  /** Takes a candidate if it still differs, in nothing that did not differ before: a NOP may make quite another difference. */
  function take(candidate: Program): boolean {
    const found = bench.findings(candidate, engine).find(f => f.engine === engine);
    if (!found?.lines.every(line => names.has(nameOf(line)))) return false;
    best = { program: candidate, run: 0, engine, lines: found.lines };
    return true;
  }
  if (!take(best.program)) return { program, run, engine, lines };
  fewerInstructions();
  fewerRegisters();
  // What prepared registers that may be zero is not needed any more.
  fewerInstructions();
  return best;

  function fewerInstructions(): void {
    for (let size = 1 << Math.ceil(Math.log2(best.program.body)); size >= 1; size >>= 1) {
      for (let from = 0; from < best.program.body; from += size) {
        const words = best.program.words.slice(), to = Math.min(from + size, best.program.body);
        if (words.subarray(from, to).every(word => word === NOP)) continue;
        words.fill(NOP, from, to);
        // The count of instructions means nothing any more.
        const { count: _, ...rest } = best.program;
        take({ ...rest, words });
      }
    }
    for (const shorter of shortened) take(shorter(best.program));
  }
  function fewerRegisters(): void {
    for (let size = 128; size >= 1; size >>= 1) {
      const length = best.program.runs[0]!.length;
      for (let from = 0; from < length; from += size) {
        const registers = best.program.runs[0]!.slice() as Registers;
        if (registers.subarray(from, from + size).every(value => value === 0n)) continue;
        registers.fill(0n, from, from + size);
        take({ ...best.program, runs: [registers] });
      }
    }
  }
}

/** Shorter in ways that may take away what it needs (constants, branches), each to be tried. */
const shortened: readonly ((p: Program) => Program)[] = [
  // Nothing behind the last instruction but what ends the body.
  p => {
    const body = p.words.subarray(0, p.body).findLastIndex(word => word !== NOP) + 1;
    return { ...p, body, words: Uint32Array.of(...p.words.subarray(0, body), p.words[p.body] ?? 0) };
  },
  // Nothing in front of the first.
  p => {
    const first = Math.max(p.words.findIndex(word => word !== NOP), 0);
    return { ...p, at: p.at + first, body: p.body - first, words: p.words.slice(first) };
  },
  // Nothing between.
  p => {
    const left = p.words.subarray(0, p.body).filter(word => word !== NOP);
    return { ...p, body: left.length, words: Uint32Array.of(...left, ...p.words.subarray(p.body)) };
  },
];
