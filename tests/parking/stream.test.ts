/** The snapshot stream: an image goes out of one store and into another, the same to the last bit, and whatever else comes by that way is refused with a sentence. */
import { HypnosError } from '@hypnos/base';
import { nodeContent } from '@hypnos/host-node';
import {
  type Bucket, exportStream, getManifest, type GuestNote, hexOf, type ImportedImage, importStream, type ImportOptions, knownChunks, type Manifest, PackWriter,
  type Progress, storedChunks,
} from '@hypnos/vmm';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { CHUNK, GUEST, memory, memoryOf, newStore, noise, rootOf, storeSample } from './sample-image.ts';

const NOTE: GuestNote = {
  name: 'dev', generation: 3, memoryBytes: 1 << 24, wakeAt: 1234, wakeSources: ['rtc: tomorrow — früh'], lastSleep: 'rtcwake', lastWake: null, origin: null,
};
const HEADER = 56, HEAD = 8;

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return pieces;
}
const read = (bucket: Bucket, bytes: readonly Uint8Array[], options: ImportOptions = {}): Promise<ImportedImage> =>
  importStream(ReadableStream.from(bytes) as ReadableStream<Uint8Array>, bucket, nodeContent, options);
const namesIn = async (bucket: Bucket): Promise<string[]> => {
  const names: string[] = [];
  for (const folder of ['packs/', 'manifests/']) for await (const { name } of bucket.list(folder)) names.push(name);
  return names.sort();
};
/** Refused with one sentence; anything else that is thrown is a fault. */
const refusal = (says: RegExp) => (error: unknown) =>
  error instanceof HypnosError && error.code === 'EINVAL' && /^[^\n]+ is refused: [^\n]+\.$/.test(error.message) && says.test(error.message);

const source = newStore(), content = memory(500, 1), { manifest } = await storeSample(source, content);
const exported = await bytesOf(exportStream(manifest, source, nodeContent, { note: NOTE }));

test('an image is the same after its stream, in pieces of any size, with its note and another guest\'s name', async () => {
  await fc.assert(fc.asyncProperty(fc.integer({ min: 64, max: 300_000 }), async length => {
    const whole = Buffer.concat(exported), pieces: Uint8Array[] = [], there = newStore();
    for (let at = 0; at < whole.length; at += length) pieces.push(whole.subarray(at, at + length));
    const guest = noise(16, 3), { manifest: made, hash, note } = await read(there, pieces, { as: { guest, generation: 1n, epoch: 1n } });
    assert.equal(rootOf(made), rootOf(manifest));
    assert.deepEqual(note, NOTE);
    assert.deepEqual([made.guest, made.generation, made.epoch, hexOf(made.parent)], [guest, 1n, 1n, '0'.repeat(64)]);
    const got = await getManifest(there, hash, nodeContent);
    assert.deepEqual(Buffer.from(got.guest), Buffer.from(guest));
    assert.ok((await memoryOf(there, got)).equals(content));
  }), { numRuns: 12 });
});

test('a stream holds only what its image needs, whatever its packs hold', async () => {
  const shared = newStore(), first = await storeSample(shared, memory(400, 1));
  const second = await storeSample(shared, memory(50, 1), knownChunks(first.manifest));
  assert.equal(second.image.progress.written, 0);
  const stream = Buffer.concat(await bytesOf(exportStream(second.manifest, shared, nodeContent)));
  assert.ok(stream.length < 40 * CHUNK, `${stream.length} bytes`);
  assert.equal(rootOf((await read(newStore(), [stream])).manifest), rootOf(second.manifest));
});

test('what the store has is not stored again, and progress tells it', async () => {
  const there = newStore(), other = await storeSample(there, memory(300, 1)), told: Progress[] = [];
  const { manifest: made, progress } = await read(there, exported, { known: knownChunks(other.manifest), progress: p => { told.push(p); } });
  const all = storedChunks(manifest).size * CHUNK, had = storedChunks(other.manifest).size * CHUNK;
  assert.deepEqual([progress.total, progress.done, progress.fresh], [all, all, all - had]);
  assert.deepEqual(told.at(-1), progress);
  assert.ok((await memoryOf(there, made)).equals(content));
  assert.equal((await namesIn(there)).filter(n => n.startsWith('packs')).length, 2);
});

test('chunks the reader has may be left out; a reader that lacks one refuses', async () => {
  const there = newStore(), other = await storeSample(there, memory(300, 1)), known = knownChunks(other.manifest);
  const thin = await bytesOf(exportStream(manifest, source, nodeContent, { leaveOut: new Set(known.keys()) }));
  assert.ok(Buffer.concat(thin).length < Buffer.concat(exported).length / 2);
  assert.ok((await memoryOf(there, (await read(there, thin, { known })).manifest)).equals(content));
  await assert.rejects(read(there, thin), refusal(/leaves out chunk [0-9a-f]{64}, which the store does not have/));
});

test('an image of zeroes, and one without memory, go through', async () => {
  for (const chunks of [0, 3]) {
    const zeroes = await storeSample(source, new Uint8Array(chunks * CHUNK));
    assert.equal(rootOf((await read(newStore(), await bytesOf(exportStream(zeroes.manifest, source, nodeContent)))).manifest), rootOf(zeroes.manifest));
  }
});

test('a store is read no further than the stream is, and a stream that is let go is over', async () => {
  const big = await storeSample(source, noise(12 << 20, 77));
  let reads = 0;
  const counting: Bucket = { ...bound(source), get: (...args) => { reads++; return source.get(...args); } };
  const reader = exportStream(big.manifest, counting, nodeContent).getReader();
  await reader.read();
  assert.equal(reads, 0, 'the header is of the manifest');
  await reader.read();
  assert.ok(reads <= 5, `${reads} MiB for a pack of 4`);
  await reader.cancel();
  assert.deepEqual(await reader.read(), { done: true, value: undefined });
});

/** The methods of a bucket as values, to change one of them. */
const bound = (bucket: Bucket): Bucket => ({
  get: (...a) => bucket.get(...a), size: n => bucket.size(n), putIfAbsent: (...a) => bucket.putIfAbsent(...a), list: p => bucket.list(p), delete: n => bucket.delete(n),
});

test('a chunk that is damaged in the store does not go out', async () => {
  const damaged: Bucket = { ...bound(source), async get(name, range) {
    const bytes = await source.get(name, range);
    if (bytes) bytes[100]! ^= 1;
    return bytes;
  } };
  await assert.rejects(bytesOf(exportStream(manifest, damaged, nodeContent)), refusal(/^chunk [0-9a-f]{64} is refused/));
});

const whole = Buffer.concat(exported);

test('a stream cut anywhere is refused, and leaves no manifest', async () => {
  const there = newStore(), cuts = fc.sample(fc.nat(whole.length - 1), 60);
  for (const at of [0, 1, HEADER - 1, HEADER, HEADER + HEAD, whole.length - 1, ...cuts]) {
    await assert.rejects(read(there, [whole.subarray(0, at)]), refusal(/ends too early: it was cut off/), `at ${at}`);
  }
  assert.deepEqual((await namesIn(there)).filter(n => n.startsWith('manifests')), []);
});

test('a changed bit is refused wherever it is, but for the note, which is only told', async () => {
  const there = newStore(), noteEnd = HEADER + HEAD + exported[1]!.length - HEAD;
  for (const at of [...fc.sample(fc.nat(whole.length - 1), 150), ...Array.from({ length: HEADER + HEAD }, (_, i) => i)]) {
    if (at >= HEADER + HEAD && at < noteEnd) continue;
    const bad = Buffer.from(whole);
    bad[at]! ^= 1 << (at % 8);
    await assert.rejects(read(there, [bad]), (error: HypnosError) => error.code === 'EINVAL' && /is refused: .*\.$/.test(error.message), `byte ${at}`);
  }
});

/** The stream of a manifest taken apart, to be put together otherwise. */
const big = await storeSample(source, noise(9 << 20, 5)), frames = await bytesOf(exportStream(big.manifest, source, nodeContent));
const [head, packA, packB, packC, last] = frames as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
const foreign = (await bytesOf(exportStream((await storeSample(source, noise(9 << 20, 6))).manifest, source, nodeContent)))[1]!;
const withHeader = (at: number, value: number): Uint8Array => {
  const bad = head.slice();
  new DataView(bad.buffer).setUint32(at, value, true);
  return bad;
};
const frameOf = (kind: number, length: number, bytes: Uint8Array = new Uint8Array(0)): Uint8Array => {
  const out = new Uint8Array(HEAD + bytes.length), view = new DataView(out.buffer);
  view.setUint32(0, kind, true);
  view.setUint32(4, length, true);
  out.set(bytes, HEAD);
  return out;
};

const HOSTILE: readonly (readonly [what: string, says: RegExp, pieces: readonly Uint8Array[]])[] = [
  ['packs in another order', /its packs are not those of its manifest, in their order/, [head, packB, packA, packC, last]],
  ['a pack left out', /its packs are not those of its manifest/, [head, packA, packC, last]],
  ['a pack twice', /carries chunk [0-9a-f]{64} twice/, [head, packA, packA, packB, packC, last]],
  ['a foreign pack', /its packs are not those|more than the/, [head, packA, packB, foreign, last]],
  ['a foreign pack more', /carries more than the 2304 chunks of 4096 bytes that it announced/, [head, packA, packB, packC, foreign, last]],
  ['the manifest before its packs', /its packs are not those of its manifest/, [head, last]],
  ['another image than announced', /its manifest is of another image/, [withHeader(24, 1), packA, packB, packC, last]],
  ['bytes behind its end', /goes on behind its end/, [...frames, new Uint8Array(1)]],
  ['two streams', /goes on behind its end/, [...frames, ...frames]],
  ['a newer version', /is of version 2, and this program reads version 1/, [withHeader(8, 2), packA]],
  ['exabytes', /larger than that of any machine/, [withHeader(16, 0xffff_ffff), packA]],
  ['exabytes left out', /larger than that of any machine/, [withHeader(20, 0xffff_ffff), packA]],
  ['odd chunks', /chunks are of 4097 bytes/, [withHeader(12, 4097), packA]],
  ['an unknown frame', /frame of kind 9/, [head, frameOf(9, 1)]],
  ['an empty frame', /announces a pack of 0 bytes/, [head, frameOf(2, 0)]],
  ['a frame of 4 GiB', /announces a pack of 4294967295 bytes, and \d+ is the most/, [head, frameOf(2, 0xffff_ffff)]],
  ['a manifest of 4 GiB', /announces a manifest of 4294967295 bytes/, [head, frameOf(3, 0xffff_ffff)]],
  ['a pack that is none', /of the stream is refused/, [head, frameOf(2, 3, new Uint8Array(3))]],
  ['a note behind a pack', /its note is not where it belongs/, [head, packA, frameOf(1, 2, Buffer.from('{}'))]],
  ['a note that is no JSON', /it is no JSON\./, [head, frameOf(1, 2, Buffer.from('no'))]],
  ['a note without a name', /does not tell the guest's name/, [head, frameOf(1, 2, Buffer.from('{}'))]],
  ['a note with a way out of a folder', /does not tell the guest's name/, [head, frameOf(1, 23, Buffer.from('{"name":"../../escape"}'))]],
  ['a text file', /is no snapshot stream: hypnos export makes one/, [Buffer.alloc(200, 'Dear diary,\n')]],
  ['nothing', /ends too early/, []],
];
for (const [what, says, pieces] of HOSTILE) {
  test(`refused: ${what}`, async () => {
    const there = newStore();
    await assert.rejects(read(there, pieces), refusal(says));
    assert.deepEqual((await namesIn(there)).filter(n => n.startsWith('manifests')), []);
  });
}

test('a stream without end is given up, and its source is told so', async () => {
  let given = 0, stopped = false;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) { controller.enqueue(given++ === 0 ? head : packOf(noise(CHUNK, 1000 + given))); },
    cancel() { stopped = true; },
  }, { highWaterMark: 0 });
  await assert.rejects(importStream(endless, newStore(), nodeContent), refusal(/more than the 2304 chunks of 4096 bytes that it announced/));
  assert.ok(stopped && given < 2400);
});

function packOf(...chunks: readonly Uint8Array[]): Uint8Array {
  const writer = new PackWriter(nodeContent);
  for (const chunk of chunks) writer.add(nodeContent.sha256(chunk), chunk);
  const { bytes } = writer.finish();
  return frameOf(2, bytes.length, bytes);
}

test('a chunk that inflates without end is refused', async () => {
  const writer = new PackWriter(nodeContent);
  writer.addStored({ hash: noise(32, 1), length: CHUNK, codec: 1 }, zstdCompressSync(new Uint8Array(1 << 28)));
  const { bytes } = writer.finish();
  await assert.rejects(read(newStore(), [head, frameOf(2, bytes.length, bytes)]), refusal(/does not unpack to 4096 bytes/));
});

test('memory is taken for what has come, not for what is announced', async () => {
  const before = process.memoryUsage().arrayBuffers;
  let announced = 0;
  const quiet = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (announced++ < 2) controller.enqueue(announced === 1 ? head : frameOf(3, 64 << 20));
      else await new Promise(() => {});
    },
  }, { highWaterMark: 0 });
  const stop = new AbortController(), reading = importStream(quiet, newStore(), nodeContent, { signal: stop.signal });
  while (announced < 3) await new Promise(resolve => setImmediate(resolve));
  assert.ok(process.memoryUsage().arrayBuffers - before < 8 << 20);
  stop.abort();
  await assert.rejects(reading, (error: HypnosError) => error.code === 'EINTR' && /was stopped/.test(error.message));
});

test('a full disk is told as such, and the stream is let go', async () => {
  const full: Bucket = { ...bound(newStore()), putIfAbsent: async () => { throw new HypnosError('EIO', 'cannot store: the disk is full.'); } };
  let stopped = false, at = 0;
  const stream = new ReadableStream<Uint8Array>({ pull(c) { c.enqueue(frames[at++]!); }, cancel() { stopped = true; } }, { highWaterMark: 0 });
  await assert.rejects(importStream(stream, full, nodeContent), /the disk is full/);
  assert.ok(stopped);
});

test('what was imported is exported the same, but for the salts of its packs and manifest', async () => {
  const there = newStore(), made: Manifest = (await read(there, exported)).manifest;
  const again = await bytesOf(exportStream({ ...made, parent: manifest.parent }, there, nodeContent, { note: NOTE }));
  assert.deepEqual(again.map(({ length }) => length), exported.map(({ length }) => length));
  const third = (await read(newStore(), again)).manifest;
  assert.equal(rootOf(third), rootOf(manifest));
  assert.deepEqual([third.guest, third.generation, third.epoch, third.parkedAtNs], [GUEST, 3n, 5n, 7n]);
});
