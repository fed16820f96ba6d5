/** Digests, compression and salts by Node's own native code. */
import type { Content } from '@hypnos/vmm';
import { createHash, randomBytes } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/** Level 1: of the levels the one whose time a park can afford. */
const LEVEL = 1;

/** No chunk is larger than this power of two; a frame that asks for a larger window would get it before it is known to be worth nothing. */
const WINDOW_LOG = 20;

export const nodeContent: Content = {
  sha256(...pieces) {
    const hash = createHash('sha256');
    for (const piece of pieces) hash.update(piece);
    return new Uint8Array(hash.digest());
  },
  compress: bytes => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: LEVEL } }),
  decompress(frame, length) {
    try {
      return zstdDecompressSync(frame, { maxOutputLength: Math.max(length, 1), params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG } });
    } catch {
      return null;
    }
  },
  random: length => new Uint8Array(randomBytes(length)),
};
