/** Sizes and addresses as people write them, and how much memory a machine may have. */
import { HypnosError } from '@hypnos/base';

const KIB = 1024, MIB = 1024 * KIB, GIB = 1024 * MIB;
const UNITS: Readonly<Record<string, number>> = { '': 1, K: KIB, M: MIB, G: GIB, T: 1024 * GIB };

/** RAM of the machine type: one 32-bit linear memory holds it with everything else (design §3), so 3 GiB at most. */
export const MEMORY = { least: 16 * MIB, most: 3 * GIB, granule: 64 * KIB } as const;

/** `512M`, `2G`, `65536`, `768MiB`: a number of bytes. Throws EINVAL naming `what`. */
export function parseSize(text: string, what: string): number {
  const found = /^(0x[0-9a-f]+|\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?$/i.exec(text.trim());
  const bytes = found ? Number(found[1]) * UNITS[found[2]!.toUpperCase()]! : Number.NaN;
  if (!Number.isSafeInteger(bytes)) throw new HypnosError('EINVAL', `${what} '${text}' is not a size: write a number with K, M or G, such as 512M.`);
  return bytes;
}

/** `0x40080000` or decimal. Throws EINVAL naming `what`. */
export function parseAddress(text: string, what: string): bigint {
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(text)) throw new HypnosError('EINVAL', `${what} '${text}' is not an address: write it as 0x40080000.`);
  return BigInt(text);
}

/** A size of memory the machine can have, from a text or a number of bytes. */
export function memorySize(given: string | number): number {
  const bytes = typeof given === 'number' ? given : parseSize(given, 'memory size');
  if (bytes < MEMORY.least) throw new HypnosError('EINVAL', `memory of ${sizeText(bytes)} is too little for a machine: give it at least ${sizeText(MEMORY.least)}.`);
  if (bytes > MEMORY.most) throw new HypnosError('EINVAL', `memory of ${sizeText(bytes)} is more than this machine type has room for: give it at most ${sizeText(MEMORY.most)}.`);
  if (bytes % MEMORY.granule !== 0) throw new HypnosError('EINVAL', `memory of ${bytes} bytes is no multiple of ${sizeText(MEMORY.granule)}: round it.`);
  return bytes;
}

/** A size for people: `512 MiB`, `1.5 GiB`. */
export function sizeText(bytes: number): string {
  for (const [unit, size] of [['TiB', 1024 * GIB], ['GiB', GIB], ['MiB', MIB], ['KiB', KIB]] as const) {
    if (bytes >= size) return `${Number((bytes / size).toFixed(1))} ${unit}`;
  }
  return `${bytes} bytes`;
}
