/** The memory of a snapshot cut into chunks. */

/** A chunk a park has to look at: of the measured sizes the one where deduplication and the cost of an object balance. */
export const CHUNK_BYTES: number = 64 * 1024;

/** Eight words at a time: most of a guest's memory is zeroes, and parking looks at all of it. */
export function isZero(chunk: Uint8Array): boolean {
  if (chunk.byteOffset % 4 !== 0 || chunk.length % 32 !== 0) return chunk.every(byte => byte === 0);
  const words = new Int32Array(chunk.buffer, chunk.byteOffset, chunk.length / 4);
  for (let i = 0; i < words.length; i += 8) {
    if (words[i]! | words[i + 1]! | words[i + 2]! | words[i + 3]! | words[i + 4]! | words[i + 5]! | words[i + 6]! | words[i + 7]!) return false;
  }
  return true;
}
