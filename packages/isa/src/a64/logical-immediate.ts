/** Bitmask immediates (DDI 0487, aarch64/instrs/integer/bitmasks/DecodeBitMasks and MoveWidePreferred). */
import { ones } from '@hypnos/base';

/** The mask that N:immr:imms means, or null where the encoding is reserved. */
export function logicalImmediate(sf: number, N: number, immr: number, imms: number): bigint | null {
  if (!sf && N) return null;
  const key = (N << 6) | (~imms & 63);
  if (key < 2) return null;
  const length = 31 - Math.clz32(key);
  const size = 1 << length, levels = size - 1;
  const run = imms & levels, rotate = immr & levels;
  if (run === levels) return null;
  const element = ones(run + 1);
  const turned = rotate === 0 ? element : ((element >> BigInt(rotate)) | (element << BigInt(size - rotate))) & ones(size);
  let mask = turned;
  for (let filled = size; filled < (sf ? 64 : 32); filled *= 2) mask |= mask << BigInt(filled);
  return mask;
}

/** Whether MOVZ or MOVN can make the same value, so that ORR is not printed as MOV. */
export function moveWidePreferred(sf: number, N: number, immr: number, imms: number): boolean {
  const width = sf ? 64 : 32;
  if (sf ? !N : N !== 0 || (imms & 32) !== 0) return false;
  // A run of up to 16 ones that stays inside one halfword, or a run of zeroes that does.
  if (imms < 16) return (-immr & 15) <= 15 - imms;
  return imms >= width - 15 && (immr & 15) <= imms - (width - 15);
}
