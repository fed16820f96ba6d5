/** Real answers for tests: single instructions run by qemu-aarch64 through src/floating-point/oracle.c, and words from llvm-mc. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../src/floating-point/oracle.c', import.meta.url));
const FOLDER = fileURLToPath(new URL('../../../build/oracle/', import.meta.url));
const PROGRAM = `${FOLDER}oracle`;
const COMPILER = 'aarch64-linux-gnu-gcc', EMULATOR = 'qemu-aarch64', ASSEMBLER = 'llvm-mc';

const has = (program: string) => spawnSync(program, ['--version']).status === 0;
/** Why tests against the oracle cannot run here, or false. */
export const oracleMissing = [COMPILER, EMULATOR, ASSEMBLER].every(has) ? false : `needs ${COMPILER}, ${EMULATOR} and ${ASSEMBLER}`;

/** Where `memory` lies while the instruction runs. */
export const MEMORY_ADDRESS = 0x2000_0000n;
/** Where the instruction stands. */
export const CODE_ADDRESS = 0x2000_1000n;

export interface State {
  readonly x: BigUint64Array;
  readonly v: BigUint64Array;
  fpcr: bigint;
  fpsr: bigint;
  /** N, Z, C and V in bits 31..28. */
  nzcv: bigint;
  readonly memory: Uint8Array;
}

const X = 16, V = 64, MEMORY = 512, STATE_BYTES = (X + V + 3) * 8 + MEMORY;

export const freshState = (): State =>
  ({ x: new BigUint64Array(X), v: new BigUint64Array(V), fpcr: 0n, fpsr: 0n, nzcv: 0n, memory: new Uint8Array(MEMORY) });
export const copyState = (s: State): State => ({ ...s, x: s.x.slice(), v: s.v.slice(), memory: s.memory.slice() });

function write(words: BigUint64Array, bytes: Uint8Array, s: State): void {
  words.set(s.x);
  words.set(s.v, X);
  words.set([s.fpcr, s.fpsr, s.nzcv], X + V);
  bytes.set(s.memory, (X + V + 3) * 8);
}

function read(buffer: ArrayBuffer, offset: number): State {
  const words = new BigUint64Array(buffer, offset, X + V + 3), after = offset + words.byteLength;
  return {
    x: words.slice(0, X), v: words.slice(X, X + V), fpcr: words[X + V]!, fpsr: words[X + V + 1]!, nzcv: words[X + V + 2]!,
    memory: new Uint8Array(buffer.slice(after, after + MEMORY)),
  };
}

function build(): void {
  if (existsSync(PROGRAM) && statSync(PROGRAM).mtimeMs > statSync(SOURCE).mtimeMs) return;
  mkdirSync(FOLDER, { recursive: true });
  const { status, stderr } = spawnSync(COMPILER, ['-static', '-O1', '-o', PROGRAM, SOURCE], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

/** Runs each word on its state; the states are answered in the same order. */
export function runOnOracle(requests: readonly { readonly word: number; readonly state: State }[]): State[] {
  build();
  const size = 8 + STATE_BYTES, input = new ArrayBuffer(size * requests.length);
  requests.forEach(({ word, state }, i) => {
    new DataView(input).setBigUint64(i * size, BigInt(word >>> 0), true);
    write(new BigUint64Array(input, i * size + 8, X + V + 3), new Uint8Array(input, i * size + 8, STATE_BYTES), state);
  });
  const { status, signal, stdout } = spawnSync(EMULATOR, ['-cpu', 'max', PROGRAM], { input: new Uint8Array(input), maxBuffer: 1 << 30 });
  assert.deepEqual([status, signal], [0, null], 'the oracle ran to its end');
  const output = new Uint8Array(stdout).buffer;
  assert.equal(output.byteLength, STATE_BYTES * requests.length);
  return requests.map((_, i) => read(output, i * STATE_BYTES));
}

/** The words of lines of assembly. */
export function assemble(lines: readonly string[]): number[] {
  const { stdout, stderr, status } = spawnSync(ASSEMBLER, ['-triple=aarch64', '-mattr=+v8.2a,+fullfp16', '--show-encoding'], {
    input: lines.join('\n'), encoding: 'utf8', maxBuffer: 1 << 28,
  });
  assert.equal(status, 0, stderr);
  return [...stdout.matchAll(/encoding: \[(.*?)\]/g)].map(m =>
    m[1]!.split(',').reduce((word, byte, i) => (word | (Number(byte) << (8 * i))) >>> 0, 0));
}
