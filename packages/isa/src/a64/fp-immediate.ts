/** The 8-bit floating-point immediate of FMOV (DDI 0487 C2.2.3, VFPExpandImm). */
import type { FpSize } from '../floating-point.ts';

const EXPONENT_BITS = { 16: 5, 32: 8, 64: 11 } as const;

/** sign : NOT(b6) : b6 repeated : b5 b4 : b3..b0 : zeroes. */
export function fpImmediate(size: FpSize, byte: number): bigint {
  const width = EXPONENT_BITS[size], b6 = BigInt((byte >> 6) & 1);
  const repeated = b6 ? (1n << BigInt(width - 3)) - 1n : 0n;
  const exponent = ((1n - b6) << BigInt(width - 1)) | (repeated << 2n) | BigInt((byte >> 4) & 3);
  const fractionBits = BigInt(size - 1 - width);
  return (BigInt(byte >> 7) << BigInt(size - 1)) | (exponent << fractionBits) | (BigInt(byte & 15) << (fractionBits - 4n));
}

/** `#-1.50000000`: a sixteenth part times a power of two from -3 to 4, always with eight decimals. */
export function fpImmediateText(byte: number): string {
  const exponent = ((byte >> 4) & 7 ^ 4) - 3;
  const magnitude = (1 + (byte & 15) / 16) * 2 ** exponent;
  return `#${byte & 128 ? '-' : ''}${magnitude.toFixed(8)}`;
}
