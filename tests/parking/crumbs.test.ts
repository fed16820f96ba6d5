/** A guest that is parked again and again: its image stays in few packs, and the store grows with what changed, not with the times. */
import { nodeContent } from '@hypnos/host-node';
import { getChunk, type Manifest, MemoryBucket, packedBytes, packName, type Snapshot, storeImage } from '@hypnos/vmm';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Random } from '../hostile/random.ts';

const CHUNK = 4096, CHUNKS = 1024, LIVES = 150;

/** One that changes a chunk for good in each life, and some that change in every life. */
class Sleeper {
  readonly bucket = new MemoryBucket();
  readonly memory = new Uint8Array(randomBytes(CHUNK * CHUNKS));
  manifest: Manifest | undefined;
  written = 0;
  readonly #random = new Random(7, 0);

  #change(chunk: number): number {
    this.memory.set(randomBytes(CHUNK), chunk * CHUNK);
    return chunk;
  }

  async park(): Promise<void> {
    const manifest = this.manifest, changed = new Set(manifest && [this.#random.below(CHUNKS), 1, 2, 3, 4, 5, 6, 7, 8].map(chunk => this.#change(chunk)));
    const snapshot: Snapshot = { sections: [], memory: this.memory, chunkBytes: CHUNK, ...(manifest && { since: { manifest, changed: chunk => changed.has(chunk) } }) };
    const { progress, ...stored } = await storeImage(snapshot, this.bucket, nodeContent);
    this.written += progress.written;
    this.manifest = { guest: new Uint8Array(16), generation: 1n, epoch: 1n, parkedAtNs: 0n, parent: new Uint8Array(32), ...stored };
  }

  async whole(): Promise<void> {
    for (let chunk = 0; chunk < CHUNKS; chunk++) assert.ok(Buffer.compare(await getChunk(this.bucket, this.manifest!, chunk, nodeContent), this.memory.subarray(chunk * CHUNK, (chunk + 1) * CHUNK)) === 0, `chunk ${chunk}`);
  }
}

test('after many parks it lies in 25 packs at most, which hold little that is not needed; each time little is written', async () => {
  const sleeper = new Sleeper();
  await sleeper.park();
  const first = sleeper.written, needed = CHUNK * CHUNKS;
  for (let life = 0; life < LIVES; life++) {
    await sleeper.park();
    assert.ok(sleeper.manifest!.packs.length <= 25, `${sleeper.manifest!.packs.length} packs after ${life} parks`);
  }
  await sleeper.whole();
  assert.ok(await packedBytes(sleeper.bucket, sleeper.manifest!) < 1.5 * needed, `${await packedBytes(sleeper.bucket, sleeper.manifest!)} bytes of packs are needed`);
  assert.ok(sleeper.written - first < LIVES * 20 * CHUNK, `${sleeper.written - first} bytes were written for ${LIVES * 9} chunks that changed`);
});

test('a crumb that has rotted stays where it is, and the park succeeds', async () => {
  const sleeper = new Sleeper();
  for (let life = 0; life < 25; life++) await sleeper.park();
  const { places, packs } = sleeper.manifest!, counts = packs.map((_, pack) => places.filter(place => place?.pack === pack).length), crumb = counts.indexOf(Math.min(...counts));
  await sleeper.bucket.delete(packName(packs[crumb]!));
  await sleeper.park();
  await sleeper.park();
  assert.ok(sleeper.manifest!.packs.some(pack => Buffer.compare(pack, packs[crumb]!) === 0), 'the image still says that it needs the pack that is gone');
});
