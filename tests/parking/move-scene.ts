/** Two places with a ledger and a store each, a wire between them that can be cut, and ports whose owner can be killed at any call. */
import { HypnosError } from '@hypnos/base';
import { nodeContent, SqliteLedger } from '@hypnos/host-node';
import { type Duplex, giveAway, type Given, takeIn, type Taken, transitions } from '@hypnos/parking';
import { type Bucket, getManifest, hashOf, hexOf, type Ledger } from '@hypnos/vmm';
import assert from 'node:assert/strict';
import { GUEST, memory, memoryOf, newStore, rootOf, storeSample } from './sample-image.ts';

/** Far off: a guest whose appointment is over is not parked. */
const APPOINTMENT = 4_000_000_000_000;
export const LEASE = 10_000, CONTENT = memory(60, 4);

export interface Place { readonly ledger: Ledger; readonly bucket: Bucket; readonly store: string }

/**
 * A death: from the call with this number on, nothing of the process works. Whether that call itself is still made is chosen. If it is no death after all, that one
 * call fails, as on a bad disk, and the process lives on.
 */
export interface Death { readonly call: number; readonly done: boolean; readonly lives?: boolean }

export class Killed extends Error {}

/** A place as a process sees it that may die. `calls` counts what it asked of ledger and store. */
export function mortal({ ledger, bucket, store }: Place, death: Death | null, whenDead: () => void) {
  const life = { calls: 0, dead: false };
  async function living<T>(call: () => Promise<T>): Promise<T> {
    if (life.dead) throw new Killed('killed');
    const last = death !== null && ++life.calls === death.call;
    if (death === null) life.calls++;
    if (!last) return call();
    if (death.done) await call();
    if (death.lives) throw new HypnosError('EIO', 'the disk fails.');
    life.dead = true;
    whenDead();
    throw new Killed('killed');
  }
  const place: Place = {
    store,
    ledger: {
      change: (name, decide) => living(() => ledger.change(name, decide)), view: name => living(() => ledger.view(name)), guests: () => living(() => ledger.guests()),
      id: ledger.id, generations: () => living(() => ledger.generations()), collect: () => ledger.collect(), called: () => ledger.called(),
      due: at => ledger.due(at), nextDue: () => ledger.nextDue(), manifests: () => ledger.manifests(), close: () => ledger.close(),
    },
    bucket: {
      get: (...a) => living(() => bucket.get(...a)), size: n => living(() => bucket.size(n)), putIfAbsent: (...a) => living(() => bucket.putIfAbsent(...a)),
      list: p => bucket.list(p), delete: n => living(() => bucket.delete(n)),
    },
  };
  return { place, life };
}

/** A cut of the wire after so many pieces; what was under way then arrives, or does not. */
export interface Cut { readonly after: number; readonly delivered: boolean }

/** Two ends of a wire. `onPiece` is called for each piece that is sent. */
export function wire(cut: Cut | null, onPiece: () => Promise<void> = async () => {}) {
  const state = { pieces: 0, broken: false };
  const lanes = [lane(), lane()] as const;
  const breakOff = (delivered = false): void => {
    state.broken = true;
    for (const { queue, look } of lanes) {
      if (!delivered) queue.length = 0;
      look();
    }
  };
  function lane() {
    const queue: Uint8Array[] = [];
    let waiting = (): void => {}, closed = false;
    const look = (): void => waiting();
    const readable = new ReadableStream<Uint8Array>({
      async pull(controller) {
        while (queue.length === 0 && !closed && !state.broken) await new Promise<void>(resolve => { waiting = resolve; });
        const piece = queue.shift();
        if (piece) controller.enqueue(piece);
        else if (closed) controller.close();
        else throw new Error('the wire is cut');
      },
      async cancel() { closed = true; },
    }, { highWaterMark: 0 });
    const writable = new WritableStream<Uint8Array>({
      async write(piece) {
        if (state.broken || closed) throw new Error('the wire is cut');
        await onPiece();
        queue.push(piece.slice());
        if (++state.pieces === cut?.after) breakOff(cut.delivered);
        look();
      },
      close() { closed = true; look(); },
      abort() { closed = true; look(); },
    });
    return { queue, look, readable, writable };
  }
  const [a, b] = lanes, end = (from: typeof a, to: typeof a): Duplex => ({ readable: from.readable, writable: to.writable });
  return { state, breakOff, ends: [end(a, b), end(b, a)] as const };
}

let handovers = 0;

/** One attempt to move `dev`: both sides run until they end, well or not. The taker's begins when there is a connection. */
export async function attempt(from: Place, to: Place, ends: readonly [Duplex, Duplex], name?: string): Promise<{ given: Given | Error; taken: Taken | Error }> {
  const caught = <T>(promise: Promise<T>): Promise<T | Error> => promise.catch((error: Error) => error);
  let taken: Promise<Taken | Error> = Promise.resolve(new HypnosError('EIO', 'there was no connection.'));
  const given = await caught(giveAway({
    name: 'dev', ledger: from.ledger, bucket: () => from.bucket, content: nodeContent, peer: 'there:1', owner: 'giver', lease: LEASE, renewing: () => () => {},
    handover: String(++handovers).padStart(32, '0'),
  }, async () => {
    taken = caught(takeIn({ ...to, content: nodeContent, peer: 'here:2', ...(name !== undefined && { name }) }, ends[1]));
    return ends[0];
  }));
  return { given, taken: await taken };
}

const sources = newStore(), sample = await storeSample(sources, CONTENT), ROOT = rootOf(sample.manifest);

/** A place where `dev` is parked, and one with nothing. */
export async function scene() {
  const from: Place = { ledger: new SqliteLedger(':memory:'), bucket: sources, store: 'here' };
  const to: Place = { ledger: new SqliteLedger(':memory:'), bucket: newStore(), store: 'there' };
  const { epoch } = await from.ledger.change('dev', transitions.create('dev', { id: hexOf(GUEST), owner: 'a', lease: LEASE, memoryBytes: CONTENT.length }));
  const { collections } = await from.ledger.change('dev', transitions.beginPark('dev', epoch));
  await from.ledger.change('dev', transitions.publish('dev', epoch, {
    generation: { generation: 1, manifest: hexOf(sample.hash), root: ROOT, epoch, storedAt: 0, newBytes: 1, storedBytes: 2 }, collections,
    store: 'here', wakeAt: APPOINTMENT, wakeSources: ['rtc'],
  }));
  return { from, to };
}

/** Events that were taken from whoever posted them: each must be in the inbox of the guest in the end, once. */
export class Poster {
  readonly accepted: string[] = [];
  readonly #from: Place;
  constructor(from: Place) { this.#from = from; }

  async post(): Promise<void> {
    const detail = `event ${this.accepted.length}`;
    try {
      await this.#from.ledger.change('dev', transitions.post('dev', { kind: 'wake', detail }));
      this.accepted.push(detail);
    } catch (error) {
      assert.match((error as Error).message, /^dev was moved to there:1, and is found there\.$/);
    }
  }
}

/** At no moment may both sides wake the guest. */
export async function checkOneOwner(from: Place, to: Place, name = 'dev'): Promise<void> {
  const [here, there] = [await from.ledger.view('dev'), await to.ledger.view(name)];
  const ours = here.guest !== null && here.guest.state !== 'moved', theirs = there.guest !== null && there.guest.state !== 'arriving';
  assert.ok(!(ours && theirs), `two owners: ${here.guest?.state} and ${there.guest?.state}`);
  assert.ok(ours || there.guest !== null, 'a guest that nobody has');
  if (there.guest) assert.equal(there.generations.length, 1);
}

/** The guest is there, whole, with every event, and nothing is left here but the word where it went. */
export async function checkMoved(from: Place, to: Place, events: readonly string[], name = 'dev'): Promise<void> {
  const here = await from.ledger.view('dev'), there = await to.ledger.view(name), { guest, generations, inbox } = there;
  assert.deepEqual([here.guest?.state, here.guest?.peer, here.guest?.handover, here.guest?.owner, here.generations, here.inbox], ['moved', 'there:1', null, null, [], []]);
  assert.deepEqual([guest?.state, guest?.id, guest?.owner, guest?.peer, guest?.handover, guest?.store], ['parked', hexOf(GUEST), null, null, null, 'there']);
  assert.deepEqual([guest?.wakeAt, guest?.wakeSources, guest?.generation, guest?.memoryBytes], [APPOINTMENT, ['rtc'], 1, CONTENT.length]);
  assert.equal(guest!.epoch, here.guest!.epoch + 1);
  assert.deepEqual(inbox.map(({ detail }) => detail), events);
  assert.deepEqual(generations.map(({ root }) => root), [ROOT]);
  const manifest = await getManifest(to.bucket, hashOf(generations[0]!.manifest)!, nodeContent);
  assert.equal(rootOf(manifest), ROOT);
  assert.ok((await memoryOf(to.bucket, manifest)).equals(CONTENT));
}

/** What a new process does first: frees what a dead one left. */
export const restarted = ({ ledger }: Place): Promise<boolean> => ledger.change('dev', transitions.recover('dev', () => true));
