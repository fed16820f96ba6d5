/** The generator: built by gcc with MPFR, asked for groups of vectors, which it answers as records. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Rounding } from '@hypnos/isa';
import type { Vectored } from './vectored.ts';

const FOLDER = join(import.meta.dirname, '../../build/vectors'), PROGRAM = join(FOLDER, 'generator');
const SOURCES = readdirSync(import.meta.dirname).filter(name => /\.[ch]$/.test(name)).map(name => join(import.meta.dirname, name));

/** FPCR and FPSR's bits, three registers, the result: 64 bits, 64 bits, 4 times 128 bits. */
export const RECORD_BYTES = 80;

export interface Group {
  readonly what: Vectored;
  /** `telling`, or every value of the operand's top bits from `start` on. */
  readonly draw: 'telling' | `all:${number}`;
  /** FPCR itself, drawn, or all modes by turns. */
  readonly fpcr: number | 'mixed' | 'turned';
  readonly seed: number;
  readonly start: number;
  readonly count: number;
}

function build(): void {
  const newest = Math.max(...SOURCES.map(source => statSync(source).mtimeMs));
  if (existsSync(PROGRAM) && statSync(PROGRAM).mtimeMs > newest) return;
  mkdirSync(FOLDER, { recursive: true });
  // Another process may be running the one that is there.
  const fresh = `${PROGRAM}.${process.pid}`;
  const sources = SOURCES.filter(name => name.endsWith('.c'));
  execFileSync('gcc', ['-std=gnu11', '-O2', '-Wall', '-o', fresh, ...sources, '-lmpfr', '-lgmp', '-lm'], { stdio: 'inherit' });
  renameSync(fresh, PROGRAM);
}

const ROUNDINGS: readonly (Rounding | 'odd')[] = ['tie-even', 'plus-infinity', 'minus-infinity', 'zero', 'tie-away', 'odd'];

const lineOf = ({ what, draw, fpcr, seed, start, count }: Group): string => [
  what.name, what.from, what.to, what.unsigned ? 1 : 0, ROUNDINGS.indexOf(what.rounding ?? 'fpcr'), what.fractionBits ?? 0, what.lanes,
  draw, fpcr, seed, start, count,
].join(' ');

const BATCH = 100_000;

/** The groups one by one, each with its records. */
export function* generate(groups: readonly Group[]): Generator<readonly [Group, Uint8Array]> {
  build();
  for (let from = 0, to = 0; from < groups.length; from = to) {
    for (let records = 0; to < groups.length && (to === from || records + groups[to]!.count <= BATCH); to++) records += groups[to]!.count;
    const batch = groups.slice(from, to), bytes = batch.reduce((sum, group) => sum + group.count * RECORD_BYTES, 0);
    const input = batch.map(group => `${lineOf(group)}\n`).join('');
    const { stdout, stderr, status, error } = spawnSync(PROGRAM, { input, maxBuffer: bytes + 1 });
    if (status !== 0 || stdout.length !== bytes) {
      throw new Error(`the generator ended with ${status} after ${stdout.length} of ${bytes} bytes: ${error ?? stderr}`);
    }
    let at = 0;
    for (const group of batch) yield [group, stdout.subarray(at, at += group.count * RECORD_BYTES)];
  }
}
