/** Digests, compression and salts by Node's own native code. */
import type { Content, Effort } from '@hypnos/vmm';
import { createHash, randomBytes } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/** zstd's levels: of those measured on a sleeping Debian the one with most for its time (7 % smaller than level 1), and the quickest (decisions/0007). */
const LEVELS = { small: 5, quick: 1 } as const satisfies Record<Effort, number>;

/** No chunk is larger than this power of two; a frame that asks for a larger window would get it before it is known to be worth nothing. */
const WINDOW_LOG = 20;

export const nodeContent: Content = {
  sha256(...pieces) {
    const hash = createHash('sha256');
    for (const piece of pieces) hash.update(piece);
    return new Uint8Array(hash.digest());
  },
  compress: (bytes, effort) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: LEVELS[effort] } }),
  decompress(frame, length) {
    try {
      return zstdDecompressSync(frame, { maxOutputLength: Math.max(length, 1), params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG } });
    } catch {
      return null;
    }
  },
  random: length => new Uint8Array(randomBytes(length)),
};
