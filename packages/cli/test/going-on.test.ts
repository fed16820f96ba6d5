/** Machines that go on from images: what is read when, what is stored again, what their clocks make of it, and who may run them. */
import { nodeClock, nodeContent, nodeHost } from '@hypnos/host-node';
import { Machine, type MachineImage, type Manifest, MemoryBucket, openImage, putManifest, getManifest, type RunConfig, storeImage } from '@hypnos/vmm';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { napper, spinning } from './guests.ts';
import { life, watched } from './life.ts';

const NS = 1_000_000_000n, TICK = 16n;

/** Stores a machine as it is now, `agoNs` ago. */
async function stored(machine: Machine, bucket: MemoryBucket, agoNs = 0n): Promise<Manifest> {
  const image = await storeImage(await machine.snapshot(), bucket, nodeContent);
  const hash = await putManifest(bucket, { guest: new Uint8Array(16), generation: 1n, epoch: 1n, parkedAtNs: nodeClock.wallNs() - agoNs, parent: new Uint8Array(32), ...image }, nodeContent);
  return getManifest(bucket, hash, nodeContent);
}

/** A guest that naps or spins, stored so long ago. */
async function imageOf(source: string, until: 'asleep' | 'booted', agoNs = 0n) {
  const first = life(source, { engine: 'interpreter' }), bucket = new MemoryBucket(), ended = first.run();
  await first.sees(until);
  const manifest = await stored(first.machine, bucket, agoNs);
  first.machine.stop();
  await ended;
  return { manifest, bucket, image: await openImage(manifest, bucket, nodeContent) };
}

test('a machine that goes on reads what its guest needs, when it needs it; the next snapshot looks at nothing else', async () => {
  const { manifest, bucket, image } = await imageOf(napper(0), 'asleep'), asked: number[] = [];
  const all = manifest.places.filter(place => place !== null).length;
  const counted: MachineImage = { ...image, chunk(n) { asked.push(n); return image.chunk(n); } };
  const second = watched(Machine.restore(counted, {}, nodeHost())), ended = second.run();
  await second.sees('restored');
  assert.deepEqual(asked, [], 'a guest that sleeps needs nothing');
  second.machine.wake();
  await second.sees('asleep');
  await second.says('b');
  assert.ok(asked.length > 0 && asked.length < all, `${asked.length} of ${all} chunks were read`);
  assert.equal(new Set(asked).size, asked.length, 'each once');
  const hashed: number[] = [], snapshot = await second.machine.snapshot();
  const image2 = await storeImage(snapshot, bucket, { ...nodeContent, sha256(...pieces) { hashed.push(pieces.length); return nodeContent.sha256(...pieces); } });
  assert.ok(image2.progress.fresh <= 2 * (1 << 16), 'its count, and nothing else, has changed');
  assert.ok(hashed.length < all, 'chunks that were not written are not hashed');
  second.machine.stop();
  await ended;
});

test('what was stored lazily is whole: all of its memory equals that of a machine that never left', async () => {
  const { manifest, bucket } = await imageOf(napper(0), 'asleep');
  const second = watched(Machine.restore(await openImage(manifest, bucket, nodeContent), {}, nodeHost())), ended = second.run();
  await second.sees('restored');
  const again = await stored(second.machine, bucket);
  assert.deepEqual(again.image.memory.hashes, manifest.image.memory.hashes);
  second.machine.stop();
  await ended;
});

/** By how much the counter is on when a guest goes on that was stored a hundred seconds ago. */
async function missed(source: string, until: 'asleep' | 'booted', config: RunConfig): Promise<bigint> {
  const { image, manifest } = await imageOf(source, until, 100n * NS), second = watched(Machine.restore(image, config, nodeHost())), ended = second.run();
  await second.sees('restored');
  const saved = savedCounter(manifest);
  let now = saved;
  for (let nth = 1; now === saved; nth++) {                    // until it has gone on
    second.machine.pause();
    now = (await second.sees('paused', nth)).at.counter;
    second.machine.resume();
    await second.sees('running', nth);
  }
  second.machine.stop();
  await ended;
  return (now - saved) * TICK / NS;
}

function savedCounter(manifest: Manifest): bigint {
  return new DataView(manifest.image.sections.find(({ path }) => path === 'time')!.bytes.slice().buffer).getBigUint64(0, true);
}

test("the counter goes on for a guest that slept and stands still for one that ran, unless told otherwise", async () => {
  assert.ok(await missed(napper(0), 'asleep', {}) >= 100n);
  assert.equal(await missed(napper(0), 'asleep', { counter: 'frozen' }), 0n);
  assert.equal(await missed(spinning, 'booted', {}), 0n, 'but for the moment that it ran');
  assert.ok(await missed(spinning, 'booted', { counter: 'advanced' }) >= 100n);
});

test('a machine whose time is up holds itself, though its owner says nothing, and goes on when it has more', async () => {
  const spins = life(spinning), ended = spins.run();
  await spins.sees('booted');
  spins.machine.mayRunUntil(nodeClock.monotonicNs() + 20_000_000n);
  const held = await spins.sees('held');
  await new Promise(resolve => setTimeout(resolve, 50));
  spins.machine.mayRunUntil(nodeClock.monotonicNs() + 3600n * NS);
  const { at } = await spins.sees('running');
  assert.equal(at.retired, held.at.retired, 'no instruction retires meanwhile');
  spins.machine.stop();
  assert.equal((await ended).ending, 'stopped');
});

test('a chunk that cannot be had ends the machine with its name, and no byte of it runs', async () => {
  const { image } = await imageOf(napper(0), 'asleep');
  const broken: MachineImage = { ...image, chunk: n => Promise.reject(new Error(`chunk ${n} is refused: it has rotted.`)) };
  const second = watched(Machine.restore(broken, {}, nodeHost())), ended = second.run();
  await second.sees('restored');
  second.machine.wake();
  const { ending, detail } = await ended;
  assert.equal(ending, 'fault');
  assert.match(detail!, /chunk \d+ is refused: it has rotted/);
  assert.match((await second.sees('fault')).detail, /chunk \d+ is refused/);
  assert.equal(second.said(), '');
});

test('a machine goes through a stream of bytes, and is disposed of', async () => {
  const first = life(napper(0), { engine: 'interpreter' }), ended = first.run();
  await first.sees('asleep');
  const pieces: Uint8Array[] = [];
  for await (const piece of await first.machine.snapshotStream(nodeContent)) pieces.push(piece);
  await first.machine[Symbol.asyncDispose]();
  assert.equal((await ended).ending, 'stopped');
  const stream = (): ReadableStream<Uint8Array> => new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  {
    await using machine = await Machine.fromStream(stream(), {}, nodeHost(), nodeContent);
    const second = watched(machine), over = second.run();
    await second.sees('restored');
    machine.wake();
    await second.sees('asleep');
    await second.says('b');
    void over;
  }
  const late = new AbortController();
  late.abort();
  await assert.rejects(Machine.fromStream(stream(), {}, nodeHost(), nodeContent, { signal: late.signal }), /reading the stream was stopped/);
});

test('a signal ends a run', async () => {
  const over = new AbortController(), spins = life(spinning), ended = spins.machine.run({ signal: over.signal });
  await spins.sees('booted');
  over.abort();
  assert.equal((await ended).ending, 'stopped');
});
