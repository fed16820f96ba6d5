/** What was found in snapshots that somebody changed, by name: refused with a sentence, or a guest like any other. */
import { nodeContent } from '@hypnos/host-node';
import { decodeManifest, SECTION_RECORDS } from '@hypnos/vmm';
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { asm, bytesOf } from '../program.ts';
import { ENTRY } from '../control.ts';
import { type Base, restored, startBase, storeOf } from './base.ts';
import { type Edited, type EditedSection, putTogether, takeApart } from './edit.ts';
import { SnapshotMachines } from './machines.ts';
import { type How, judge, open } from './snapshots.ts';
import type { Store } from './store.ts';

const machines = new SnapshotMachines();
after(() => machines.stop());

/** Asks to sleep, whatever becomes of it. */
const ASKS = bytesOf(asm(`
    ldr x0, =0xc400000e
    ldr x1, =0x40200000
    mov x2, #0
    hvc #0
    b .`));
const base = (bytes: Uint8Array, config: Partial<Base['config']> = {}): Base => ({
  kind: 'named', segments: [], instructions: 1000, typed: false,
  config: { firmware: { name: 'asks', address: ENTRY, bytes }, memory: '16M', deterministic: true, engine: 'reference', reboot: false, ...config },
});
async function saved(of: Base): Promise<Store> {
  const started = startBase(machines, of);
  await started.idle();
  const store = await storeOf((await started.snapshot())!);
  await started.stop();
  return store;
}
let store: Store;
before(async () => {
  store = await saved(base(ASKS));
});

const at = (edited: Edited, path: string): EditedSection => edited.sections.find(section => section.path === path)!;
const json = (edited: Edited, from: string | RegExp, to: string): void => {
  const machine = at(edited, 'machine'), text = Buffer.from(machine.bytes).toString().replace(from, to);
  assert.notEqual(text, Buffer.from(machine.bytes).toString());
  machine.bytes = new Uint8Array(Buffer.from(text));
};
const with_ = (change: (edited: Edited) => void, from = store): Store => {
  const edited = takeApart(from);
  change(edited);
  return putTogether(edited);
};
const HOW: How = { config: {}, engines: ['reference'] };
const judged = (changed: Store, how: Partial<How> = {}): Promise<string> => judge(machines, changed, { ...HOW, ...how });

test('what was taken apart and put together again is the same, and lives on both engines', async () => {
  assert.deepEqual(with_(() => {}), store);
  assert.equal(await judged(store, { engines: ['reference', 'interpreter'], whole: true }), '');
});

test('an interrupt that the wake filter holds and that there is not: giving it back threw', async () => {
  const held = SECTION_RECORDS.lifecycle.offsetOf('held');
  const broken = with_(edited => { at(edited, 'lifecycle').bytes[held + (900 >> 3)] = 1 << (900 & 7); });
  assert.match(await judged(broken), /lifecycle is refused: it holds interrupts that there are not/);
  const fine = with_(edited => { at(edited, 'lifecycle').bytes[held + (200 >> 3)] = 1 << (200 & 7); });
  assert.equal(await judged(fine), '');
});

test('asked when it was stored, woken where there is no sleep: an invariant of ours broke', async () => {
  const asked = with_(edited => { at(edited, 'lifecycle').bytes[SECTION_RECORDS.lifecycle.offsetOf('asked')] = 1; });
  for (const how of ['off', 'sleep', 'resume', 'ignore'] as const) assert.equal(await judged(asked, { config: { onSuspend: { do: how } } }), '', how);
});

test("an appointment behind all time: the status line's date threw", async () => {
  for (const byte of [0x7f, 0xff]) {
    const broken = with_(edited => { const rtc = at(edited, 'device/rtc'); rtc.bytes.fill(byte, 16, 24); });
    assert.match(await judged(broken), /the saved state of pl031 is one it cannot be in/);
  }
});

test('a machine described in lists without end, or with names that a terminal obeys, is refused in plain words', async () => {
  const deep = `${'['.repeat(30_000)}${']'.repeat(30_000)}`;
  assert.match(await judged(with_(e => json(e, '"cpus":1', `"cpus":${deep}`))), /it has a list or an object CPUs/);
  assert.match(await judged(with_(e => json(e, '"hypnos-1"', '"\\u009b2J"'))), /it is of machine type "\?2J"/);
  assert.match(await judged(with_(e => json(e, '"device tree"', '"\\u001b[2J"'))), /a region has no proper name/);
});

test('firmware items twice, or with keys that no selector reaches, would not have been saved as they were', async () => {
  const key = /("kind":"firmware-item","bytes":\d+,"address":)"\d+"/;
  assert.match(await judged(with_(e => json(e, key, '$1"18446744073709551615"'))), /a firmware item twice, or one without a proper key/);
  assert.match(await judged(with_(e => json(e, new RegExp(key.source, 'g'), '$1"5"'))), /a firmware item twice, or one without a proper key/);
});

test('more console input than a console holds', async () => {
  const broken = with_(edited => { at(edited, 'console/uart').bytes = new Uint8Array(65_537); });
  assert.match(await judged(broken), /console\/uart is refused: it holds more than a console does/);
  const full = with_(edited => { at(edited, 'console/uart').bytes = new Uint8Array(65_536); });
  assert.equal(await judged(full), '');
});

test('a machine that claims exabytes, in its description, its header or its chunks, costs no memory', async () => {
  const before = process.memoryUsage().arrayBuffers;
  for (const bytes of ['1e18', '9007199254740991', '3221225472', '1152921504606846976']) {
    assert.match(await judged(with_(e => json(e, /"memoryBytes":\d+/, `"memoryBytes":${bytes}`))), /is refused/, bytes);
    assert.match(await judged(with_(e => json(e, /"kind":"ram","bytes":\d+/, `"kind":"ram","bytes":${bytes}`))), /is refused/, bytes);
  }
  for (const field of ['sections', 'chunks', 'packs', 'chunkBytes'] as const) {
    const broken = with_(edited => {
      edited.asWritten = true;
      const h = new DataView(edited.header.buffer);
      h.setUint32({ sections: 12, chunkBytes: 16, chunks: 20, packs: 24 }[field], 0xffff_ffff, true);
    });
    assert.match(await judged(broken), /is refused/, field);
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 64 << 20);
});

test("a manifest in a Buffer of Node's among other bytes is read as it stands", () => {
  const bytes = store.objects.get(store.manifest)!, among = Buffer.concat([Buffer.alloc(333, 7), bytes]).subarray(333);
  assert.equal(decodeManifest(among, nodeContent, 'it').generation, 1n);
});

test('a guest that watches a place in flash, exclusively, is one that is restored', async () => {
  const watching = bytesOf(asm(`
    mov x1, #64
    ldxr w0, [x1]
    b .`));
  const flash = await saved(base(watching, { flashVars: Uint8Array.of(1), firmware: { name: 'watches', address: ENTRY, bytes: watching } }));
  const opened = await open(flash);
  assert.ok('image' in opened);
  const again = restored(machines, opened.image, { engine: 'reference' }, [0]), snapshot = await again.snapshot();
  await again.stop();
  const { path, bytes } = snapshot!.sections.find(section => section.path === 'vcpu/0/progress')!;
  assert.deepEqual(bytes, opened.image.section(path, 1));
  assert.notEqual(SECTION_RECORDS.progress.at(new Uint8Array(bytes).buffer).exclusiveBytes, 0, 'it watches');
});

test('registers of another CPU, another counter frequency and other interrupts are refused by name', async () => {
  const { registers } = SECTION_RECORDS;
  const value = (id: bigint, to: bigint): Store => with_(edited => {
    const { bytes } = at(edited, 'vcpu/0/registers'), view = new DataView(bytes.buffer);
    for (let i = 0; i < bytes.length; i += registers.size) if (view.getBigUint64(i, true) === id) view.setBigUint64(i + registers.offsetOf('low'), to, true);
  });
  const system = (encoding: number): bigint => 0x6030_0000_0013_0000n | BigInt(encoding);
  assert.match(await judged(value(system(0xdf00), 24_000_000n)), /CNTFRQ_EL0 is 0x3b9aca0 on this CPU model and cannot become 0x16e3600/);
  assert.match(await judged(value(system(0xc000), 1n)), /MIDR_EL1 is .* and cannot become 0x1/);
});
