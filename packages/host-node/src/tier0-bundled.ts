/** The generated engine where it need not be made: read from its file, by threads that have nothing to make it with. */
import type { Tier0Image } from '@hypnos/hypervisor';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize } from 'node:v8';

/** The engine's file in a bundle. */
export const BUNDLED = 'tier0.bin';

/** The engine in a file, if it is there and whole. */
export function kept(file: string): Tier0Image | undefined {
  try {
    return deserialize(readFileSync(file)) as Tier0Image;
  } catch {
    return undefined;
  }
}

/** A bundle brings the engine of the sources it was made from; null where this file is a source itself. */
export const bundledTier0 = (): Tier0Image | null => kept(join(import.meta.dirname, BUNDLED)) ?? null;
