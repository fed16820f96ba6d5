/**
 * A guest that is stored again and again leaves a pack each time, of which in the end only crumbs are needed, and a pack is kept for its last crumb. So each time
 * the packs with least in them are emptied, by storing anew what is still needed.
 */
import type { Manifest } from './manifest.ts';

/** Packs that an image may lie in without being tidied: a re-park empties one or two then, some ten chunks. */
const MOST_PACKS = 24;
/** Chunks that are stored anew at once, at most: a few MiB, some ten milliseconds. */
const MOST_CHUNKS = 64;

/** Numbers of the manifest's packs that are to be emptied, when its chunks are kept but for those that have `changed`. */
export function crumbs({ places }: Pick<Manifest, 'places'>, changed: (chunk: number) => boolean): ReadonlySet<number> {
  const needed = new Map<number, Map<number, number>>();                  // stored bytes of chunks, by pack and offset
  places.forEach((place, chunk) => {
    if (!place || changed(chunk)) return;
    const chunks = needed.get(place.pack) ?? new Map<number, number>();
    needed.set(place.pack, chunks.set(place.offset, place.stored));
  });
  const packs = [...needed].map(([pack, chunks]) => ({ pack, chunks: chunks.size, bytes: [...chunks.values()].reduce((sum, bytes) => sum + bytes, 0) }));
  const emptied = new Set<number>();
  let left = MOST_CHUNKS;
  for (const { pack, chunks } of packs.sort((a, b) => a.bytes - b.bytes).slice(0, Math.max(0, packs.length - MOST_PACKS))) {
    if (chunks > left) break;
    left -= chunks;
    emptied.add(pack);
  }
  return emptied;
}
