/** Manifests and packs: what is written is read, and whatever else is thrown at the readers is refused with a sentence. */
import { HypnosError } from '@hypnos/base';
import { CODEC, decodeManifest, encodeManifest, hashOf, hexOf, type Image, imageRoot, type Manifest, PackWriter, readIndex, unpackChunk } from '@hypnos/vmm';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { nodeContent } from './content.ts';

const CHUNK = 4096, HASH = 32;
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
/** Records that deepEqual takes for object literals. */
const plain = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> => fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

const path = fc.array(fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,9}$/), { minLength: 1, maxLength: 3 }).map(words => words.join('/'));
const section = plain({ path, version: fc.nat(), bytes: fc.uint8Array({ maxLength: 300 }) });
const sections = fc.uniqueArray(section, { selector: s => s.path, maxLength: 6 }).map(all => all.sort((a, b) => (a.path < b.path ? -1 : 1)));
const place = plain({ pack: fc.constantFrom(0, 1), offset: fc.nat(1 << 20), stored: fc.integer({ min: 1, max: CHUNK - 1 }), codec: fc.constant(CODEC.zstd) });
const chunks = fc.array(fc.option(fc.tuple(bytes(HASH).filter(h => h.some(b => b !== 0)), place), { freq: 3 }), { maxLength: 8 });

const manifest: fc.Arbitrary<Manifest> = plain({
  sections, chunks, guest: bytes(16), generation: u64, epoch: u64, parkedAtNs: u64, parent: bytes(HASH), packs: fc.tuple(bytes(HASH), bytes(HASH)),
}).map(({ sections: all, chunks: table, ...rest }) => ({
  ...rest,
  image: { sections: all, memory: { chunkBytes: CHUNK, hashes: Uint8Array.from(table.flatMap(c => [...(c?.[0] ?? new Uint8Array(HASH))])) } },
  places: table.map(c => c?.[1] ?? null),
}));

const sample = (): Manifest => fc.sample(manifest, { numRuns: 40, seed: 5 }).find(m => m.image.sections.length > 1 && m.places.some(p => p) && m.places.includes(null))!;
const read = (from: Uint8Array) => decodeManifest(from, nodeContent, 'the test');

test('a manifest is read as it was written', () => {
  fc.assert(fc.property(manifest, written => {
    const { bytes: stored, hash } = encodeManifest(written, nodeContent);
    assert.deepEqual(read(stored), written);
    assert.deepEqual(hash, stored.slice(-HASH));
  }));
});

/** Runs `decode`; a refusal is fine, anything else that is thrown is a fault. */
function refusedOr<T>(decode: () => T): T | null {
  try {
    return decode();
  } catch (error) {
    assert.ok(error instanceof HypnosError && error.code === 'EINVAL' && /^.+ is refused: .+\.$/.test(error.message), `not a refusal: ${(error as Error).stack}`);
    return null;
  }
}

test('every flipped bit, every truncation and every extension of a manifest is refused', () => {
  const { bytes: good } = encodeManifest(sample(), nodeContent);
  for (let bit = 0; bit < good.length * 8; bit++) {
    const bad = good.slice();
    bad[bit >> 3]! ^= 1 << (bit & 7);
    assert.equal(refusedOr(() => read(bad)), null, `bit ${bit}`);
  }
  for (let length = 0; length < good.length; length++) assert.equal(refusedOr(() => read(good.subarray(0, length))), null, `${length} bytes`);
  assert.equal(refusedOr(() => read(Uint8Array.from([...good, 0]))), null);
});

/** Lengths and counts that make trouble, at a place, with the hash made right again: what somebody with a hex editor can send. */
const forged = (good: Uint8Array, at: number, value: number): Uint8Array => {
  const bad = good.slice(), body = bad.subarray(0, -HASH);
  new DataView(bad.buffer).setUint32(at, value, true);
  bad.set(nodeContent.sha256(body), body.length);
  return bad;
};

test('forged manifests with right hashes are refused, or keep what every manifest promises', () => {
  const good = encodeManifest(sample(), nodeContent).bytes, values = [0, 1, 2, 255, 4096, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
  let taken = 0;
  for (let at = 0; at + 4 <= good.length - HASH; at++) for (const value of values) {
    const made = refusedOr(() => read(forged(good, at, value)));
    if (made === null) continue;
    taken++;
    assert.ok(made.places.every(p => p === null || (p.pack < made.packs.length && p.stored <= 1 << 20)));
    assert.deepEqual(made.places.length * HASH, made.image.memory.hashes.length);
  }
  assert.ok(taken > 0, 'generation, epoch and places may be anything');
});

test('the root names sections and chunks, and neither generation nor owner nor places', () => {
  const a = sample(), root = (m: Manifest) => hexOf(imageRoot(m.image, nodeContent));
  assert.equal(root(a), root({ ...a, generation: 9n, epoch: 9n, parkedAtNs: 9n, places: [], packs: [] }));
  const other = (image: Partial<Image>) => root({ ...a, image: { ...a.image, ...image } });
  assert.notEqual(root(a), other({ sections: a.image.sections.slice(1) }));
  assert.notEqual(root(a), other({ sections: a.image.sections.map((s, i) => (i ? s : { ...s, version: s.version + 1 })) }));
  assert.notEqual(root(a), other({ memory: { ...a.image.memory, chunkBytes: 8192 } }));
});

test('a hash and its digits', () => {
  const hash = randomBytes(HASH);
  assert.deepEqual(hashOf(hexOf(hash)), new Uint8Array(hash));
  for (const bad of ['', 'zz', hexOf(hash).toUpperCase(), `${hexOf(hash)}0`]) assert.equal(hashOf(bad), null);
});

test('what is written twice has two names, and one root', () => {
  const written = sample(), [a, b] = [encodeManifest(written, nodeContent), encodeManifest(written, nodeContent)];
  assert.notDeepEqual(a.hash, b.hash);
  assert.deepEqual(read(a.bytes), read(b.bytes));
  assert.notDeepEqual(packed(text).hash, packed(text).hash);
});

function packed(...all: readonly Uint8Array[]) {
  const writer = new PackWriter(nodeContent);
  const places = all.map(chunk => writer.add(nodeContent.sha256(chunk), chunk));
  return { ...writer.finish(), places };
}
const text = new TextEncoder().encode('sleep '.repeat(800)).slice(0, CHUNK), noise = new Uint8Array(randomBytes(CHUNK));
const index = (pack: Uint8Array) => readIndex(pack.subarray(pack.length - 40 - 2 * 48), pack.length, nodeContent, 'the test');

test('chunks are got from a pack by their places and by its index', () => {
  const { bytes: pack, hash, places } = packed(text, noise);
  assert.deepEqual(hash, nodeContent.sha256(pack));
  assert.deepEqual(places.map(p => p.codec), [CODEC.zstd, CODEC.plain]);
  for (const [i, chunk] of [text, noise].entries()) {
    const entry = index(pack)[i]!, { hash: named, ...at } = entry;
    assert.deepEqual({ ...at }, { ...places[i], length: CHUNK });
    const stored = pack.subarray(entry.offset, entry.offset + entry.stored);
    assert.deepEqual(Buffer.from(unpackChunk(stored, entry.codec, named, entry.length, nodeContent)), Buffer.from(chunk));
  }
});

test('a changed chunk, index or trailer is refused', () => {
  const { bytes: pack } = packed(text, noise), tail = pack.length - 40 - 2 * 48;
  for (let at = tail; at < pack.length; at++) for (const bit of [1, 128]) {
    const bad = pack.slice();
    bad[at]! ^= bit;
    assert.equal(refusedOr(() => index(bad)), null, `byte ${at}`);
  }
  const [entry] = index(pack), stored = pack.slice(entry!.offset, entry!.offset + entry!.stored);
  for (let at = 0; at < stored.length; at++) {
    const bad = stored.slice();
    bad[at]! ^= 4;
    refusedOr(() => { assert.deepEqual(Buffer.from(unpackChunk(bad, entry!.codec, entry!.hash, CHUNK, nodeContent)), Buffer.from(text)); });
  }
});

test('a frame that inflates without end costs no more than its chunk', () => {
  const bomb = zstdCompressSync(new Uint8Array(1 << 28));
  assert.ok(bomb.length < 1 << 16);
  assert.throws(() => unpackChunk(bomb, CODEC.zstd, nodeContent.sha256(text), CHUNK, nodeContent), /does not unpack to 4096 bytes/);
});
