/** What the ledger is told of a generation that came in a stream. */
import { type Bucket, type GenerationRow, type GuestNote, hexOf, type ImportedImage, packedBytes } from '@hypnos/vmm';

/** Throws ENOENT if a pack that it refers to is gone by now. */
export async function importedGeneration(
  { manifest, hash, root, progress }: ImportedImage, bucket: Bucket, store: string, { wakeAt, wakeSources }: Pick<GuestNote, 'wakeAt' | 'wakeSources'>,
): Promise<Omit<GenerationRow, 'generation' | 'epoch'>> {
  return {
    manifest: hexOf(hash), root: hexOf(root), store, storedAt: 0, newBytes: progress.written, storedBytes: await packedBytes(bucket, manifest), wakeAt, wakeSources,
  };
}
