/** SIMD and FP rows against llvm-mc, both ways: what it decodes we decode, with its text, and nothing more. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { ambiguities, decoder, encode } from '../decode.ts';
import { disassemble } from '../disassemble.ts';
import { FEATURES } from '../features.ts';
import { formNumber, formsOf } from '../forms.ts';
import { randomFrom, sampleFields } from '../sampling.ts';
import { SIMD_AND_FP } from './simd-and-fp.ts';

const decode = decoder(SIMD_AND_FP, new Set(FEATURES));
const EXTENSIONS = '+neon,+fp-armv8,+aes,+sha2,+sha3,+rdm,+dotprod,+fullfp16,+jsconv,+complxnum,+fptoint,+fp16fml';
const LLVM_OPTIONS = ['--disassemble', '-triple=aarch64', `-mattr=${EXTENSIONS}`];
const available = spawnSync('llvm-mc', ['--version']).status === 0;

/** llvm-mc's text of each word, or null where it knows none. */
function llvm(words: readonly number[]): (string | null)[] {
  const bytes = (w: number) => [0, 8, 16, 24].map(s => `0x${((w >>> s) & 255).toString(16)}`).join(' ');
  const input = words.map(bytes).join('\n');
  const { stdout, stderr } = spawnSync('llvm-mc', LLVM_OPTIONS, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  const bad = new Set([...stderr.matchAll(/<stdin>:(\d+):\d+: warning: invalid instruction encoding/g)].map(m => Number(m[1]) - 1));
  const lines = stdout.split('\n').filter(line => line.startsWith('\t') && !line.startsWith('\t.'));
  let at = 0;
  return words.map((_, i) => (bad.has(i) ? null : lines[at++]!.trim().replace(/\t/g, ' ').replace(/\s*\/\/.*$/, '')));
}

/** Immediates as numbers, so that #0x10 and #16 are the same. */
const normal = (text: string) => text.replace(/#(-?)0x([0-9a-f]+)/g, (_, sign: string, digits: string) =>
  `#${sign}${BigInt(`0x${digits}`)}`).replace(/\s+/g, ' ');

function differences(words: readonly number[]): string[] {
  return llvm(words).flatMap((theirs, i) => {
    const word = words[i]!, decoded = decode(word), ours = decoded && disassemble(decoded);
    if (ours === null && theirs === null) return [];
    if (ours !== null && theirs !== null && normal(ours) === normal(theirs)) return [];
    return [`${(word >>> 0).toString(16).padStart(8, '0')} llvm: ${theirs}, ours: ${ours} (${decoded?.row.name})`];
  });
}

/** Load/store with bit 26 set, and data processing with bits 27..25 all ones (DDI 0487 C4.1). */
const inSpace = (word: number) => ((word >>> 25) & 7) === 7 || (((word >>> 25) & 7) === 6 && ((word >>> 27) & 1) === 1);

test('no two rows claim one word', () => {
  assert.deepEqual(ambiguities(SIMD_AND_FP).map(([a, b]) => `${a.name} / ${b.name}`), []);
});

test('samples of every row read as llvm-mc reads them', { skip: !available }, () => {
  const words = SIMD_AND_FP.flatMap(row => [...sampleFields(row, 4)].map(fields => encode(row, fields)));
  assert.deepEqual(differences(words).slice(0, 40), []);
});

test('random words of the SIMD and FP space are known exactly where llvm-mc knows them', { skip: !available }, () => {
  const random = randomFrom(2), words: number[] = [];
  while (words.length < 100_000) {
    const word = (random(0x10000) * 0x10000 + random(0x10000)) >>> 0;
    if (inSpace(word)) words.push(word);
  }
  assert.deepEqual(differences(words).slice(0, 40), []);
  const decoded = words.map(decode).filter(d => d !== null);
  assert.ok(decoded.length > words.length / 10, 'the words meet rows');
  const unknown = decoded.filter(d => !formsOf(d.row).some(form => form.number === formNumber(d)));
  assert.deepEqual(unknown.map(d => `${d.row.name} ${JSON.stringify(d.form)}`), [], 'every word has one of its row\'s forms');
});
