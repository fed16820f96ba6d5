/** Limits of the snapshot formats: what a decoder takes before it has verified anything. Sizes in bytes. */

const KIB = 1024, MIB = 1024 * KIB, GIB = 1024 * MIB;

export const HASH_BYTES = 32;

export const BOUNDS = {
  /** RAM of machine type hypnos-1 with its two flash banks. */
  memoryBytes: 3 * GIB + 128 * MIB,
  chunkBytes: { least: 4 * KIB, most: MIB },
  sections: 256, sectionBytes: 16 * MIB, pathBytes: 128,
  /** A manifest of the largest machine in the smallest chunks is 52 MiB. */
  manifestBytes: 64 * MIB,
  packs: 65_536, packBytes: 256 * MIB, packChunks: 65_536,
} as const;

export const isPowerOfTwo = (value: number): boolean => value > 0 && Number.isInteger(Math.log2(value));
