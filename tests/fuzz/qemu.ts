/** The driver for qemu-aarch64 in user mode, through `harness.c`. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Case, decodeOutcome, type Driver, encodeCases, type Outcome, pattern, RESULT_BYTES } from './records.ts';

const SOURCE = join(import.meta.dirname, 'harness.c');
const FOLDER = join(import.meta.dirname, '../../build/fuzz'),
  PROGRAM = join(FOLDER, 'harness');
const BATCH = 1000;

function build(): void {
  if (existsSync(PROGRAM) && statSync(PROGRAM).mtimeMs > statSync(SOURCE).mtimeMs) return;
  mkdirSync(FOLDER, { recursive: true });
  execFileSync('aarch64-linux-gnu-gcc', ['-static', '-Wl,-Ttext-segment=0x5500000000', '-O2', '-Wall', '-o', PROGRAM, SOURCE], {
    stdio: 'inherit',
  });
}

export function qemuDriver(): Driver {
  build();
  return {
    name: 'qemu',
    run(cases) {
      const outcomes: Outcome[] = [];
      for (let from = 0; from < cases.length; from += BATCH) outcomes.push(...runBatch(cases.slice(from, from + BATCH)));
      return outcomes;
    },
  };
}

function runBatch(cases: readonly Case[]): Outcome[] {
  const input = Buffer.concat([new Uint8Array(pattern.buffer), encodeCases(cases)]);
  const { stdout, status, signal } = spawnSync('qemu-aarch64', ['-cpu', 'max,sve=off,sme=off,pauth=off', PROGRAM], {
    input,
    maxBuffer: 1 << 28,
    timeout: 120_000,
  });
  const count = Math.floor(stdout.length / RESULT_BYTES);
  if (count !== cases.length || status !== 0) {
    const word = cases[count]?.word.toString(16);
    throw new Error(
      `qemu-aarch64 ended (${signal ?? status}) after ${count} of ${cases.length} cases; the next word is ${word}: exclude it or fix the harness`,
    );
  }
  return cases.map((_, i) => decodeOutcome(stdout.subarray(i * RESULT_BYTES, (i + 1) * RESULT_BYTES)));
}
