/** The power is cut at every moment of a run that parks, wakes, forks, removes and collects: with disks that keep their word, and with disks that do not. */
import { HypnosError } from '@hypnos/base';
import { SqliteLedger } from '@hypnos/host-node';
import { collect, transitions, verify, type Verification } from '@hypnos/parking';
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Random } from '../hostile/random.ts';
import type { Lies } from './disk.ts';
import { type Home, listening, lives, STORE } from './home.ts';
import { freed, whole, woken } from './recovered.ts';
import { Cuts, traced, tracedCount } from './traced.ts';

const scratch = mkdtempSync(join(tmpdir(), 'hypnos-power-'));
after(() => rmSync(scratch, { recursive: true }));
const trace = await traced(join(scratch, 'home')), cuts = new Cuts(trace, scratch), { journal } = trace.disk;
/** Cuts behind each act, with a disk that keeps its word. */
const ROUNDS = 2;
/** Cuts at moments that are drawn, with one that does not. */
const LYING = 150;
/** Damaged ledgers. */
const DAMAGED = 300;

const everyone = (): boolean => true;

/** What must hold after a cut if the disk kept its word. */
async function sound(home: Home): Promise<readonly string[]> {
  const wrong = [...await freed(home, everyone), ...await whole(home.stores)];
  await collect(home.stores, STORE);
  return [...wrong, ...await whole(home.stores)];
}

test('power cuts behind every act: what the ledger names is whole, and a collection takes nothing of it', async t => {
  const wrong: string[] = [];
  let looked = 0;
  for (let acts = 0; acts <= journal.length; acts++) {
    for (let round = 0; round < ROUNDS; round++) {
      const found = await cuts.after(acts, new Random(round, acts), undefined, sound).catch((error: Error) => [String(error.stack)]);
      if (found) looked++;
      for (const text of found ?? []) wrong.push(`behind ${acts} acts, ${journal[acts - 1]?.do} ${journal[acts - 1]?.path}: ${text}`);
    }
  }
  assert.deepEqual(wrong, []);
  t.diagnostic(`${journal.length} acts, ${trace.commits.length} commits, ${looked} homes looked at`);
});

test('if only the folders of objects were synced, and not the names of the folders themselves, the same cuts lose guests: the test above sees it', async () => {
  const unsynced: Lies = ({ do: act, path }) => act === 'sync-folder' && !/\/(packs|manifests|ledgers)$/.test(path);
  let lost = 0;
  for (let round = 0; round < 40; round++) {
    const found = await cuts.after(journal.length, new Random(13, round), unsynced, async home => [...await freed(home, everyone), ...await whole(home.stores)]);
    if (found!.some(text => /the store has no (manifests|packs)/.test(text))) lost++;
  }
  assert.ok(lost > 10, `${lost}`);
});

test('after a power cut a guest goes on from the number it was parked at', async () => {
  const last = await cuts.after(journal.length, new Random(7, 7), undefined, async home => [...await sound(home), ...await woken(home, 'dev', tracedCount), ...await woken(home, 'twin', tracedCount)]);
  assert.deepEqual(last, []);
});

/** A disk that forgets syncs from some moment on: all of them, or every second. */
function lying(random: Random, acts: number): Lies {
  const from = random.below(acts + 1), some = random.chance(2);
  return (act, at) => at >= from && (act.do === 'sync' || act.do === 'sync-folder') && (!some || random.chance(2));
}

/** What a disk that lied has left is seen before it is used: answers what is whole. Throws for anything that is no sentence. */
async function noticed(home: Home): Promise<Verification> {
  assert.deepEqual(await freed(home, everyone), []);
  const before = await verify(home.stores, await home.stores.ledger.generations());
  for (const { why } of before.faults) assert.match(why, /^.{10,400}\.$/s);
  await collect(home.stores, STORE).catch((error: unknown) => { if (!(error instanceof HypnosError)) throw error; });
  const then = await verify(home.stores, await home.stores.ledger.generations());
  assert.deepEqual(then.generations, before.generations, 'a collection takes nothing that is whole');
  return then;
}

/** The newest generation is woken if it is whole, or refused with a sentence that names what is bad; an older one that is whole goes on. */
async function wakesOrRefuses(home: Home, { generations, faults }: Verification): Promise<string> {
  const of = generations.filter(g => g.guest === 'dev'), newest = of.at(-1)!, older = of.findLast(g => g.whole);
  const told = listening(), ended = await lives(home, 'dev', told).catch((error: unknown) => {
    if (!(error instanceof HypnosError)) throw error;
    return { ending: 'refused', detail: error.message };
  });
  if (newest.whole) {
    assert.equal(ended.ending, 'parked', String(ended.detail));
    return 'whole';
  }
  assert.ok(ended.ending === 'refused' || ended.ending === 'fault', `${ended.ending} of a generation that is not whole: ${faults[0]?.why}`);
  assert.match(ended.detail ?? '', /(manifests|packs|chunk) ?\/?[0-9a-f]{64}/);
  assert.equal((await home.stores.ledger.view('dev')).guest?.state, 'parked');
  if (!older) return 'refused';
  const again = listening();
  assert.equal((await lives(home, 'dev', again, { generation: older.generation })).ending, 'parked');
  assert.ok(again.text.startsWith((tracedCount('dev', older.generation) + 1).toString(16).padStart(4, '0')));
  return 'an older one';
}

test('a ledger that a disk damaged is refused with a sentence, or tells what it tells', async t => {
  const main = readFileSync(join(trace.folder, 'ledger.sqlite')), folder = join(scratch, 'damaged'), file = join(folder, 'ledger.sqlite');
  let refused = 0;
  for (let round = 0; round < DAMAGED; round++) {
    const random = new Random(17, round), bytes = Uint8Array.from(main).subarray(0, random.chance(4) ? random.below(main.length) : main.length);
    for (let hit = 0; hit < 3; hit++) {
      const from = random.below(bytes.length + 1);
      bytes.fill(random.below(256), from, Math.min(bytes.length, from + random.below(round % 2 ? 8 : 4096)));
    }
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    writeFileSync(file, bytes);
    try {
      const ledger = new SqliteLedger(file);
      for (const { name } of await ledger.guests()) await ledger.change(name, transitions.recover(name, everyone));
      for (const { guest } of await ledger.generations()) await ledger.view(guest);
      await ledger.close();
    } catch (error) {
      assert.ok(error instanceof HypnosError, String((error as Error).stack));
      assert.match(error.message, /the ledger .*\.$/);
      refused++;
    }
  }
  assert.ok(refused > 10);
  t.diagnostic(`${refused} of ${DAMAGED} refused`);
});

test('a disk that forgets syncs: what it broke is noticed and named, whole generations stay whole, nothing unverified runs', async t => {
  const seen: Record<string, number> = {}, lived: Record<string, number> = {};
  for (let round = 0; round < LYING; round++) {
    const random = new Random(11, round), acts = random.below(journal.length + 1);
    await cuts.after(acts, random, lying(random, acts), async home => {
      const found = await noticed(home), of = found.generations.filter(g => g.guest === 'dev');
      const kind = of.length === 0 ? 'never parked' : of.every(g => g.whole) ? 'all whole' : of.at(-1)!.whole ? 'the newest whole' : of.some(g => g.whole) ? 'an older one whole' : 'none whole';
      seen[kind] = (seen[kind] ?? 0) + 1;
      if (of.length === 0 || (lived[kind] ?? 0) >= 2) return;
      lived[kind] = (lived[kind] ?? 0) + 1;
      await wakesOrRefuses(home, found);
    }, random.chance(3));
  }
  t.diagnostic(Object.entries(seen).map(([kind, count]) => `${kind}: ${count}`).join(', '));
  assert.ok((seen['none whole'] ?? 0) > 0 && (seen['an older one whole'] ?? 0) > 0, JSON.stringify(seen));
});
