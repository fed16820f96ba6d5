/** A machine's snapshot as a stream of bytes that needs no store, and an image from one. */
import type { MachineImage, Snapshot } from '../machine.ts';
import type { Content } from './content.ts';
import { exportStream } from './export-stream.ts';
import { HASH_BYTES } from './bounds.ts';
import { importStream } from './import-stream.ts';
import { MemoryBucket } from './memory-bucket.ts';
import { openImage } from './open-image.ts';
import { storeImage } from './store-image.ts';

/** `snapshot` must hold all of its memory; it has been compressed when this settles, and may go on. `parkedAtNs` is when it was held. */
export async function snapshotStream({ sections, memory, chunkBytes }: Snapshot, parkedAtNs: bigint, content: Content): Promise<ReadableStream<Uint8Array>> {
  const bucket = new MemoryBucket(), image = await storeImage({ sections, memory, chunkBytes }, bucket, content);
  return exportStream({ guest: new Uint8Array(16), generation: 1n, epoch: 1n, parkedAtNs, parent: new Uint8Array(HASH_BYTES), ...image }, bucket, content);
}

/** Reads a stream to its end and verifies all of it; throws EINVAL for whatever is no image of a machine of ours. */
export async function imageFromStream(stream: ReadableStream<Uint8Array>, content: Content, signal?: AbortSignal): Promise<MachineImage> {
  const bucket = new MemoryBucket(), { manifest } = await importStream(stream, bucket, content, signal ? { signal } : {});
  return openImage(manifest, bucket, content);
}
