/** The index of A64 by encoding: its classes share no word, every row lies in one, and what has no row is what llvm-mc takes it for. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { A64 } from '../a64/index.ts';
import { cpuModels } from '../cpu-models.ts';
import { decoder, encode } from '../decode.ts';
import { FEATURES } from '../features.ts';
import type { Pattern } from '../pattern.ts';
import { randomFrom, sampleFields } from '../sampling.ts';
import { claims } from './class.ts';
import { absentAt, ENCODING_CLASSES, encodingClassOf } from './index.ts';
import { classesOf, linesOf, partsOf, randomWordOf, supportOf } from './support.ts';

const seed = Number(process.env['HYPNOS_SEED'] ?? 20_261_122);
const ALL = new Set(FEATURES), decode = decoder(A64, ALL);

const meet = (a: Pattern, b: Pattern): boolean => ((a.match ^ b.match) & a.mask & b.mask) === 0;
/** Whether every word of both patterns is one of `cover`. */
const coversBoth = (cover: Pattern, a: Pattern, b: Pattern): boolean =>
  (cover.mask & ~(a.mask | b.mask)) === 0 && ((cover.match ^ (a.match | b.match)) & cover.mask) === 0;

test('no two classes have a word in common', () => {
  for (const [i, a] of ENCODING_CLASSES.entries()) {
    for (const b of ENCODING_CLASSES.slice(i + 1)) {
      if (!meet(a.pattern, b.pattern)) continue;
      assert.ok([...a.except, ...b.except].some(cover => coversBoth(cover, a.pattern, b.pattern)), `${a.name} / ${b.name}`);
    }
  }
});

/** Rows with a field for what the manual makes two classes of. */
const TWO_CLASSES: ReadonlySet<string> = new Set([
  'LDR, STR, LDRB, LDRSB, LDRH, LDRSH, LDRSW (pre- and post-index)', 'LDP, STP, LDPSW (pre- and post-index)',
  'LDR, STR (immediate, SIMD&FP, pre- and post-index)', 'LDP, STP (SIMD&FP, pre- and post-index)',
]);

test('every row lies in one class, or in two where it is pre- and post-index at once', () => {
  for (const row of A64) assert.equal(classesOf(row).length, TWO_CLASSES.has(row.name) ? 2 : 1, row.name);
  const words = A64.flatMap(row => [...sampleFields(row, 2)].map(fields => encode(row, fields)));
  assert.deepEqual(words.filter(word => decode(word) && !encodingClassOf(word)).map(word => word.toString(16)), []);
});

test('what has no row lies in its class, is one thing only, and is UNDEFINED with every feature there is', t => {
  const random = randomFrom(seed);
  t.diagnostic(`seed ${seed} (HYPNOS_SEED)`);
  for (const each of ENCODING_CLASSES) {
    for (const gone of each.absent) for (const pattern of gone.patterns) {
      for (let i = 0; i < 200; i++) {
        const word = ((((random(0x10000) << 16) | random(0x10000)) & ~pattern.mask) | pattern.match) >>> 0, where = `${gone.names}: ${word.toString(16)}`;
        assert.equal(encodingClassOf(word)?.name, each.name, where);
        assert.equal(decode(word), null, where);
        // The manual takes BRAAZ out of BRAA, and so on: the first that claims it has it.
        assert.ok(absentAt(each, word) === gone || each.absent.indexOf(absentAt(each, word)!) < each.absent.indexOf(gone), where);
      }
    }
  }
});

test('rows of several parts have just these', () => {
  for (const row of A64) {
    const seen = new Set([...sampleFields(row, 4)].map(fields => encode(row, fields)).filter(word => decode(word)?.row === row).map(word => supportOf(word, ALL)));
    assert.deepEqual([...seen].sort(), partsOf(row).map(([, support]) => support).sort(), row.name);
  }
});

test('random words of each class are of one of its lines, on every model', () => {
  const random = randomFrom(seed);
  for (const each of ENCODING_CLASSES) {
    const lines = linesOf(each);
    for (let i = 0; i < 300; i++) {
      const word = randomWordOf(each, random);
      if (word === null) continue;
      const row = decode(word)?.row, gone = absentAt(each, word);
      const names = row ? partsOf(row).map(([name]) => name) : [gone?.names ?? 'everything else'];
      const line = lines.filter(one => names.includes(one.names));
      assert.ok(line.length > 0, `${each.name}: ${word.toString(16)} is none of its lines`);
      for (const { features } of Object.values(cpuModels)) assert.ok(line.some(one => one.support(features) === supportOf(word, features)), `${each.name}: ${word.toString(16)}`);
    }
  }
});

/** The newest llvm-mc there is, with every extension it has; `HYPNOS_LLVM_MC` names another. */
function llvm(words: readonly number[]): (string | null)[] {
  const program = process.env['HYPNOS_LLVM_MC'] ?? 'llvm-mc', folder = mkdtempSync(join(tmpdir(), 'hypnos-classes-'));
  try {
    const file = join(folder, 'words');
    writeFileSync(file, words.map(w => `${[0, 8, 16, 24].map(by => `0x${((w >>> by) & 255).toString(16)}`).join(' ')}\n`).join(''));
    const help = spawnSync(program, ['-triple=aarch64', '-mattr=help', '--disassemble', '/dev/null'], { encoding: 'utf8' });
    const extensions = [...help.stderr.split('Available features')[1]!.matchAll(/^ {2}(\S+) +- /gm)].map(([, name]) => `+${name}`);
    assert.ok(extensions.length > 50, help.stderr.slice(0, 200));
    const { stdout, stderr } = spawnSync(program, ['-triple=aarch64', `-mattr=${extensions.join()}`, '--disassemble', file], { encoding: 'utf8', maxBuffer: 2 ** 28 });
    const invalid = new Set([...stderr.matchAll(/words:(\d+):\d+: warning: invalid/g)].map(match => Number(match[1]) - 1));
    const texts = stdout.split('\n').filter(line => /^\t[^.]/.test(line)).map(line => line.trim().replace(/\t/g, ' '));
    assert.equal(texts.length, words.length - invalid.size, stderr.slice(0, 500));
    let next = 0;
    return words.map((_, i) => (invalid.has(i) ? null : texts[next++]!));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What llvm-mc has a text for, and is unallocated by our table all the same. */
const NOT_INSTRUCTIONS: readonly (readonly [RegExp, string])[] = [
  [/^(msr|mrs|sys|sysl|sysp|msrr|mrrs|at|dc|ic|tlbi|cfp|cpp|dvp|cosp|tlbip|gcs\w*) /, 'system registers and operations: those that are here are in system-registers.md, and there alone'],
  [/^(cfinv|xaflag|axflag|sb)$/, 'with CRm other than zero: CONSTRAINED UNPREDICTABLE, and UNDEFINED here as in QEMU'],
];

let drawnTexts: readonly (readonly [word: number, text: string | null])[] | undefined;
/** Every drawn word with what llvm-mc takes it for. */
function judged(): readonly (readonly [word: number, text: string | null])[] {
  if (drawnTexts) return drawnTexts;
  const words = [...drawn()], texts = llvm(words);
  return (drawnTexts = words.map((word, i) => [word, texts[i]!]));
}

/** Random words of a class, and of its instructions without a row, some with registers at their extremes. */
function* drawn(): Generator<number> {
  const random = randomFrom(seed), bits = () => ((random(0x10000) << 16) | random(0x10000)) >>> 0;
  for (const { pattern, absent } of ENCODING_CLASSES) {
    for (let i = 0; i < 400; i++) yield (([bits(), bits() | 31, bits() & bits(), bits() | bits()][i % 4]! & ~pattern.mask) | pattern.match) >>> 0;
    for (const { patterns } of absent) for (const { mask, match } of patterns) for (let i = 0; i < 10; i++) yield ((bits() & ~mask) | match) >>> 0;
  }
  for (let i = 0; i < 40_000; i++) yield bits();
}

test('words that llvm-mc knows and we have no row for are of an instruction the table names', t => {
  t.diagnostic(`seed ${seed} (HYPNOS_SEED)`);
  const wrong: string[] = [];
  for (const [word, text] of judged()) {
    const each = encodingClassOf(word);
    if (text === null || decode(word) || (each && absentAt(each, word)) || NOT_INSTRUCTIONS.some(([pattern]) => pattern.test(text))) continue;
    wrong.push(`${word.toString(16)} in ${each?.name ?? 'no class'}: ${text}`);
  }
  assert.deepEqual(wrong.slice(0, 20), [], `${wrong.length} of ${judged().length}`);
});

test('words we have a row for are instructions to llvm-mc', () => {
  const wrong = judged().filter(([word, text]) => text === null && decode(word)).map(([word]) => `${word.toString(16)}: ${decode(word)!.row.name}`);
  assert.deepEqual(wrong.slice(0, 20), [], `${wrong.length}`);
});

/** Mnemonics of an absent line: its words in capitals; `*` stands for any ending, and orderings (A, L, AL) may follow. */
function isNamed(names: string, text: string): boolean {
  const mnemonic = text.split(/[ .]/)[0]!;
  return names.replace(/\(.*?\)/g, '').split(/[ ,]+/).some(name => mnemonic === name.toLowerCase().replace(/\*/, '') || (name.length > 2 && mnemonic.startsWith(name.toLowerCase().replace(/\*|\.cond/, ''))));
}

test('an instruction without a row is what llvm-mc reads there, where it knows it at all', () => {
  const wrong = new Map<string, string>();
  for (const [word, text] of judged()) {
    const each = encodingClassOf(word), gone = each && absentAt(each, word);
    if (!gone || text === null || gone.names === 'all of it' || /^(sysl?|sysp|msr|mrs) /.test(text) || isNamed(gone.names, text)) continue;
    wrong.set(text.split(' ')[0]!, `${word.toString(16)}: llvm-mc says ${text}, the table ${gone.names}`);
  }
  assert.deepEqual([...wrong.values()], []);
});

test('the classes of SVE and SME fill their part of the encoding space', () => {
  const random = randomFrom(seed);
  for (let i = 0; i < 100_000; i++) {
    const bits = ((random(0x10000) << 16) | random(0x10000)) >>> 0, word = ((bits & ~(15 << 25)) | (i & 1 ? 2 << 25 : 0x8000_0000)) >>> 0;
    assert.match(encodingClassOf(word)?.name ?? 'none', i & 1 ? /^SVE/ : /^SME/, word.toString(16));
  }
});

test('a word of no class is UNDEFINED', () => {
  const random = randomFrom(seed);
  for (let i = 0; i < 200_000; i++) {
    const word = ((random(0x10000) << 16) | random(0x10000)) >>> 0;
    if (encodingClassOf(word) === null) assert.equal(decode(word), null, word.toString(16));
  }
  assert.ok(ENCODING_CLASSES.every(each => claims(each.pattern, each.pattern.match)));
});
