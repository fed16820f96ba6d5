/** AES (FIPS 197), GHASH (NIST SP 800-38D) and CRC-32 as programs of the cryptographic instructions. */

/** The S-box of four bytes: AESE of a state whose columns are alike, so that shifting rows changes nothing, with a round key of zeroes in v0. */
const substituted = `
    dup v1.4s, w5
    aese v1.16b, v0.16b
    mov w5, v1.s[0]`;

/** x0: a key of x2 words; x1: the round keys, x3 words (FIPS 197 5.2). */
export const EXPAND_KEY = `
    movi v0.16b, #0
    mov x4, #0
  1: ldr w5, [x0, x4, lsl #2]
    str w5, [x1, x4, lsl #2]
    add x4, x4, #1
    cmp x4, x2
    b.lo 1b
    mov w6, #1
  2: sub x7, x4, #1
    ldr w5, [x1, x7, lsl #2]
    udiv x8, x4, x2
    msub x8, x8, x2, x4
    cbnz x8, 3f
    ror w5, w5, #8
    ${substituted}
    eor w5, w5, w6
    lsl w6, w6, #1
    tbz w6, #8, 4f
    mov w9, #0x11b
    eor w6, w6, w9
    b 4f
  3: cmp x2, #8
    b.ne 4f
    cmp x8, #4
    b.ne 4f
    ${substituted}
  4: sub x7, x4, x2
    ldr w10, [x1, x7, lsl #2]
    eor w5, w5, w10
    str w5, [x1, x4, lsl #2]
    add x4, x4, #1
    cmp x4, x3
    b.lo 2b
    hvc #0`;

/** x0: round keys of x1 rounds; x2 and x3: x4 blocks, from and to. */
export const ENCIPHER = `
  1: ldr q0, [x2], #16
    mov x5, x0
    sub x6, x1, #1
  2: ldr q1, [x5], #16
    aese v0.16b, v1.16b
    aesmc v0.16b, v0.16b
    subs x6, x6, #1
    b.ne 2b
    ldp q1, q2, [x5]
    aese v0.16b, v1.16b
    eor v0.16b, v0.16b, v2.16b
    str q0, [x3], #16
    subs x4, x4, #1
    b.ne 1b
    hvc #0`;

/** The same way back; the equivalent inverse cipher (FIPS 197 5.3.5) mixes the columns of all round keys but the first and the last. */
export const DECIPHER = `
  1: ldr q0, [x2], #16
    add x5, x0, x1, lsl #4
    sub x6, x1, #1
    ldr q1, [x5], #-16
    aesd v0.16b, v1.16b
  2: aesimc v0.16b, v0.16b
    ldr q1, [x5], #-16
    aesimc v1.16b, v1.16b
    aesd v0.16b, v1.16b
    subs x6, x6, #1
    b.ne 2b
    ldr q1, [x5]
    eor v0.16b, v0.16b, v1.16b
    str q0, [x3], #16
    subs x4, x4, #1
    b.ne 1b
    hvc #0`;

/**
 * x0: the hash, 16 bytes; x1: H; x2: x3 blocks. With the bits of bytes reversed, bit i of the 128 is the coefficient of x^i, and products are
 * taken modulo x^128 + x^7 + x^2 + x + 1.
 */
export const GHASH = `
    ldr q0, [x0]
    rbit v0.16b, v0.16b
    ldr q1, [x1]
    rbit v1.16b, v1.16b
    ext v4.16b, v1.16b, v1.16b, #8
    movi v7.2d, #0
    mov x4, #0x87
    dup v10.2d, x4
  1: ldr q2, [x2], #16
    rbit v2.16b, v2.16b
    eor v0.16b, v0.16b, v2.16b
    pmull v2.1q, v0.1d, v1.1d
    pmull2 v3.1q, v0.2d, v1.2d
    pmull v5.1q, v0.1d, v4.1d
    pmull2 v6.1q, v0.2d, v4.2d
    eor v5.16b, v5.16b, v6.16b
    ext v8.16b, v7.16b, v5.16b, #8
    ext v9.16b, v5.16b, v7.16b, #8
    eor v2.16b, v2.16b, v8.16b
    eor v3.16b, v3.16b, v9.16b
    pmull2 v5.1q, v3.2d, v10.2d
    pmull v6.1q, v3.1d, v10.1d
    ext v8.16b, v7.16b, v5.16b, #8
    ext v9.16b, v5.16b, v7.16b, #8
    pmull v9.1q, v9.1d, v10.1d
    eor v0.16b, v2.16b, v6.16b
    eor v0.16b, v0.16b, v8.16b
    eor v0.16b, v0.16b, v9.16b
    subs x3, x3, #1
    b.ne 1b
    rbit v0.16b, v0.16b
    str q0, [x0]
    hvc #0`;

/** x0: the checksum; x1: x2 bytes, first in pieces of `bytes`, then one by one. */
export function crcProgram(name: 'crc32' | 'crc32c', bytes: 1 | 2 | 4 | 8): string {
  const [load, register, suffix] = ({ 1: ['ldrb', 'w4', 'b'], 2: ['ldrh', 'w4', 'h'], 4: ['ldr', 'w4', 'w'], 8: ['ldr', 'x4', 'x'] } as const)[bytes];
  return `
    mov w3, #-1
  1: cmp x2, #${bytes}
    b.lo 2f
    ${load} ${register}, [x1], #${bytes}
    ${name}${suffix} w3, w3, ${register}
    sub x2, x2, #${bytes}
    b 1b
  2: cbz x2, 3f
    ldrb w4, [x1], #1
    ${name}b w3, w3, w4
    sub x2, x2, #1
    b 2b
  3: mvn w3, w3
    str w3, [x0]
    hvc #0`;
}
