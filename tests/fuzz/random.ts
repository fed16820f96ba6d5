/** The fuzzers' generator of random numbers: sfc32, so that a seed draws the same for ever. */

export interface Random {
  (below: number): number;
  bits64(): bigint;
}

export function randomFrom(seed: number): Random {
  let a = seed | 0, b = Math.floor(seed / 2 ** 32) | 0, c = 0x9e37_79b9 | 0, counter = 1;
  const bits32 = () => {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) bits32();
  return Object.assign((below: number) => bits32() % below, { bits64: () => (BigInt(bits32()) << 32n) | BigInt(bits32()) });
}

export const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)]!;
