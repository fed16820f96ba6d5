/** AES, SHA, GHASH and CRC as programs on every engine: published answers, and node:crypto's on random data. */
import assert from 'node:assert/strict';
import { createCipheriv, createHash } from 'node:crypto';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { assemble, randomFrom } from '@hypnos/isa';
import { crcProgram, DECIPHER, ENCIPHER, EXPAND_KEY, GHASH } from './cipher-programs.ts';
import { type Computer, computer, DATA, type EngineName } from './computer.ts';
import * as hashes from './hash-programs.ts';

const SEED = Number(process.env['VECTORS_SEED'] ?? Date.now() % 1_000_000);
const ENGINES: readonly EngineName[] = ['interpreter', 'functions', 'reference'];
/** Places for a program's arguments. */
const [A, B, C, D] = [0n, 1n, 2n, 3n].map(i => DATA + i * 0x10_0000n) as [bigint, bigint, bigint, bigint];

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], byte => parseInt(byte, 16));
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const text = (s: string): Uint8Array => new TextEncoder().encode(s);
const zeroes = (length: number): Uint8Array => new Uint8Array(length);

const words = new Map<string, Uint32Array>();
type Placed = readonly [bigint, Uint8Array];
/** Runs a program; `placed` puts bytes where its arguments point. */
function runProgram(on: Computer, program: string, placed: readonly Placed[], ...values: readonly (bigint | number)[]): void {
  const code = words.get(program) ?? assemble(program).words;
  words.set(program, code);
  on.code.set(code);
  for (const [at, bytes] of placed) on.bytes(at, bytes.length).set(bytes);
  on.run(...values.map(BigInt));
}

type Random = (below: number) => number;
const randomBytes = (random: Random, length: number): Uint8Array => Uint8Array.from({ length }, () => random(256));

/** The test on every engine, with one random sequence for all; the reference is slow and gets `few` of `count` random cases. */
function onEveryEngine(name: string, few: number, count: number, body: (on: Computer, random: Random, cases: number) => void): void {
  for (const engine of ENGINES) {
    test(`${name} (${engine})`, t => {
      t.diagnostic(`VECTORS_SEED=${SEED}`);
      body(computer(engine), randomFrom(SEED), engine === 'reference' ? few : count);
    });
  }
}

/** The round keys stand at B afterwards. */
function expandKey(on: Computer, key: Uint8Array): number {
  const rounds = key.length / 4 + 6;
  runProgram(on, EXPAND_KEY, [[A, key]], A, B, key.length / 4, 4 * (rounds + 1));
  return rounds;
}
function aes(on: Computer, program: string, key: Uint8Array, data: Uint8Array): Uint8Array {
  const rounds = expandKey(on, key);
  runProgram(on, program, [[C, data]], B, rounds, C, D, data.length / 16);
  return on.bytes(D, data.length).slice();
}

/** FIPS 197 A.1 to A.3: the last round key. */
const LAST_KEYS = [
  ['2b7e151628aed2a6abf7158809cf4f3c', 'd014f9a8c9ee2589e13f0cc8b6630ca6'],
  ['8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b', 'e98ba06f448c773c8ecc720401002202'],
  ['603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4', 'fe4890d1e6188d0b046df344706c631e'],
] as const;
/** FIPS 197 C: keys 00 01 02 … of 16, 24 and 32 bytes. */
const CIPHERS = ['69c4e0d86a7b0430d8cdb78070b4c55a', 'dda97ca4864cdfe06eaf70a0ec0d7191', '8ea2b7ca516745bfeafc49904b496089'];

onEveryEngine('AES-128, AES-192 and AES-256', 6, 60, (on, random, cases) => {
  for (const [key, last] of LAST_KEYS) {
    const rounds = expandKey(on, bytesOf(key));
    assert.equal(hexOf(on.bytes(B + BigInt(16 * rounds), 16)), last);
  }
  const plain = bytesOf('00112233445566778899aabbccddeeff');
  for (const [i, cipher] of CIPHERS.entries()) {
    const key = Uint8Array.from({ length: 16 + 8 * i }, (_, n) => n);
    assert.equal(hexOf(aes(on, ENCIPHER, key, plain)), cipher);
    assert.equal(hexOf(aes(on, DECIPHER, key, bytesOf(cipher))), hexOf(plain));
  }
  for (let i = 0; i < cases; i++) {
    const length = 16 + 8 * random(3), key = randomBytes(random, length), data = randomBytes(random, 16 * (1 + random(40)));
    const cipher = createCipheriv(`aes-${length * 8}-ecb`, key, null).setAutoPadding(false);
    const expected = Buffer.concat([cipher.update(data), cipher.final()]);
    assert.equal(hexOf(aes(on, ENCIPHER, key, data)), hexOf(expected));
    assert.equal(hexOf(aes(on, DECIPHER, key, expected)), hexOf(data));
  }
});

const padded16 = (bytes: Uint8Array): Uint8Array => Buffer.concat([bytes, zeroes(-bytes.length & 15)]);
function lengths(aad: Uint8Array, cipher: Uint8Array): Uint8Array {
  const block = new DataView(new ArrayBuffer(16));
  block.setBigUint64(0, BigInt(aad.length * 8));
  block.setBigUint64(8, BigInt(cipher.length * 8));
  return new Uint8Array(block.buffer);
}
function ghash(on: Computer, h: Uint8Array, aad: Uint8Array, cipher: Uint8Array): Uint8Array {
  const blocks = Buffer.concat([padded16(aad), padded16(cipher), lengths(aad, cipher)]);
  runProgram(on, GHASH, [[A, zeroes(16)], [B, h], [C, blocks]], A, B, C, blocks.length / 16);
  return on.bytes(A, 16).slice();
}

onEveryEngine('GHASH by PMULL', 4, 60, (on, random, cases) => {
  // The Galois/Counter Mode of Operation (McGrew and Viega), test case 2.
  const hash = ghash(on, bytesOf('66e94bd4ef8a2c3b884cfa59ca342b2e'), zeroes(0), bytesOf('0388dace60b6a392f328c2b971b2fe78'));
  assert.equal(hexOf(hash), 'f38cbb1ad69223dcc3457ae5b6b0f885');
  for (let i = 0; i < cases; i++) {
    const key = randomBytes(random, 16), iv = randomBytes(random, 12), aad = randomBytes(random, random(70));
    const cipher = createCipheriv('aes-128-gcm', key, iv).setAAD(aad);
    const data = Buffer.concat([cipher.update(randomBytes(random, random(300))), cipher.final()]);
    // NIST SP 800-38D 7.1: the tag is the hash under the enciphered zero, with the enciphered first counter.
    const first = aes(on, ENCIPHER, key, Buffer.concat([iv, bytesOf('00000001')]));
    const hashed = ghash(on, aes(on, ENCIPHER, key, zeroes(16)), aad, data);
    assert.equal(hexOf(hashed.map((byte, n) => byte ^ first[n]!)), hexOf(cipher.getAuthTag()));
  }
});

/** FIPS 180-4 5.1: a one, zeroes, and the length in bits. */
function padded(message: Uint8Array, block: number): Uint8Array {
  const length = Math.ceil((message.length + 1 + block / 8) / block) * block, all = zeroes(length);
  all.set(message);
  all[message.length] = 0x80;
  new DataView(all.buffer).setBigUint64(length - 8, BigInt(message.length * 8));
  return all;
}
const littleEndian = (values: readonly bigint[], bytes: 4 | 8): Uint8Array =>
  Uint8Array.from(values.flatMap(value => Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 255n))));
/** The state's words are numbers; a digest is their bytes from the highest. */
const digestOf = (state: Uint8Array, bytes: 4 | 8): string => hexOf(Uint8Array.from(state, (_, i) => state[i ^ (bytes - 1)]!));

interface Hash {
  readonly name: 'sha1' | 'sha256' | 'sha512';
  readonly block: 64 | 128;
  readonly word: 4 | 8;
  readonly program: string;
  readonly initial: readonly bigint[];
  readonly constants: readonly bigint[];
  /** FIPS 180-4's examples: "abc", and the one of 448 bits (of 896 for SHA-512). */
  readonly known: readonly (readonly [message: string, digest: string])[];
}
const LONG = 'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq';
const LONGER = 'abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu';
const HASHES: readonly Hash[] = [
  {
    name: 'sha1', block: 64, word: 4, program: hashes.sha1Program(), initial: hashes.SHA1_INITIAL, constants: hashes.SHA1_CONSTANTS,
    known: [['abc', 'a9993e364706816aba3e25717850c26c9cd0d89d'], [LONG, '84983e441c3bd26ebaae4aa1f95129e5e54670f1']],
  },
  {
    name: 'sha256', block: 64, word: 4, program: hashes.sha256Program(), initial: hashes.SHA256_INITIAL, constants: hashes.SHA256_CONSTANTS,
    known: [
      ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
      [LONG, '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1'],
    ],
  },
  {
    name: 'sha512', block: 128, word: 8, program: hashes.sha512Program(), initial: hashes.SHA512_INITIAL, constants: hashes.SHA512_CONSTANTS,
    known: [
      ['abc', 'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a'
        + '2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f'],
      [LONGER, '8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018'
        + '501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909'],
    ],
  },
];

for (const { name, block, word, program, initial, constants, known } of HASHES) {
  onEveryEngine(name, 4, 100, (on, random, cases) => {
    const digest = (message: Uint8Array) => {
      const blocks = padded(message, block), state = littleEndian(initial, word);
      runProgram(on, program, [[A, state], [B, blocks], [C, littleEndian(constants, word)]], A, B, blocks.length / block, C);
      return digestOf(on.bytes(A, state.length).slice(), word);
    };
    for (const [message, expected] of known) assert.equal(digest(text(message)), expected);
    for (let i = 0; i < cases; i++) {
      const message = randomBytes(random, random(block * 5));
      assert.equal(digest(message), createHash(name).update(message).digest('hex'));
    }
  });
}

/** FIPS 202 B.2: the suffix 01 and pad10*1. */
function padded3(message: Uint8Array, rate: number, blocks: number): Uint8Array {
  const all = zeroes(rate * blocks);
  all.set(message);
  all[message.length] = 6;
  all[all.length - 1]! |= 0x80;
  return all;
}
const SHA3 = { 'sha3-224': 144, 'sha3-256': 136, 'sha3-384': 104, 'sha3-512': 72 } as const;

onEveryEngine('SHA-3 by EOR3, RAX1, XAR and BCAX', 4, 60, (on, random, cases) => {
  const constants = littleEndian(hashes.sha3Constants(), 8);
  const digests = (name: keyof typeof SHA3, pair: readonly [Uint8Array, Uint8Array]) => {
    const rate = SHA3[name], blocks = Math.floor(pair[0].length / rate) + 1, bits = Number(name.slice(5));
    assert.equal(Math.floor(pair[1].length / rate) + 1, blocks, 'both have as many blocks');
    const [first, second] = pair.map(message => padded3(message, rate, blocks)) as [Uint8Array, Uint8Array];
    runProgram(on, hashes.sha3Program(rate), [[B, first], [C, second], [D, constants]], A, B, C, blocks, 0, D);
    const state = on.bytes(A, 400);
    return [0, 8].map(at => hexOf(Uint8Array.from({ length: bits / 8 }, (_, i) => state[16 * (i >> 3) + at + (i & 7)]!)));
  };
  const abc = '3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532';
  const empty = 'a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a';
  assert.deepEqual(digests('sha3-256', [text('abc'), zeroes(0)]), [abc, empty]);
  for (let i = 0; i < cases; i++) {
    const name = (Object.keys(SHA3) as (keyof typeof SHA3)[])[random(4)]!, rate = SHA3[name], whole = rate * random(4);
    const pair = [randomBytes(random, whole + random(rate)), randomBytes(random, whole + random(rate))] as const;
    assert.deepEqual(digests(name, pair), pair.map(message => createHash(name).update(message).digest('hex')));
  }
});

/** The check value of a CRC is that of "123456789"; then RFC 3720 B.4: zeroes, ones, rising and falling bytes, 32 of each. */
const RISING = Uint8Array.from({ length: 32 }, (_, i) => i);
const CASTAGNOLI = [
  [text('123456789'), 0xe306_9283], [zeroes(32), 0x8a91_36aa], [zeroes(32).fill(255), 0x62a8_ab43],
  [RISING, 0x46dd_794e], [RISING.toReversed(), 0x113f_db5c],
] as const;

onEveryEngine('CRC32 and CRC32C of every width', 10, 200, (on, random, cases) => {
  const checksum = (name: 'crc32' | 'crc32c', bytes: 1 | 2 | 4 | 8, data: Uint8Array) => {
    runProgram(on, crcProgram(name, bytes), [[B, data]], A, B, data.length);
    return Buffer.from(on.bytes(A, 4)).readUInt32LE();
  };
  for (const bytes of [1, 2, 4, 8] as const) {
    assert.equal(checksum('crc32', bytes, text('123456789')), 0xcbf4_3926);
    for (const [data, expected] of CASTAGNOLI) assert.equal(checksum('crc32c', bytes, data), expected);
    for (let i = 0; i < cases; i++) {
      const data = randomBytes(random, random(100));
      assert.equal(checksum('crc32', bytes, data), crc32(data));
      assert.equal(checksum('crc32c', bytes, data), checksum('crc32c', 1, data));
    }
  }
});

/** The product of two polynomials over {0, 1}. */
const product = (a: number, b: number): number => [0, 1, 2, 3, 4, 5, 6, 7].reduce((sum, i) => sum ^ ((b >> i) & 1 ? a << i : 0), 0);

onEveryEngine('PMUL, PMULL and PMULL2 of bytes', 20, 200, (on, random, cases) => {
  const program = `
    ldr q0, [x0]
    ldr q1, [x1]
    pmul v2.16b, v0.16b, v1.16b
    pmull v3.8h, v0.8b, v1.8b
    pmull2 v4.8h, v0.16b, v1.16b
    st1 {v2.16b, v3.16b, v4.16b}, [x2]
    hvc #0`;
  for (let i = 0; i < cases; i++) {
    const a = randomBytes(random, 16), b = randomBytes(random, 16), products = Array.from(a, (byte, n) => product(byte, b[n]!));
    runProgram(on, program, [[A, a], [B, b]], A, B, C);
    const expected = Buffer.concat([Uint8Array.from(products), new Uint8Array(Uint16Array.from(products).buffer)]);
    assert.equal(hexOf(on.bytes(C, 48)), hexOf(expected));
  }
});
