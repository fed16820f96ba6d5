/** A guest moves between two ledgers: cut off or killed at any moment it has one owner at most, is whole, and no event is lost. */
import { HypnosError } from '@hypnos/base';
import { nodeContent, SqliteLedger } from '@hypnos/host-node';
import { giveAway, type Given, takeIn, type Taken, transitions } from '@hypnos/parking';
import { hexOf, knownChunks } from '@hypnos/vmm';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attempt, checkMoved, checkOneOwner, CONTENT, type Cut, type Death, Killed, LEASE, mortal, type Place, Poster, restarted, scene, wire } from './move-scene.ts';
import { newStore, storeSample } from './sample-image.ts';

const code = (wanted: string, says: RegExp) => (error: unknown) => error instanceof HypnosError && error.code === wanted && says.test(error.message);
const given = (outcome: Given | Error): Given => { assert.ok(!(outcome instanceof Error), String(outcome)); return outcome; };
const taken = (outcome: Taken | Error): Taken => { assert.ok(!(outcome instanceof Error), String(outcome)); return outcome; };

test('a parked guest moves with its events, and is found where it went', async () => {
  const { from, to } = await scene(), { ends, state } = wire(null), poster = new Poster(from);
  await poster.post();
  const outcome = await attempt(from, to, ends);
  assert.deepEqual([given(outcome.given).name, given(outcome.given).events, taken(outcome.taken).events], ['dev', 1, 1]);
  await checkMoved(from, to, ['event 0']);
  await assert.rejects(from.ledger.change('dev', transitions.acquire('dev', 'x', LEASE)), code('EBUSY', /dev was moved to there:1, and is found there/));
  await poster.post();
  assert.equal(poster.accepted.length, 1);
  assert.ok(state.pieces >= 20, `${state.pieces} pieces`);
  const woken = await to.ledger.change('dev', transitions.acquire('dev', 'y', LEASE));
  assert.equal(woken.guest.state, 'waking');
});

test('only what the other side lacks is sent; of what it has, what is damaged is sent too', async () => {
  for (const damage of [false, true]) {
    const { from, to } = await scene(), other = await storeSample(to.bucket, CONTENT);
    await to.ledger.change('other', transitions.adopt('other', {
      id: '9'.repeat(32), note: noteOfSample, collections: 0, generation: { ...generation, manifest: hexOf(other.hash) },
    }));
    const bucket = damage ? { ...bound(to), async get(name: string, range?: { readonly offset: number; readonly length: number }) {
      const bytes = await to.bucket.get(name, range);
      if (bytes && name.startsWith('packs')) bytes[0]! ^= 1;
      return bytes;
    } } : to.bucket;
    const outcome = await attempt(from, { ...to, bucket }, wire(null).ends), { progress } = given(outcome.given);
    assert.equal(progress!.fresh, damage ? 4096 : 0, 'one chunk of each run is damaged');
    assert.equal(progress!.total, knownChunks(other.manifest).size * 4096);
    await checkMoved(from, to, []);
  }
});
const noteOfSample = { name: 'sample', generation: 1, memoryBytes: CONTENT.length, wakeAt: null, wakeSources: [], lastSleep: null, lastWake: null, origin: null };
const generation = { root: '', store: 'there', newBytes: 0, storedBytes: 0, wakeAt: null, wakeSources: [] };
const bound = ({ bucket }: Place) => ({
  size: (n: string) => bucket.size(n), putIfAbsent: (n: string, b: Uint8Array) => bucket.putIfAbsent(n, b), list: (p: string) => bucket.list(p), delete: (n: string) => bucket.delete(n),
});

interface Trouble { readonly cut?: Cut; readonly giver?: Death; readonly taker?: Death }

/** One attempt with trouble, an event posted and the owners counted at every piece on the wire; then both processes start again. */
async function troubled(from: Place, to: Place, poster: Poster, { cut, giver, taker }: Trouble): Promise<{ pieces: number; calls: readonly [number, number]; killed: boolean }> {
  const line = wire(cut ?? null, async () => {
    await checkOneOwner(from, to);
    await poster.post();
  });
  const a = mortal(from, giver ?? null, line.breakOff), b = mortal(to, taker ?? null, line.breakOff);
  const { given: g, taken: t } = await attempt(a.place, b.place, line.ends);
  for (const outcome of [g, t]) {
    if (outcome instanceof Error) assert.ok(outcome instanceof HypnosError || outcome instanceof Killed, outcome.stack ?? outcome.message);
  }
  await checkOneOwner(from, to);
  await restarted(from);
  await restarted(to);
  await checkOneOwner(from, to);
  return { pieces: line.state.pieces, calls: [a.life.calls, b.life.calls], killed: a.life.dead || b.life.dead || line.state.broken };
}

/** Whatever happened before: the move is made again, and comes to its end. */
async function finished(from: Place, to: Place, poster: Poster): Promise<void> {
  const here = (await from.ledger.view('dev')).guest!;
  if (here.state !== 'moved' || here.handover !== null) {
    const { given: g, taken: t } = await attempt(from, to, wire(null).ends);
    given(g);
    taken(t);
  }
  await checkMoved(from, to, poster.accepted);
}

async function survives(trouble: Trouble): Promise<void> {
  const { from, to } = await scene(), poster = new Poster(from);
  await troubled(from, to, poster, trouble);
  await finished(from, to, poster);
}

const { from: quietFrom, to: quietTo } = await scene(), quiet = await troubled(quietFrom, quietTo, new Poster(quietFrom), {});
const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i + 1);

test('cut after any piece, whether what was under way arrives or not', async () => {
  for (const after of upTo(quiet.pieces)) for (const delivered of [true, false]) await survives({ cut: { after, delivered } });
});

test('the giver is killed at any call of its ledger and store, before it or after', async () => {
  assert.ok(quiet.calls[0] >= 5);
  for (const call of upTo(quiet.calls[0])) for (const done of [true, false]) await survives({ giver: { call, done } });
});

test('the taker is killed at any call of its ledger and store, before it or after', async () => {
  assert.ok(quiet.calls[1] >= 8);
  for (const call of upTo(quiet.calls[1])) for (const done of [true, false]) await survives({ taker: { call, done } });
});

test('one call of a ledger or store fails, and the process lives on to say so', async () => {
  for (const call of upTo(quiet.calls[0])) for (const done of [true, false]) await survives({ giver: { call, done, lives: true } });
  for (const call of upTo(quiet.calls[1])) for (const done of [true, false]) await survives({ taker: { call, done, lives: true } });
});

test('troubles one after the other, of all kinds', async () => {
  const death = (calls: number) => fc.record({ call: fc.integer({ min: 1, max: calls }), done: fc.boolean(), lives: fc.boolean() });
  const trouble: fc.Arbitrary<Trouble> = fc.oneof(
    fc.record({ cut: fc.record({ after: fc.integer({ min: 1, max: quiet.pieces }), delivered: fc.boolean() }) }),
    fc.record({ giver: death(quiet.calls[0]) }), fc.record({ taker: death(quiet.calls[1]) }), fc.record({ giver: death(quiet.calls[0]), taker: death(quiet.calls[1]) }),
  );
  await fc.assert(fc.asyncProperty(fc.array(trouble, { minLength: 2, maxLength: 6 }), async troubles => {
    const { from, to } = await scene(), poster = new Poster(from);
    for (const one of troubles) {
      const { guest } = await from.ledger.view('dev');
      if (guest!.state === 'moved' && guest!.handover === null) break;
      await troubled(from, to, poster, one);
    }
    await finished(from, to, poster);
  }), { numRuns: 60 });
});

test('a name that is taken is refused before anything is sent, and the guest stays; --name takes it', async () => {
  const { from, to } = await scene();
  await to.ledger.change('dev', transitions.create('dev', { id: '8'.repeat(32), owner: 'z', lease: LEASE, memoryBytes: 1 }));
  const { given: g } = await attempt(from, to, wire(null).ends);
  assert.ok(code('EEXIST', /^there:1 refuses: there is a guest dev already, running: hypnos receive --name gives what comes another name\.$/)(g), String(g));
  assert.equal((await from.ledger.view('dev')).guest!.state, 'parked');
  const again = await attempt(from, to, wire(null).ends, 'dev2');
  assert.equal(given(again.given).name, 'dev2');
  await checkMoved(from, to, [], 'dev2');
});

test('a collection that begins while a guest comes spoils it: the guest stays, and comes when it is moved again', async () => {
  const { from, to } = await scene();
  let pieces = 0;
  const { given: g } = await attempt(from, to, wire(null, async () => { if (++pieces === 12) await to.ledger.collect(); }).ends);
  assert.ok(code('EBUSY', /refuses: a garbage collection began in the store while dev came/)(g), String(g));
  assert.deepEqual([(await from.ledger.view('dev')).guest?.state, (await to.ledger.view('dev')).guest], ['parked', null]);
  given((await attempt(from, to, wire(null).ends)).given);
  await checkMoved(from, to, []);
});

test('a guest that was moved comes back under its name, and goes again', async () => {
  const { from, to } = await scene();
  given((await attempt(from, to, wire(null).ends)).given);
  given((await attempt(to, from, wire(null).ends)).given);
  assert.deepEqual([(await from.ledger.view('dev')).guest?.state, (await to.ledger.view('dev')).guest?.state], ['parked', 'moved']);
  given((await attempt(from, { ...to, store: 'there' }, wire(null).ends)).given);
  await checkMoved(from, to, []);
});

test('a guest whose handover was cut off finishes it even if it has moved on meanwhile', async () => {
  const { from, to } = await scene(), third: Place = { ledger: new SqliteLedger(':memory:'), bucket: newStore(), store: 'third' };
  const last = quiet.calls[0];
  await troubled(from, to, new Poster(from), { giver: { call: last, done: false } });
  assert.deepEqual([(await from.ledger.view('dev')).guest?.state, (await to.ledger.view('dev')).guest?.state], ['moved', 'parked']);
  given((await attempt(to, third, wire(null).ends)).given);
  given((await attempt(from, to, wire(null).ends)).given);
  assert.equal((await from.ledger.view('dev')).guest?.handover, null);
  assert.equal((await third.ledger.view('dev')).guest?.state, 'parked');
});

test('a gift is refused by a place where no such guest has come, and the guest is not lost', async () => {
  const { from, to } = await scene(), stranger: Place = { ledger: new SqliteLedger(':memory:'), bucket: newStore(), store: 'there' };
  for (let call = 1; (await from.ledger.view('dev')).guest!.state !== 'moved'; call++) await troubled(from, to, new Poster(from), { giver: { call, done: true } });
  const { given: g } = await attempt(from, stranger, wire(null).ends);
  assert.ok(code('ENOENT', /refuses: no such guest has come here: it was removed, or this is not the place that it was moved to/)(g), String(g));
  await assert.rejects(from.ledger.change('dev', transitions.remove('dev')), code('EBUSY', /without this row it may be lost/));
  given((await attempt(from, to, wire(null).ends)).given);
  assert.equal((await to.ledger.view('dev')).guest?.state, 'parked');
});

test('one that is arriving is neither woken nor told anything', async () => {
  const { from, to } = await scene();
  for (let after = quiet.pieces; (await to.ledger.view('dev')).guest?.state !== 'arriving'; after--) {
    assert.ok(after > 0);
    const fresh = await scene();
    Object.assign(from, fresh.from);
    Object.assign(to, fresh.to);
    await troubled(from, to, new Poster(from), { cut: { after, delivered: false } });
  }
  const says = code('EBUSY', /dev is arriving from here:2 and not here yet/);
  await assert.rejects(to.ledger.change('dev', transitions.acquire('dev', 'x', LEASE)), says);
  await assert.rejects(to.ledger.change('dev', transitions.post('dev', { kind: 'wake', detail: '' })), says);
});

test('a guest is lent while its lease is renewed, and nobody else gets it', async () => {
  const { from, to } = await scene();
  let renew: (() => Promise<unknown>) | null = null, renewals = 0, refused = 0;
  const { ends } = wire(null, async () => {
    if (!renew) return;
    await renew().then(() => { renewals++; }, () => {});
    await from.ledger.change('dev', transitions.acquire('dev', 'x', LEASE)).catch((error: HypnosError) => { if (/is being moved to there:1/.test(error.message)) refused++; });
  });
  await Promise.all([
    takeIn({ ...to, content: nodeContent, peer: 'here:2' }, ends[1]),
    giveAway({
      name: 'dev', ledger: from.ledger, bucket: () => from.bucket, content: nodeContent, peer: 'there:1', owner: 'giver', lease: LEASE, handover: '7'.repeat(32),
      renewing: again => {
        renew = again;
        return () => { renew = null; };
      },
    }, async () => ends[0]),
  ]);
  assert.ok(renewals > 5 && refused > 5 && renew === null, `${renewals} renewals, ${refused} refusals`);
});

test('a giver that was superseded gives nothing: the guest is woken here, and called off there', async () => {
  const { from, to } = await scene();
  let pieces = 0;
  const { ends } = wire(null, async () => {
    if (++pieces !== 12) return;
    await restarted(from);
    await from.ledger.change('dev', transitions.acquire('dev', 'x', LEASE));
  });
  const { given: g, taken: t } = await attempt(from, to, ends);
  assert.ok(code('ESTALE', /has another owner by now/)(g), String(g));
  assert.ok(t instanceof Error);
  assert.equal((await from.ledger.view('dev')).guest?.state, 'waking');
  assert.notEqual((await to.ledger.view('dev')).guest?.state, 'parked');
});

test('more events than a move carries are refused, the guest stays, and the other side forgets it', async () => {
  const { from, to } = await scene();
  await from.ledger.change('dev', transitions.post('dev', { kind: 'wake', detail: 'x'.repeat(600_000) }));
  const { given: g, taken: t } = await attempt(from, to, wire(null).ends);
  assert.ok(code('E2BIG', /more than a move carries/)(g), String(g));
  assert.ok(code('EINTR', /called the move off: the guest stays there/)(t), String(t));
  assert.deepEqual([(await from.ledger.view('dev')).guest?.state, (await to.ledger.view('dev')).guest], ['parked', null]);
});

const MAGIC = Buffer.from('HYPNOSV1\u0001\u0000\u0000\u0000'), message = (kind: number, length: number, bytes: Uint8Array = new Uint8Array(0)): Buffer => {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(kind);
  head.writeUInt32LE(length, 4);
  return Buffer.concat([head, bytes]);
};
const json = (kind: number, value: unknown): Buffer => message(kind, Buffer.byteLength(JSON.stringify(value)), Buffer.from(JSON.stringify(value)));
const offer = { handover: '1'.repeat(32), guest: '2'.repeat(32), epoch: 1, note: noteOfSample, chunkBytes: 4096, chunks: 1, storedIn: 1, root: '3'.repeat(64) };

const HOSTILE: readonly (readonly [what: string, says: RegExp, sent: readonly Uint8Array[]])[] = [
  ['a browser', /is no hypnos: hypnos receive listens for one/, [Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')]],
  ['a newer version', /speaks version 2 of the move protocol/, [Buffer.from('HYPNOSV1\u0002\u0000\u0000\u0000')]],
  ['nothing', /the connection to here:2 broke/, []],
  ['an unknown message', /a message of kind 99 with 0 bytes/, [MAGIC, message(99, 0)]],
  ['an offer of 4 GiB', /kind 1 with 4294967295 bytes/, [MAGIC, message(1, 0xffff_ffff)]],
  ['a message out of turn', /sent 'ready' where 'offer' or 'gift' belongs/, [MAGIC, message(6, 0)]],
  ['an offer that is no JSON', /it is no JSON/, [MAGIC, message(1, 2, Buffer.from('no'))]],
  ['an offer of nothing', /its note|its handover|does not tell/, [MAGIC, json(1, {})]],
  ['a name that is a path', /does not tell the guest's name/, [MAGIC, json(1, { ...offer, note: { ...noteOfSample, name: '../x' } })]],
  ['a guest without id', /its guest is none/, [MAGIC, json(1, { ...offer, guest: 'zz' })]],
  ['a negative epoch', /its epoch is no whole number/, [MAGIC, json(1, { ...offer, epoch: -1 })]],
  ['fewer hashes than chunks', /hashes of 0 bytes for 1 chunks/, [MAGIC, json(1, offer), message(2, 0)]],
  ['a stream that is none', /the stream is refused/, [MAGIC, json(1, offer), message(2, 32, new Uint8Array(32).fill(7)), message(4, 100, new Uint8Array(100))]],
  ['a stream that ends at once', /the stream is refused: it ends too early/, [MAGIC, json(1, offer), message(2, 32, new Uint8Array(32).fill(7)), message(5, 0)]],
  ['a gift of a guest that never came', /no such guest has come here/, [MAGIC, json(7, { handover: '1'.repeat(32), guest: '2'.repeat(32), epoch: 1, events: [] })]],
];
for (const [what, says, sent] of HOSTILE) {
  test(`refused by a receiver: ${what}`, async () => {
    const { to } = await scene(), { ends, breakOff } = wire(null), writer = ends[0].writable.getWriter(), before = await to.ledger.guests();
    const taking = takeIn({ ...to, content: nodeContent, peer: 'here:2' }, ends[1]);
    for (const bytes of sent) await writer.write(bytes);
    void writer.close();
    await assert.rejects(taking, (error: HypnosError) => error instanceof HypnosError && says.test(error.message) && !/\n/.test(error.message));
    breakOff();
    assert.deepEqual(await to.ledger.guests(), before);
  });
}

test('what a peer says is shown without what moves a cursor, and a giver that is told nonsense keeps its guest', async () => {
  const answers: readonly (readonly [RegExp, Uint8Array])[] = [
    [/refuses: bad·\[2Jnews/, json(10, { code: 'EBUSY', message: 'bad\u001b[2Jnews' })], [/about another number of chunks/, message(3, 1, new Uint8Array(1))],
    [/sent 'ready' where 'lacks' belongs/, message(6, 0)], [/is no JSON/, message(10, 1, Buffer.from('{'))],
  ];
  for (const [says, answer] of answers) {
    const { from } = await scene(), { ends } = wire(null), writer = ends[1].writable.getWriter();
    void writer.write(MAGIC);
    void writer.write(answer);
    await assert.rejects(giveAway({
      name: 'dev', ledger: from.ledger, bucket: () => from.bucket, content: nodeContent, peer: 'there:1', owner: 'giver', lease: LEASE, renewing: () => () => {}, handover: '6'.repeat(32),
    }, async () => ends[0]), (error: HypnosError) => error instanceof HypnosError && says.test(error.message));
    assert.equal((await from.ledger.view('dev')).guest?.state, 'parked');
  }
});
