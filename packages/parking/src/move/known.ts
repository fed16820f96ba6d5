/** The chunks that a store has already, as far as this ledger's guests tell, each read and verified before it is counted on: the other side forgets its own. */
import {
  type Bucket, type Content, getManifest, hashOf, type KnownChunks, knownChunks, type KnownPlace, type Ledger, type Manifest, readRun, type Run, runsOf, type StoredChunk, verifyStored,
} from '@hypnos/vmm';

export interface StoreView {
  readonly ledger: Ledger;
  readonly bucket: Bucket;
  /** As the ledger names it. */
  readonly store: string;
  readonly content: Content;
}

/** Of these chunks those that are in the store, whole. */
export async function verifiedHere(names: readonly string[], length: number, view: StoreView): Promise<KnownChunks> {
  const known = await storeChunks(view), here: StoredChunk[] = [];
  for (const name of names) {
    const place = known.get(name);
    if (place) here.push({ ...place, name, hash: hashOf(name)!, length });
  }
  const verified = new Map<string, KnownPlace>();
  for (const run of runsOf(here)) {
    for (const chunk of await whole(run, view)) verified.set(chunk.name, chunk);
  }
  return verified;
}

/** Chunks that some guest's generations refer to, not looked at. */
export const storeChunks = async (view: StoreView): Promise<KnownChunks> => knownChunks(...await manifestsIn(view));

/** Every manifest of a guest that is stored there; one that cannot be read is of no use, and not our business. */
async function manifestsIn({ ledger, bucket, store, content }: StoreView): Promise<readonly Manifest[]> {
  const hashes = new Set((await ledger.generations()).filter(g => g.store === store).map(({ manifest }) => manifest));
  const manifests: Manifest[] = [];
  for (const name of hashes) {
    const hash = hashOf(name), manifest = hash && await getManifest(bucket, hash, content).catch(() => null);
    if (manifest) manifests.push(manifest);
  }
  return manifests;
}

async function whole(run: Run, { bucket, content }: StoreView): Promise<readonly StoredChunk[]> {
  const chunks = await readRun(bucket, run).catch(() => []);
  return chunks.flatMap(([chunk, stored]) => (isWhole(chunk, stored, content) ? [chunk] : []));
}

function isWhole(chunk: StoredChunk, stored: Uint8Array, content: Content): boolean {
  try {
    verifyStored(chunk, stored, content);
    return true;
  } catch {
    return false;
  }
}
