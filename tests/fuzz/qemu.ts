/** QEMU's user mode, through `harness.c`: a batch of programs at a time, in a process of its own. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ENDS_AT_ONCE, pattern, type Program, RECORD, recordBytes } from './layout.ts';
import { poolOf } from './values.ts';

const SOURCE = join(import.meta.dirname, 'harness.c'), FOLDER = join(import.meta.dirname, '../../build/fuzz'), HARNESS = join(FOLDER, 'harness');
/** The features of QEMU that our rows do not have are switched off, where that can be done. */
const MAX = 'max,sve=off,sme=off,pauth=off';
const MILLISECONDS = 600_000;

function build(): void {
  if (existsSync(HARNESS) && statSync(HARNESS).mtimeMs > statSync(SOURCE).mtimeMs) return;
  mkdirSync(FOLDER, { recursive: true });
  const made = `${HARNESS}.${process.pid}`;
  execFileSync('aarch64-linux-gnu-gcc', ['-static', '-Wl,-Ttext-segment=0x5500000000', '-O2', '-Wall', '-Wextra', '-o', made, SOURCE], { stdio: 'inherit' });
  renameSync(made, HARNESS);
}

/** The records of each program's runs. `ended` says how the process ended where it did so before the last of them. */
export interface QemuBatch { readonly records: Uint8Array[][]; readonly ended: string | null }

function encode(programs: readonly Program[]): Uint8Array {
  const parts: Uint8Array[] = [new Uint8Array(pattern.buffer)];
  let poolSeed: number | undefined;
  for (const { at, words, body, resume, runs, poolSeed: seed } of programs) {
    parts.push(new Uint8Array(Uint32Array.of(at, words.length, body, resume === ENDS_AT_ONCE ? 0xffff_ffff : resume, runs.length, seed === poolSeed ? 0 : 1).buffer));
    if (seed !== poolSeed) parts.push(new Uint8Array(poolOf(seed).slice().buffer));
    poolSeed = seed;
    parts.push(new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
    for (const registers of runs) parts.push(new Uint8Array(registers.buffer));
  }
  return Buffer.concat(parts);
}

export function runOnQemu(programs: readonly Program[], cpu: string = MAX): QemuBatch {
  build();
  const { stdout, status, signal } = spawnSync('qemu-aarch64', ['-cpu', cpu, HARNESS], { input: encode(programs), maxBuffer: 1 << 30, timeout: MILLISECONDS });
  const view = new DataView(stdout.buffer, stdout.byteOffset, stdout.byteLength), records: Uint8Array[][] = [];
  let at = 0;
  const next = (): Uint8Array | null => {
    if (at + RECORD.lists > stdout.length) return null;
    const length = recordBytes(view.getUint32(at, true), view.getUint32(at + RECORD.changes, true));
    if (at + length > stdout.length) return null;
    at += length;
    return stdout.subarray(at - length, at);
  };
  for (const { runs } of programs) {
    const found: Uint8Array[] = [];
    for (let record = next(); record; record = found.length < runs.length ? next() : null) found.push(record);
    records.push(found);
  }
  return { records, ended: status === 0 ? null : `qemu-aarch64 ended with ${signal ?? status}` };
}
