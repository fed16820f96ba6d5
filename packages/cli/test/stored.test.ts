/** The verbs on stored guests: what they say to people and to programs, and what is left behind. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ownerName } from '@hypnos/host-node';
import { register, transitions } from '@hypnos/parking';
import { openHome } from '../src/home.ts';
import { hypnos, scratch } from './hypnos.ts';
import { freshHome, parkedGuest, storeFolder } from './stored.ts';

/** What a command says, its status being `status`. */
async function says(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await hypnos(...args);
  // What takes longer than a second tells its progress there.
  assert.deepEqual([status, stderr.replace(/^\{"progress":.*\n/gm, '')], [0, ''], `hypnos ${args.join(' ')}`);
  return stdout;
}
const json = async <T>(...args: readonly string[]): Promise<T> => JSON.parse(await says(...args, '--json')) as T;
/** How a command is refused. */
async function refused(...args: readonly string[]): Promise<string> {
  const { status, stderr } = await hypnos(...args);
  assert.equal(status, 2, stderr);
  assert.match(stderr, /^hypnos: [^\n]*\n$/);
  return stderr;
}
const objects = (kind: string): readonly string[] => (existsSync(join(storeFolder(), kind)) ? readdirSync(join(storeFolder(), kind)).sort() : []);

interface Guest { name: string; state: string; generation: number; storedBytes: number; memoryBytes: number; wakeAt: string; wakeSources: string[]; origin: string | null; leaseMs: number | null; owner: string | null }

test('ps lists guests in columns, and as JSON', async () => {
  freshHome();
  assert.match(await says('ps'), /^NAME +STATE +MEMORY +STORED +SINCE +WOKEN BY +WHEN\n$/);
  await parkedGuest('dev');
  const [heading, line, ...more] = (await says('ps')).split('\n');
  assert.deepEqual(more, ['']);
  assert.match(line!, /^dev +parked +16 MiB +[\d.]+ (KiB|bytes|MiB) +\d+ s ago +.*rtc.* +in 1 d$/);
  assert.equal(heading!.indexOf('STORED'), line!.search(/\S+ (KiB|bytes)/));
  const [guest, ...none] = await json<Guest[]>('ps');
  assert.deepEqual(none, []);
  assert.deepEqual([guest!.name, guest!.state, guest!.generation, guest!.memoryBytes, guest!.leaseMs, guest!.owner], ['dev', 'parked', 1, 16 << 20, null, null]);
  assert.ok(guest!.storedBytes > 0 && guest!.wakeSources.includes('rtc') && new Date(guest!.wakeAt).getTime() > Date.now());
  assert.equal(await says('ps', '--quiet'), 'dev\n');
});

test('ps shows how long the word of a living owner holds, and frees what a dead one had', async () => {
  freshHome();
  await parkedGuest('dev');
  const { ledger } = openHome(), take = (owner: string) => ledger.change('dev', transitions.acquire('dev', owner, 60_000));
  await take(ownerName());
  assert.match(await says('ps'), /dev +waking \(lease \d+ s\)/);
  assert.equal((await json<Guest[]>('ps'))[0]!.owner, ownerName());
  assert.match(await refused('rm', 'dev'), /dev is waking in .*: park it or switch it off first/);
  assert.match(await refused('fork', 'dev', 'twin'), /dev is waking in .*: park it first, with hypnos park dev/);
  await ledger.change('dev', transitions.recover('dev', () => true));
  await take(ownerName().replace(/\d+$/, '1'));
  assert.match(await says('ps'), /dev +parked/);
  await ledger.close();
});

test('why explains in sentences', async () => {
  freshHome();
  await parkedGuest('dev', 2);
  const said = await says('why', 'dev');
  assert.match(said, /^dev is parked since \d{4}-\d\d-\d\dT[\d:]+Z \(\d+ s ago\), generation 2 in .*\.\n/);
  assert.match(said, /\nIts last sleep: .*\.\nIts last wake: .*\.\nIt is woken by .*rtc.*, or by hypnos wake dev\. Its appointment is at .*Z \(in 1 d\)\.\n$/);
  const { ledger } = openHome();
  await ledger.change('dev', transitions.post('dev', { kind: 'wake', detail: 'a packet\u001b[2J' }));
  assert.match(await says('why', 'dev'), /\n1 event in its inbox: wake \(a packet\?\[2J\) at /);
  const { sentences, inbox, lastSleep } = await json<{ sentences: string[]; inbox: { kind: string }[]; lastSleep: string }>('why', 'dev');
  assert.deepEqual([sentences.length, inbox[0]!.kind], [5, 'wake']);
  assert.ok(lastSleep.length > 0);
  await ledger.close();
  assert.match(await refused('why', 'nobody'), /there is no guest nobody: hypnos ps lists/);
});

test('inspect shows machine, sections, memory and generations', async () => {
  freshHome();
  await parkedGuest('dev', 2);
  await says('fork', 'dev', 'twin');
  interface Inspected {
    generations: { generation: number; root: string }[]; ownBytes: number;
    image: { machine: { memoryBytes: number; cpuModel: string; regions: { kind: string }[] }; sections: { path: string; sha256: string }[]; memory: { zero: number; stored: number; shared: number; chunks: number } };
  }
  const { generations, image, ownBytes } = await json<Inspected>('inspect', 'dev');
  assert.deepEqual(generations.map(g => g.generation), [1, 2]);
  assert.equal(image.machine.memoryBytes, 16 << 20);
  assert.ok(image.sections.some(({ path, sha256 }) => path === 'gic' && /^[0-9a-f]{64}$/.test(sha256)));
  assert.equal(image.memory.zero + image.memory.stored, image.memory.chunks);
  assert.equal(image.memory.shared, image.memory.stored, 'the fork has them all');
  assert.ok(ownBytes > 0);
  const text = await says('inspect', 'dev');
  for (const part of ['guest:', 'Its inbox is empty.', 'GENERATION', 'SECTION', 'vcpu/0/registers', 'REGION', 'segment', 'a reset:', 'starts it anew', 'only its own:']) assert.ok(text.includes(part), part);
  assert.match(await says('inspect', 'twin'), /forked from: +dev@2\n/);
});

test('a fork goes on from where its origin slept, and is another guest', async () => {
  freshHome();
  await parkedGuest('dev', 3);
  const packs = objects('packs');
  assert.match(await says('fork', 'dev', 'twin'), /^twin is parked, a fork of dev@3\. hypnos wake twin goes on with it\.\n$/);
  assert.equal((await json<Guest>('fork', 'dev', 'young', '--generation', '1')).origin, 'dev@1');
  assert.deepEqual(objects('packs'), packs);
  const sections = await Promise.all(['dev', 'twin'].map(async name =>
    (await json<{ image: { sections: { path: string; sha256: string }[] } }>('inspect', name)).image.sections));
  const renewed = sections[0]!.filter(({ path, sha256 }, i) => sections[1]![i]!.path !== path || sections[1]![i]!.sha256 !== sha256);
  assert.deepEqual(renewed.map(({ path }) => path), ['identity'], 'nothing else of it changes');
  for (const [name, count] of [['twin', '4'], ['young', '2'], ['dev', '4']] as const) {
    const { status, stdout } = await hypnos('wake', name, '--engine', 'reference');
    assert.deepEqual([status, stdout], [0, count], name);
  }
  assert.deepEqual((await json<Guest[]>('ps')).map(g => [g.name, g.state, g.generation]), [['dev', 'parked', 4], ['twin', 'parked', 2], ['young', 'parked', 2]]);
  assert.match(await refused('fork', 'dev', 'twin'), /there is a guest twin already/);
  assert.match(await refused('fork', 'dev', 'new', '--generation', 'last'), /Give the number of a generation/);
});

test('rm tells what gc frees, and gc frees it', async () => {
  freshHome();
  await parkedGuest('dev', 2);
  await parkedGuest('other');
  await says('fork', 'dev', 'twin');
  const [{ freeableBytes }] = await json<[{ freeableBytes: number }]>('rm', 'dev');
  interface Gone { store: string; manifests: number; packs: number; bytes: number; kept: number }
  const [gone] = await json<[Gone]>('gc');
  assert.deepEqual([gone.store, gone.bytes], [storeFolder(), freeableBytes]);
  assert.match(await says('gc'), /^.*store: nothing to delete; .* are needed\.\n$/);
  assert.match(await says('verify'), /all is as it was stored/);
  assert.match(await says('rm', 'twin', 'other'), /^twin is removed; hypnos gc will free .*\.\nother is removed; hypnos gc will free .*\.\n$/);
  assert.match(await says('gc', '--store', storeFolder()), /deleted, .* freed; 0 bytes are needed\.\n$/);
  assert.deepEqual([objects('packs'), objects('manifests')], [[], []]);
  assert.match(await refused('rm', 'dev'), /there is no guest dev/);
});

test('gc leaves a store alone that another home uses, and collects the others', async () => {
  freshHome();
  const shared = scratch('shared-store');
  await parkedGuest('dev', 1, shared);
  await parkedGuest('local');
  await says('rm', 'local');
  await says('fork', 'dev', 'twin');
  assert.match(await says('rm', 'twin'), /^twin is removed; hypnos gc will free .*\.\n$/);
  const mine = process.env['HYPNOS_HOME'];
  freshHome();
  const other = openHome();
  await register(other.ledger, other.bucket(shared));
  await other.ledger.close();
  process.env['HYPNOS_HOME'] = mine;
  const { status, stdout, stderr } = await hypnos('gc');
  assert.equal(status, 1);
  assert.match(stderr, /^hypnos: another home keeps guests in .*shared-store too.*nothing was deleted.*\n$/);
  assert.match(stdout, /store: 1 manifest and 1 pack deleted/);
  assert.match(await says('rm', 'dev'), new RegExp(`^dev is removed; hypnos gc --store ${shared} will free `));
});

test('verify finds what is bad, names an older generation that is whole, and wake goes on from it', async () => {
  freshHome();
  await parkedGuest('dev');
  await parkedGuest('fine');
  const before = objects('packs');
  await parkedAgain('dev');
  const added = objects('packs').filter(pack => !before.includes(pack)), path = join(storeFolder(), 'packs', added[0]!), pack = readFileSync(path);
  pack[30]! ^= 1;
  writeFileSync(path, pack);
  const { status, stdout } = await hypnos('verify');
  assert.equal(status, 1);
  assert.match(stdout, /dev +1 +whole\ndev +2 +1 fault\nfine +1 +whole\n/);
  assert.match(stdout, /dev, generation 2, chunk \d+ in packs\/[0-9a-f]{64}: chunk [0-9a-f]{64} is refused: /);
  assert.match(stdout, /dev: generation 1 is whole; hypnos wake dev --generation 1 goes on from it\.\n/);
  const bad = await hypnos('verify', 'dev', '--json'), { faults } = JSON.parse(bad.stdout) as { faults: { guest: string; generation: number; pack: string }[] };
  assert.equal(bad.status, 1);
  assert.deepEqual(faults.map(f => [f.guest, f.generation, f.pack]), [['dev', 2, added[0]]]);
  assert.match(await says('verify', 'fine'), /all is as it was stored/);
  const again = await hypnos('wake', 'dev', '--generation', '1', '--engine', 'reference');
  assert.deepEqual([again.status, again.stdout], [0, '2']);
  assert.match(await refused('verify', 'nobody'), /there is no guest nobody/);
});

/** Wakes a guest until it sleeps and is parked again. */
async function parkedAgain(name: string): Promise<void> {
  const { status, stderr } = await hypnos('wake', name, '--engine', 'reference');
  assert.equal(status, 0, stderr);
}

test('every verb has help with examples, and refuses what it does not know', async () => {
  freshHome();
  await Promise.all(['ps', 'why', 'inspect', 'verify', 'gc', 'rm', 'fork'].map(async verb => {
    assert.match(await says(verb, '--help'), new RegExp(`Usage: hypnos ${verb}[^]*--json[^]*Examples:\\n  hypnos ${verb}`));
  }));
  assert.match(await refused('gc', '--bogus'), /unknown option '--bogus'/);
  assert.match(await refused('fork', 'dev'), /missing required argument 'name'/);
});
