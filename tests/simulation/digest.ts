/**
 * A digest in the place of SHA-256: 32 bytes that are other ones for other bytes, unless somebody means harm, and nobody here does. Four lanes of 32 bits, of which two see every word; what
 * a word does to a lane can be undone, so a bit that turned is always seen.
 */

/** Where pieces are put together. */
let desk = new Int32Array(16 * 1024);
let deskBytes = new Uint8Array(desk.buffer);

const spin = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

export function digest(...pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const piece of pieces) {
    if (length + piece.length + 8 > deskBytes.length) grow(length + piece.length);
    deskBytes.set(piece, length);
    length += piece.length;
  }
  deskBytes.fill(0, length, length + 8);
  return digestOf(desk, length);
}

function grow(length: number): void {
  const before = deskBytes;
  desk = new Int32Array(length);
  deskBytes = new Uint8Array(desk.buffer);
  deskBytes.set(before);
}

function digestOf(words: Int32Array, length: number): Uint8Array<ArrayBuffer> {
  let a = length, b = 0x9e37_79b9 | 0, c = 0x243f_6a88, d = 0x1319_8a2e;
  for (let i = 0; 4 * i < length; i += 2) {
    const even = words[i]!, odd = words[i + 1]!;
    a = spin(Math.imul(a ^ even, 0x85eb_ca6b), 15);
    b = spin(Math.imul(b + even, 0xc2b2_ae35), 13);
    c = spin(Math.imul(c ^ odd, 0x27d4_eb2f), 17);
    d = spin(Math.imul(d + odd, 0x1656_67b1), 14);
  }
  a = (a + spin(c, 9)) | 0;
  b = (b + spin(d, 7)) | 0;
  const out = new Uint8Array(32);
  for (let i = 0; i < out.length; i += 4) {
    a = Math.imul(a ^ (b >>> 16), 0x7feb_352d);
    b = Math.imul(b ^ (a >>> 15), 0x846c_a68b);
    const word = a ^ b;
    out[i] = word;
    out[i + 1] = word >>> 8;
    out[i + 2] = word >>> 16;
    out[i + 3] = word >>> 24;
  }
  return out;
}
