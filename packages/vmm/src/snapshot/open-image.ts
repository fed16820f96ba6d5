/** Makes a stored image ready to run: everything it claims is checked, every byte verified, before a machine sees any of it. */
import { readIdentity } from '../identity.ts';
import type { MachineImage } from '../machine.ts';
import type { Bucket } from './bucket.ts';
import type { Content } from './content.ts';
import { readMachine, type Region } from './machine-config.ts';
import { sectionsOf } from './machine-state.ts';
import type { Manifest } from './manifest.ts';
import { chunkCount } from './image.ts';
import { planFromImage, regionStarts } from './regions.ts';
import { check } from './refused.ts';
import { getChunk } from './store.ts';

/** How many chunks are fetched at once. */
const AT_ONCE = 16;

/** Reads the whole image. Throws EINVAL for an image that is not one of a machine of ours, or whose bytes are not what its manifest says. */
export async function openImage(manifest: Manifest, bucket: Bucket, content: Content): Promise<MachineImage> {
  const { image } = manifest, what = 'the image', section = sectionsOf(image.sections, what), machine = readMachine(section);
  const { chunkBytes } = image.memory, { starts, end } = regionStarts(machine.regions, chunkBytes);
  check(end === chunkCount(image.memory) * chunkBytes, what, 'its chunks are not those of its regions');
  const contents = await Promise.all(machine.regions.map((region, i) => readRegion(manifest, starts[i]! / chunkBytes, region, bucket, content)));
  return {
    plan: planFromImage(machine, contents, readIdentity(section)), sections: image.sections, section,
    fill(memory) {
      let at = 0;
      machine.regions.forEach(({ kind }, i) => {
        if (kind !== 'ram' && kind !== 'flash') return;
        memory.set(contents[i]!, at);
        at += contents[i]!.length;
      });
    },
  };
}

async function readRegion(manifest: Manifest, first: number, { bytes }: Region, bucket: Bucket, content: Content): Promise<Uint8Array> {
  const { chunkBytes } = manifest.image.memory, out = new Uint8Array(bytes);
  const one = async (chunk: number): Promise<void> => {
    if (!manifest.places[first + chunk]) return;
    const read = await getChunk(bucket, manifest, first + chunk, content), at = chunk * chunkBytes;
    out.set(read.subarray(0, Math.min(chunkBytes, bytes - at)), at);
  };
  for (let from = 0; from * chunkBytes < bytes; from += AT_ONCE) {
    const until = Math.min(from + AT_ONCE, Math.ceil(bytes / chunkBytes));
    await Promise.all(Array.from({ length: until - from }, (_, i) => one(from + i)));
  }
  return out;
}
