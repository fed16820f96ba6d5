/** SHA-1, SHA-256, SHA-512 (FIPS 180-4) and SHA-3 (FIPS 202) as programs of the cryptographic instructions. */
const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** Registers v16 and on hold the schedule; `w(i, j)` is the word group j places behind group i. */
const schedule = (groups: number) => (i: number, j: number): string => `v${16 + ((i + j) & (groups - 1))}`;

const loadBlock = (words: number): string => [
  ...range(words / 4).map(i => `ld1 {v${16 + 4 * i}.16b, v${17 + 4 * i}.16b, v${18 + 4 * i}.16b, v${19 + 4 * i}.16b}, [x1], #64`),
].join('\n');

/** x0: a to e; x1: x2 blocks; x3: the four constants. */
export function sha1Program(): string {
  const w = schedule(4), hash = ['sha1c', 'sha1p', 'sha1m', 'sha1p'];
  const rounds = range(20).map(i => `
    add v3.4s, v${20 + Math.floor(i / 5)}.4s, ${w(i, 0)}.4s
    sha1h s6, s0
    ${hash[Math.floor(i / 5)]} q0, s1, v3.4s
    mov v1.16b, v6.16b
    ${i < 16 ? `sha1su0 ${w(i, 0)}.4s, ${w(i, 1)}.4s, ${w(i, 2)}.4s\nsha1su1 ${w(i, 0)}.4s, ${w(i, 3)}.4s` : ''}`);
  return `
    ldr q0, [x0]
    ldr s1, [x0, #16]
    ld4r {v20.4s, v21.4s, v22.4s, v23.4s}, [x3]
  1: ${loadBlock(4)}
    ${range(4).map(i => `rev32 v${16 + i}.16b, v${16 + i}.16b`).join('\n')}
    mov v4.16b, v0.16b
    mov v5.16b, v1.16b
    ${rounds.join('')}
    add v0.4s, v0.4s, v4.4s
    add v1.4s, v1.4s, v5.4s
    subs x2, x2, #1
    b.ne 1b
    str q0, [x0]
    str s1, [x0, #16]
    hvc #0`;
}

/** x0: a to h; x1: x2 blocks; x3: the constants. */
export function sha256Program(): string {
  const w = schedule(4), rounds = range(16).map(i => `
    ldr q3, [x4], #16
    add v3.4s, v3.4s, ${w(i, 0)}.4s
    mov v2.16b, v0.16b
    sha256h q0, q1, v3.4s
    sha256h2 q1, q2, v3.4s
    ${i < 12 ? `sha256su0 ${w(i, 0)}.4s, ${w(i, 1)}.4s\nsha256su1 ${w(i, 0)}.4s, ${w(i, 2)}.4s, ${w(i, 3)}.4s` : ''}`);
  return `
    ldp q0, q1, [x0]
  1: ${loadBlock(4)}
    ${range(4).map(i => `rev32 v${16 + i}.16b, v${16 + i}.16b`).join('\n')}
    mov v4.16b, v0.16b
    mov v5.16b, v1.16b
    mov x4, x3
    ${rounds.join('')}
    add v0.4s, v0.4s, v4.4s
    add v1.4s, v1.4s, v5.4s
    subs x2, x2, #1
    b.ne 1b
    stp q0, q1, [x0]
    hvc #0`;
}

/** As for SHA-256. Five registers take the parts of a to h in turns, which come back to where they were after 40 double rounds. */
export function sha512Program(): string {
  const w = schedule(8);
  let [ab, cd, ef, gh, free] = ['v0', 'v1', 'v2', 'v3', 'v4'] as [string, string, string, string, string];
  const rounds = range(40).map(i => {
    // gh and the words with their constants are added crosswise; the first part needs f, g and d, e side by side.
    const text = `
    ldr q5, [x4], #16
    add v5.2d, v5.2d, ${w(i, 0)}.2d
    ext v5.16b, v5.16b, v5.16b, #8
    ext v6.16b, ${ef}.16b, ${gh}.16b, #8
    ext v7.16b, ${cd}.16b, ${ef}.16b, #8
    add ${gh}.2d, ${gh}.2d, v5.2d
    sha512h q${gh.slice(1)}, q6, v7.2d
    ${i < 32 ? `ext v6.16b, ${w(i, 4)}.16b, ${w(i, 5)}.16b, #8
    sha512su0 ${w(i, 0)}.2d, ${w(i, 1)}.2d
    sha512su1 ${w(i, 0)}.2d, ${w(i, 7)}.2d, v6.2d` : ''}
    add ${free}.2d, ${cd}.2d, ${gh}.2d
    sha512h2 q${gh.slice(1)}, q${cd.slice(1)}, ${ab}.2d`;
    [ab, cd, ef, gh, free] = [gh, ab, free, ef, cd];
    return text;
  });
  return `
    ld1 {v0.2d, v1.2d, v2.2d, v3.2d}, [x0]
  1: ${loadBlock(8)}
    ${range(8).map(i => `rev64 v${16 + i}.16b, v${16 + i}.16b`).join('\n')}
    ${range(4).map(i => `mov v${24 + i}.16b, v${i}.16b`).join('\n')}
    mov x4, x3
    ${rounds.join('')}
    ${range(4).map(i => `add v${i}.2d, v${i}.2d, v${24 + i}.2d`).join('\n')}
    subs x2, x2, #1
    b.ne 1b
    st1 {v0.2d, v1.2d, v2.2d, v3.2d}, [x0]
    hvc #0`;
}

const lane = (x: number, y: number): number => (x % 5) + 5 * (y % 5);

/** FIPS 202 3.2.2: by how much each lane is turned. */
function turns(): number[] {
  const by = range(25).map(() => 0);
  for (let t = 0, x = 1, y = 0; t < 24; t++, [x, y] = [y, (2 * x + 3 * y) % 5]) by[lane(x, y)] = (((t + 1) * (t + 2)) / 2) % 64;
  return by;
}

/** FIPS 202 3.2.1: the parity of neighbouring columns goes into v30, v31, v26, v27 and v28. */
const PARITY = ['v30', 'v31', 'v26', 'v27', 'v28'];
const theta = (): string => [
  ...range(5).flatMap(x => [
    `eor3 v${25 + x}.16b, v${lane(x, 0)}.16b, v${lane(x, 1)}.16b, v${lane(x, 2)}.16b`,
    `eor3 v${25 + x}.16b, v${25 + x}.16b, v${lane(x, 3)}.16b, v${lane(x, 4)}.16b`,
  ]),
  ...range(5).map(x => `rax1 ${PARITY[x]}.2d, v${25 + ((x + 4) % 5)}.2d, v${25 + ((x + 1) % 5)}.2d`),
].join('\n');

/** FIPS 202 3.2.2 and 3.2.3: lane (x, y) is turned and goes to (y, 2x + 3y), along the one cycle that this makes of 24 lanes. */
function rhoAndPi(): string {
  const by = turns(), source = new Map<number, number>();
  for (const x of range(5)) for (const y of range(5)) source.set(lane(y, 2 * x + 3 * y), lane(x, y));
  const moved = (to: number, from: number, register: string) =>
    `xar v${to}.2d, ${register}.2d, ${PARITY[from % 5]}.2d, #${(64 - by[from]!) % 64}`;
  const lines = ['mov v25.16b, v1.16b', `eor v0.16b, v0.16b, ${PARITY[0]}.16b`];
  let to = 1;
  for (let from = source.get(to)!; from !== 1; from = source.get(to)!) {
    lines.push(moved(to, from, `v${from}`));
    to = from;
  }
  return [...lines, moved(to, 1, 'v25')].join('\n');
}

/** FIPS 202 3.2.4. */
const chi = (): string => range(5).map(y => {
  const v = range(5).map(x => `v${lane(x, y)}`), from = [...v, 'v25', 'v29'];
  const mixed = range(5).map(x => `bcax ${v[x]}.16b, ${v[x]}.16b, ${from[x + 2]}.16b, ${from[x + 1]}.16b`);
  return [`mov v25.16b, ${v[0]}.16b`, `mov v29.16b, ${v[1]}.16b`, ...mixed].join('\n');
}).join('\n');

/**
 * Two messages at once, one in each half of the vectors. x0: 25 lanes of both when done; x1 and x2: x3 blocks of either, of `rate` bytes;
 * x5: the round constants.
 */
export const sha3Program = (rate: number): string => `
    ${range(25).map(i => `movi v${i}.2d, #0`).join('\n')}
  1: ${range(rate / 8).map(i => `ldr d25, [x1], #8\nld1 {v25.d}[1], [x2], #8\neor v${i}.16b, v${i}.16b, v25.16b`).join('\n')}
    mov x4, x5
    mov x6, #24
  2: ${theta()}
    ${rhoAndPi()}
    ${chi()}
    ld1r {v25.2d}, [x4], #8
    eor v0.16b, v0.16b, v25.16b
    subs x6, x6, #1
    b.ne 2b
    subs x3, x3, #1
    b.ne 1b
    ${range(25).map(i => `str q${i}, [x0, #${16 * i}]`).join('\n')}
    hvc #0`;

/** FIPS 202 3.2.5, algorithms 5 and 6: by a shift register of eight bits. */
export function sha3Constants(): bigint[] {
  let register = 1;
  const bit = (): number => {
    const out = register & 1;
    register = (register << 1) ^ (register & 0x80 ? 0x171 : 0);
    return out;
  };
  return range(24).map(() => range(7).reduce((constant, j) => constant | (BigInt(bit()) << BigInt(2 ** j - 1)), 0n));
}

/** FIPS 180-4 4.2.2, 4.2.3 and 5.3: the first 64 bits of the fractions of roots of primes. */
function rootFraction(prime: bigint, degree: bigint): bigint {
  const power = prime << (64n * degree);
  let root = 0n;
  for (let bit = 1n << 70n; bit; bit >>= 1n) if ((root + bit) ** degree <= power) root += bit;
  return BigInt.asUintN(64, root);
}
const PRIMES = range(410).filter(n => n > 1 && range(n).every(d => d < 2 || n % d)).map(BigInt);
export const SHA512_CONSTANTS: readonly bigint[] = PRIMES.slice(0, 80).map(p => rootFraction(p, 3n));
export const SHA512_INITIAL: readonly bigint[] = PRIMES.slice(0, 8).map(p => rootFraction(p, 2n));
/** The upper halves. */
export const SHA256_CONSTANTS: readonly bigint[] = SHA512_CONSTANTS.slice(0, 64).map(k => k >> 32n);
export const SHA256_INITIAL: readonly bigint[] = SHA512_INITIAL.map(h => h >> 32n);
/** FIPS 180-4 4.2.1 and 5.3.1: square roots of 2, 3, 5 and 10 at 2^30; and a pattern of digits. */
export const SHA1_CONSTANTS: readonly bigint[] = [0x5a82_7999n, 0x6ed9_eba1n, 0x8f1b_bcdcn, 0xca62_c1d6n];
export const SHA1_INITIAL: readonly bigint[] = [0x6745_2301n, 0xefcd_ab89n, 0x98ba_dcfen, 0x1032_5476n, 0xc3d2_e1f0n];
