/** AES, SHA and polynomial multiplication against the worked examples of their standards. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { A64, assemble, decoder, FEATURES } from '@hypnos/isa';
import { bareOps } from '../../test/bare-ops.ts';
import { freshState, type State } from '../../test/oracle.ts';

const decode = decoder(A64, new Set(FEATURES));

function run(s: State, ...lines: readonly string[]): void {
  const ops = bareOps(s);
  for (const word of assemble(lines.join('\n')).words) {
    const { row, form, operands } = decode(word)!;
    row.does(ops, form, Object.fromEntries(Object.entries(operands).map(([name, o]) => [name, o.kind === 'imm' ? o.value : o])));
  }
}

/** Vectors in the order of memory, as standards print them; words of `size` bytes are big-endian there. */
const put = (s: State, n: number, value: bigint): void => {
  s.v[2 * n] = BigInt.asUintN(64, value);
  s.v[2 * n + 1] = value >> 64n;
};
const got = (s: State, n: number): bigint => s.v[2 * n]! | (s.v[2 * n + 1]! << 64n);
const reversed = (hex: string): bigint => BigInt(`0x${hex.match(/../g)!.reverse().join('')}`);
const shown = (value: bigint): string => value.toString(16).padStart(32, '0').match(/../g)!.reverse().join('');
/** Words, the first of them lowest. */
const vectorOf = (words: readonly bigint[], bits: number): bigint =>
  words.reduceRight((all, word) => (all << BigInt(bits)) | BigInt.asUintN(bits, word), 0n);
const wordsOf = (value: bigint, bits: number): bigint[] =>
  Array.from({ length: 128 / bits }, (_, i) => BigInt.asUintN(bits, value >> BigInt(bits * i)));
const hex = (words: readonly bigint[], bits: number): string => words.map(w => w.toString(16).padStart(bits / 4, '0')).join('');

/** FIPS 197 A.1: the key schedule of the cipher key 2b7e1516 28aed2a6 abf71588 09cf4f3c, and B's cipher with it. */
const ROUND_KEYS = [
  '2b7e151628aed2a6abf7158809cf4f3c', 'a0fafe1788542cb123a339392a6c7605', 'f2c295f27a96b9435935807a7359f67f',
  '3d80477d4716fe3e1e237e446d7a883b', 'ef44a541a8525b7fb671253bdb0bad00', 'd4d1c6f87c839d87caf2b8bc11f915bc',
  '6d88a37a110b3efddbf98641ca0093fd', '4e54f70e5f5fc9f384a64fb24ea6dc4f', 'ead27321b58dbad2312bf5607f8d292f',
  'ac7766f319fadc2128d12941575c006e', 'd014f9a8c9ee2589e13f0cc8b6630ca6',
].map(reversed);
const PLAIN = '3243f6a8885a308d313198a2e0370734', CIPHER = '3925841d02dc09fbdc118597196a0b32';

test('AESE and AESMC encipher the example of FIPS 197 B', () => {
  const s = freshState();
  put(s, 0, reversed(PLAIN));
  for (const [i, key] of ROUND_KEYS.slice(0, 10).entries()) {
    put(s, 1, key);
    run(s, 'aese v0.16b, v1.16b', ...(i < 9 ? ['aesmc v0.16b, v0.16b'] : []));
  }
  assert.equal(shown(got(s, 0) ^ ROUND_KEYS[10]!), CIPHER);
});

test('AESD and AESIMC decipher it again', () => {
  const s = freshState();
  put(s, 0, reversed(CIPHER));
  for (let i = 10; i > 0; i--) {
    put(s, 1, ROUND_KEYS[i]!);
    // The equivalent inverse cipher (5.3.5): keys between the first and the last are mixed too.
    run(s, ...(i < 10 ? ['aesimc v1.16b, v1.16b'] : []), 'aesd v0.16b, v1.16b', ...(i > 1 ? ['aesimc v0.16b, v0.16b'] : []));
  }
  assert.equal(shown(got(s, 0) ^ ROUND_KEYS[0]!), PLAIN);
});

/** "abc", padded to a block of sixteen words. */
const abc = (bits: number): bigint[] => [0x6162_6380n << BigInt(bits - 32), ...Array.from({ length: 14 }, () => 0n), 24n];
const constants = (text: string): bigint[] => text.trim().split(/\s+/).map(word => BigInt(`0x${word}`));

/** FIPS 180-4 4.2.1 and 5.3.1. */
const SHA1_ROUNDS = [['sha1c', 0x5a82_7999n], ['sha1p', 0x6ed9_eba1n], ['sha1m', 0x8f1b_bcdcn], ['sha1p', 0xca62_c1d6n]] as const;
const SHA1_INITIAL = constants('67452301 efcdab89 98badcfe 10325476 c3d2e1f0');

test('SHA-1 of "abc"', () => {
  const s = freshState();
  for (let i = 0; i < 4; i++) put(s, 16 + i, vectorOf(abc(32).slice(4 * i, 4 * i + 4), 32));
  put(s, 0, vectorOf(SHA1_INITIAL.slice(0, 4), 32));
  put(s, 1, SHA1_INITIAL[4]!);
  for (let i = 0; i < 20; i++) {
    const [hash, constant] = SHA1_ROUNDS[Math.floor(i / 5)]!, [w0, w1, w2, w3] = [0, 1, 2, 3].map(j => 16 + ((i + j) & 3));
    put(s, 3, vectorOf([constant, constant, constant, constant], 32));
    run(s, `add v3.4s, v3.4s, v${w0}.4s`, 'sha1h s4, s0', `${hash} q0, s1, v3.4s`, 'mov v1.16b, v4.16b',
      `sha1su0 v${w0}.4s, v${w1}.4s, v${w2}.4s`, `sha1su1 v${w0}.4s, v${w3}.4s`);
  }
  const words = [...wordsOf(got(s, 0), 32), wordsOf(got(s, 1), 32)[0]!].map((w, i) => BigInt.asUintN(32, w + SHA1_INITIAL[i]!));
  assert.equal(hex(words, 32), 'a9993e364706816aba3e25717850c26c9cd0d89d');
});

/** FIPS 180-4 5.3.5 and 4.2.3: fractions of the square and cube roots of primes; SHA-256's (5.3.3, 4.2.2) are their upper halves. */
const SHA512_INITIAL = constants(`6a09e667f3bcc908 bb67ae8584caa73b 3c6ef372fe94f82b a54ff53a5f1d36f1
  510e527fade682d1 9b05688c2b3e6c1f 1f83d9abfb41bd6b 5be0cd19137e2179`);
/** The first 64 bits of the fraction of a prime's cube root. */
function cubeRootFraction(prime: bigint): bigint {
  const cube = prime << 192n;
  let root = 0n;
  for (let bit = 1n << 68n; bit; bit >>= 1n) if ((root + bit) ** 3n <= cube) root += bit;
  return BigInt.asUintN(64, root);
}
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);
const PRIMES = upTo(410).filter(n => n > 1 && upTo(n).every(d => d < 2 || n % d));
const SHA512_CONSTANTS = PRIMES.slice(0, 80).map(p => cubeRootFraction(BigInt(p)));
const upper = (words: readonly bigint[]) => words.map(w => w >> 32n);

test('SHA-256 of "abc"', () => {
  const s = freshState(), initial = upper(SHA512_INITIAL), k = upper(SHA512_CONSTANTS);
  for (let i = 0; i < 4; i++) put(s, 16 + i, vectorOf(abc(32).slice(4 * i, 4 * i + 4), 32));
  put(s, 0, vectorOf(initial.slice(0, 4), 32));
  put(s, 1, vectorOf(initial.slice(4), 32));
  for (let i = 0; i < 16; i++) {
    const [w0, w1, w2, w3] = [0, 1, 2, 3].map(j => 16 + ((i + j) & 3));
    put(s, 3, vectorOf(k.slice(4 * i, 4 * i + 4), 32));
    run(s, `add v3.4s, v3.4s, v${w0}.4s`, 'mov v2.16b, v0.16b', 'sha256h q0, q1, v3.4s', 'sha256h2 q1, q2, v3.4s',
      `sha256su0 v${w0}.4s, v${w1}.4s`, `sha256su1 v${w0}.4s, v${w2}.4s, v${w3}.4s`);
  }
  const words = [...wordsOf(got(s, 0), 32), ...wordsOf(got(s, 1), 32)].map((w, i) => BigInt.asUintN(32, w + initial[i]!));
  assert.equal(hex(words, 32), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

/** The schedule v16 to v23 holds sixteen words; v0 to v3 hold a to h, v4 is free, and v5 to v7 are scratch. */
test('SHA-512 of "abc"', () => {
  const s = freshState();
  for (let i = 0; i < 8; i++) put(s, 16 + i, vectorOf(abc(64).slice(2 * i, 2 * i + 2), 64));
  for (let i = 0; i < 4; i++) put(s, i, vectorOf(SHA512_INITIAL.slice(2 * i, 2 * i + 2), 64));
  let [ab, cd, ef, gh, free] = [0, 1, 2, 3, 4];
  for (let i = 0; i < 40; i++) {
    const [w0, w1, w4, w5, w7] = [0, 1, 4, 5, 7].map(j => 16 + ((i + j) & 7));
    put(s, 5, vectorOf(SHA512_CONSTANTS.slice(2 * i, 2 * i + 2), 64));
    // gh and the words with their constants are added crosswise; the first part needs f, g and d, e side by side.
    run(s, `add v5.2d, v5.2d, v${w0}.2d`, 'ext v5.16b, v5.16b, v5.16b, #8', `ext v6.16b, v${ef}.16b, v${gh}.16b, #8`,
      `ext v7.16b, v${cd}.16b, v${ef}.16b, #8`, `add v${gh}.2d, v${gh}.2d, v5.2d`, `sha512h q${gh}, q6, v7.2d`,
      `ext v6.16b, v${w4}.16b, v${w5}.16b, #8`, `sha512su0 v${w0}.2d, v${w1}.2d`, `sha512su1 v${w0}.2d, v${w7}.2d, v6.2d`,
      `add v${free}.2d, v${cd}.2d, v${gh}.2d`, `sha512h2 q${gh}, q${cd}, v${ab}.2d`);
    [ab, cd, ef, gh, free] = [gh, ab, free, ef, cd];
  }
  const words = [ab, cd, ef, gh].flatMap(n => wordsOf(got(s, n!), 64)).map((w, i) => BigInt.asUintN(64, w + SHA512_INITIAL[i]!));
  assert.equal(hex(words, 64), 'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a'
    + '2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f');
});

/** The product of two polynomials over {0, 1}, bit by bit. */
function product(a: bigint, b: bigint): bigint {
  let sum = 0n;
  for (let i = 0n; i < 64n; i++) if ((b >> i) & 1n) sum ^= a << i;
  return sum;
}

test('PMULL and PMULL2 multiply polynomials of 64 bits', () => {
  const s = freshState(), values = [0n, 1n, 2n ** 64n - 1n, 1n << 63n, 0x7b5b_5465_7374_5665n, 0x1111_1111_1111_1111n];
  for (const a of values) {
    for (const b of values) {
      put(s, 1, a | (b << 64n));
      put(s, 2, b | (b << 64n));
      run(s, 'pmull v0.1q, v1.1d, v2.1d', 'pmull2 v3.1q, v1.2d, v2.2d');
      assert.deepEqual([got(s, 0), got(s, 3)], [product(a, b), product(b, b)]);
    }
  }
});

test('PMULL gives the low product of Intel\'s example of carry-less multiplication (white paper 323640)', () => {
  const s = freshState();
  put(s, 1, 0x63746f725d53475dn);
  put(s, 2, 0x5b477565726f6e5dn);
  run(s, 'pmull v0.1q, v1.1d, v2.1d');
  assert.equal(got(s, 0), 0x1d4d84c85c3440c0929633d5d36f0451n);
});
