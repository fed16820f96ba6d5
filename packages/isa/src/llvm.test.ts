/** Decoding and text against llvm-mc: random words of every class, the C library's and the guest kernel's instructions. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { A64 } from './a64/index.ts';
import { decoder } from './decode.ts';
import { disassemble } from './disassemble.ts';
import { FEATURES } from './features.ts';
import { randomFrom } from './sampling.ts';
import { SYSTEM_REGISTERS } from './system-registers.ts';

const decode = decoder(A64, new Set(FEATURES));
const EXTENSIONS = '+v8.5a,+lse,+crc,+rand,+lor,+wfxt,+rcpc-immo,+tlb-rmi,+flagm,+altnzcv,+ssbs,+sb,+dit,+ccpp,+ccdp,+predres,+ras';

/** Texts by llvm-mc, null where it knows no instruction. */
function llvm(words: readonly number[]): (string | null)[] {
  const folder = mkdtempSync(join(tmpdir(), 'hypnos-llvm-'));
  try {
    const file = join(folder, 'words');
    writeFileSync(file, words.map(w => `${[0, 8, 16, 24].map(by => `0x${((w >>> by) & 255).toString(16)}`).join(' ')}\n`).join(''));
    const { error, stdout, stderr } = spawnSync('llvm-mc', ['-triple=aarch64', `-mattr=${EXTENSIONS}`, '--disassemble', file], { encoding: 'utf8', maxBuffer: 2 ** 28 });
    assert.equal(error, undefined, 'llvm-mc is missing (Debian package llvm); npm test installs it');
    const invalid = new Set([...stderr.matchAll(/words:(\d+):\d+: warning: invalid/g)].map(match => Number(match[1]) - 1));
    const texts = stdout.split('\n').filter(line => /^\t[^.]/.test(line)).map(line => line.trim().replace(/\t/g, ' ').replace(/\s*\/\/.*$/, '').toLowerCase());
    assert.equal(texts.length, words.length - invalid.size, stderr.slice(0, 500));
    let next = 0;
    return words.map((_, i) => (invalid.has(i) ? null : texts[next++]!));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What llvm-mc has a text for and this CPU UNDEFINED, with the reason. */
const UNDEFINED_HERE: readonly (readonly [RegExp, string])[] = [
  [/^(mrs|msr) .*\bs[0-3]_\d_c\d+_c\d+_\d\b/, 'a system register nobody has named'],
  [/^(mrs|msr) .*_el[123]2?\b/, 'a system register of a feature or exception level this CPU does not have, or not in this direction'],
  [/^(mrs|msr) /, 'a system register this CPU does not have'],
  [/^sysl? /, 'a system operation nobody has named'],
  [/^(tlbi|at) .*e[23]|^tlbi .*ipas2/, 'maintenance of EL2 and EL3'],
  [/^(dc|ic|at|tlbi) /, 'maintenance of features this CPU does not have'],
  [/^(ldraa|ldrab|retaa|retab|eretaa|eretab|br[ab]|blr[ab]|braa|brab|blraa|blrab|pac|aut|xpac)/, 'FEAT_PAuth'],
  [/^(irg|gmi|subp|subps|addg|subg|ldg|stg|st2g|stzg|stz2g|stgp|ldgm|stgm|stzgm)\b/, 'FEAT_MTE'],
  [/^dcps[123]/, 'halting debug state'],
  [/^drps$/, 'halting debug state'],
  [/^(cfinv|xaflag|axflag)$/, 'with CRm other than zero: CONSTRAINED UNPREDICTABLE, and UNDEFINED as in QEMU'],
];

const names = new Map(SYSTEM_REGISTERS.map(({ at: [op0, op1, n, m, op2], name }) => [`s${op0}_${op1}_c${n}_c${m}_${op2}`, name.toLowerCase()]));
/** Registers younger than llvm-mc 14 go by their numbers there. */
const named = (text: string) => text.replace(/\bs[23]_\d_c\d+_c\d+_\d\b/, name => names.get(name) ?? name);

function compare(words: readonly number[]): void {
  const theirs = llvm(words), differences: string[] = [];
  for (const [i, word] of words.entries()) {
    const decoded = decode(word), ours = decoded && disassemble(decoded), text = theirs[i]!;
    if (ours === (text && named(text)) || (ours === null && text !== null && UNDEFINED_HERE.some(([pattern]) => pattern.test(text)))) continue;
    differences.push(`${word.toString(16)}: llvm-mc says ${text}, we say ${ours}`);
  }
  assert.deepEqual(differences.slice(0, 20), [], `${differences.length} of ${words.length} differ`);
}

/** Bits 28..25 that are not Advanced SIMD, floating point or SVE (C4.1). */
const isBase = (word: number) => {
  const op0 = (word >>> 25) & 15;
  return op0 !== 2 && (op0 & 7) !== 7 && ((op0 & 5) !== 4 || ((word >>> 26) & 1) === 0);
};

/** Bits 28..24 of every class, so that each gets its share; system instructions have long constant parts and get more. */
const CLASSES = Array.from({ length: 32 }, (_, i) => (i << 24) >>> 0).filter(isBase);
const SYSTEM = 0xd500_0000;

test('random words are read as llvm-mc reads them', () => {
  const random = randomFrom(20_261_122), bits = () => ((random(0x10000) << 16) | random(0x10000)) >>> 0;
  const words: number[] = [];
  for (let i = 0; words.length < 20_000; i++) {
    const word = i % 5 === 0 ? SYSTEM | (bits() & 0x3f_ffff & (bits() | 0x1f)) : (bits() & 0xe0ff_ffff) | CLASSES[i % CLASSES.length]!;
    if (isBase(word >>> 0)) words.push(word >>> 0);
  }
  compare(words);
});

/** Words of the executable sections of an ELF file for AArch64. */
function textOf(bytes: Buffer): number[] {
  const start = Number(bytes.readBigUInt64LE(0x28)), size = bytes.readUInt16LE(0x3a), words = new Set<number>();
  for (let i = 0; i < bytes.readUInt16LE(0x3c); i++) {
    const header = start + i * size, executable = (bytes.readBigUInt64LE(header + 8) & 4n) !== 0n;
    if (!executable || bytes.readUInt32LE(header + 4) !== 1) continue;
    const at = Number(bytes.readBigUInt64LE(header + 24)), length = Number(bytes.readBigUInt64LE(header + 32));
    for (let k = 0; k < length; k += 4) words.add(bytes.readUInt32LE(at + k));
  }
  return [...words];
}

const LIBC = '/usr/aarch64-linux-gnu/lib/libc.so.6';

test('the C library is read as llvm-mc reads it', () => {
  assert.ok(existsSync(LIBC), `${LIBC} is missing (Debian package libc6-arm64-cross); npm test installs it with the cross compiler`);
  const words = textOf(readFileSync(LIBC));
  assert.ok(words.length > 10_000);
  compare(words);
});

const PACKAGES = fileURLToPath(new URL('../../../build/guest/debs', import.meta.url));

test('busybox is read as llvm-mc reads it', () => {
  const archive = existsSync(PACKAGES) ? readdirSync(PACKAGES).find(name => /^busybox-static_.*_arm64\.deb$/.test(name)) : undefined;
  assert.ok(archive, 'the arm64 package of busybox-static is missing in build/guest/debs; npm run guest fetches it');
  const files = execFileSync('dpkg-deb', ['--fsys-tarfile', join(PACKAGES, archive)], { maxBuffer: 2 ** 28 });
  const busybox = execFileSync('tar', ['-xO', './bin/busybox'], { input: files, maxBuffer: 2 ** 28 });
  const words = textOf(busybox);
  assert.ok(words.length > 10_000);
  compare(words);
});

const KERNEL = new URL('../../../build/guest/Image', import.meta.url);

test('the guest kernel is read as llvm-mc reads it', () => {
  assert.ok(existsSync(KERNEL), 'build/guest/Image is missing; npm run guest makes it');
  const bytes = readFileSync(KERNEL), words = new Set<number>();
  // The kernel's text is the first part of the image; data decodes too, and is compared no less.
  for (let at = 0; at < Math.min(bytes.length, 8 << 20); at += 4) words.add(bytes.readUInt32LE(at));
  compare([...words].filter(isBase));
});
