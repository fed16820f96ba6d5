/** Makes a stored image ready to run: everything its manifest claims is checked before a machine sees any of it; its memory stays where it is until it is needed. */
import { DTB } from '../boot/plan.ts';
import { readFdt } from '../fdt.ts';
import { readIdentity } from '../identity.ts';
import type { MachineImage } from '../machine.ts';
import type { Bucket } from './bucket.ts';
import type { Content } from './content.ts';
import { chunkCount } from './image.ts';
import { readMachine } from './machine-config.ts';
import { sectionsOf } from './machine-state.ts';
import type { Manifest } from './manifest.ts';
import { isLazy, type PlacedRegion, placeRegions, planFromImage } from './regions.ts';
import { check } from './refused.ts';
import { getChunk } from './store.ts';

/** How many chunks are fetched at once. */
const AT_ONCE = 16;

/** Throws EINVAL for an image that is not one of a machine of ours, or where bytes that are read at once are not what its manifest says. */
export async function openImage(manifest: Manifest, bucket: Bucket, content: Content): Promise<MachineImage> {
  const { sections, memory } = manifest.image, { chunkBytes } = memory, what = 'the image', section = sectionsOf(sections, what), machine = readMachine(section);
  const { placed, end } = placeRegions(machine.regions, chunkBytes);
  check(end === chunkCount(memory) * chunkBytes, what, 'its chunks are not those of its regions');
  const plan = planFromImage(machine, chunkBytes, readIdentity(section)), chunk = (n: number): Promise<Uint8Array> => getChunk(bucket, manifest, n, content);
  const eager = placed.filter(region => !isLazy(region)).flatMap(({ start, bytes }) => range(start / chunkBytes, Math.ceil((start + bytes) / chunkBytes)));
  const ready = await fetchAll(eager.filter(n => manifest.places[n]), chunk);
  const dtb = bytesOf(placed.find(({ what: name }) => name === DTB)!, ready, chunkBytes);
  readFdt(dtb);                                                          // a reset writes into it
  return { plan, dtb, sections, section, manifest, chunk, ready };
}

/** A region's bytes, from chunks that were read. */
function bytesOf({ start, bytes }: PlacedRegion, chunks: ReadonlyMap<number, Uint8Array>, chunkBytes: number): Uint8Array {
  const out = new Uint8Array(Math.ceil(bytes / chunkBytes) * chunkBytes);
  for (let at = 0; at < bytes; at += chunkBytes) {
    const chunk = chunks.get((start + at) / chunkBytes);
    if (chunk) out.set(chunk, at);
  }
  return out.subarray(0, bytes);
}

const range = (from: number, to: number): readonly number[] => Array.from({ length: to - from }, (_, i) => from + i);

async function fetchAll(chunks: readonly number[], fetch: (chunk: number) => Promise<Uint8Array>): Promise<ReadonlyMap<number, Uint8Array>> {
  const all = new Map<number, Uint8Array>();
  for (let from = 0; from < chunks.length; from += AT_ONCE) {
    const some = chunks.slice(from, from + AT_ONCE);
    (await Promise.all(some.map(fetch))).forEach((bytes, i) => all.set(some[i]!, bytes));
  }
  return all;
}
