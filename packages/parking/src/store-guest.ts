/** A guest's snapshot, brought into a store: its chunks, and the manifest that names them all. The ledger hears of it elsewhere. */
import {
  bytesOf, type GenerationRow, getManifest, hashOf, hexOf, imageRoot, knownChunks, type KnownChunks, type Manifest, type Progress, putManifest, type Snapshot, storeImage,
} from '@hypnos/vmm';
import type { ParkingPorts, ParkReport } from './ports.ts';
import type { Steps } from './steps.ts';
import { register } from './stores.ts';
import type { Publication } from './transitions.ts';

/** Guests whose newest image a first park looks into for chunks that are stored already. */
const RELATIVES = 16;

/** Whose snapshot it is, and when it was taken. */
interface Sleeper {
  readonly id: string;
  readonly epoch: number;
  readonly store: string;
  readonly parkedAtNs: bigint;
  /** Those that are published, in their order. */
  readonly generations: readonly GenerationRow[];
}

/** Settles when all of it is durable. The snapshot's memory must stand still until then. */
export async function storeGuest(
  ports: ParkingPorts, { id, epoch, store, parkedAtNs, generations }: Sleeper, snapshot: Snapshot, clock: Steps, progress?: (progress: Progress) => void,
): Promise<{ readonly generation: Publication['generation']; readonly report: ParkReport }> {
  const { content } = ports, bucket = ports.bucket(store), known = snapshot.since ? undefined : await relatives(ports, store);
  await register(ports.ledger, bucket);
  clock.step('look');
  const stored = await storeImage(snapshot, bucket, content, { ...(known && { known }), ...(progress && { progress }) });
  clock.step('chunks');
  const last = generations.at(-1), generation = (last?.generation ?? 0) + 1, manifest: Manifest = {
    guest: bytesOf(id), generation: BigInt(generation), epoch: BigInt(epoch), parkedAtNs, parent: (last && hashOf(last.manifest)) ?? new Uint8Array(32), ...stored,
  };
  const hash = hexOf(await putManifest(bucket, manifest, content)), root = hexOf(imageRoot(stored.image, content));
  clock.step('manifest');
  return {
    generation: {
      generation, manifest: hash, root, epoch, storedAt: Number(parkedAtNs / 1_000_000n), newBytes: stored.progress.written, storedBytes: storedBytes(manifest),
    },
    report: { generation, root, progress: stored.progress, steps: clock.steps },
  };
}

/** Chunks of other guests in the same store: what was booted from the same kernel is stored once. */
async function relatives({ ledger, content, bucket: bucketOf }: ParkingPorts, store: string): Promise<KnownChunks> {
  const bucket = bucketOf(store), manifests: Manifest[] = [];
  const rows = (await ledger.guests()).filter(g => g.generation > 0 && g.store === store).sort((a, b) => b.since - a.since).slice(0, RELATIVES);
  for (const { name } of rows) {
    const newest = (await ledger.view(name)).generations.at(-1), hash = newest && hashOf(newest.manifest);
    // One that cannot be read has nothing to share; who wants that guest hears why.
    if (hash) await getManifest(bucket, hash, content).then(m => manifests.push(m), () => {});
  }
  return knownChunks(...manifests);
}

/** What the chunks of an image take in the store, each once. */
function storedBytes({ places }: Manifest): number {
  const seen = new Map<string, number>();
  for (const place of places) if (place) seen.set(`${place.pack}@${place.offset}`, place.stored);
  return [...seen.values()].reduce((sum, bytes) => sum + bytes, 0);
}
