/** What is done to a stored guest: as by a bad disk, by a truncated copy, and by somebody with a hex editor who makes every hash right again. */
import { nodeContent } from '@hypnos/host-node';
import { CODEC, MANIFEST_RECORDS, PACK_RECORDS } from '@hypnos/vmm';
import { zstdCompressSync } from 'node:zlib';
import type { Random } from '../random.ts';
import { type Edited, type EditedSection, putTogether, takeApart, withManifest } from './edit.ts';
import { breakField, breakRecords, putEdge, shapeOf } from './fields.ts';
import { breakJson } from './json.ts';
import type { Store } from './store.ts';

type Bytes = Uint8Array<ArrayBuffer>;
const joined = (...pieces: readonly Uint8Array[]): Bytes => new Uint8Array(Buffer.concat(pieces));
type Mutation = (r: Random, store: Store) => Store;

/** Takes apart, changes and puts together. */
const editing =
  (change: (r: Random, edited: Edited) => void): Mutation =>
  (r, store) => {
    const edited = takeApart(store);
    change(r, edited);
    return putTogether(edited);
  };

const flipped = (r: Random, bytes: Uint8Array): Bytes => {
  const out: Bytes = new Uint8Array(bytes);
  for (let flips = r.chance(4) ? 1 + r.below(20) : 1; flips > 0; flips--) out[r.below(out.length)]! ^= 1 << r.below(8);
  return out;
};
const cut = (r: Random, bytes: Uint8Array): Bytes => new Uint8Array(bytes.subarray(0, r.below(bytes.length)));
const rehashed = (bytes: Uint8Array): Bytes => {
  const body = bytes.subarray(0, Math.max(0, bytes.length - 32));
  return joined(body, nodeContent.sha256(body));
};
/** Some object of the store with other bytes, under its old name. */
const spoiled = (how: (r: Random, bytes: Uint8Array) => Bytes): Mutation => (r, { manifest, objects }) => {
  const name = r.pick([...objects.keys()]);
  return { manifest, objects: new Map(objects).set(name, how(r, objects.get(name)!)) };
};

const section = (r: Random, { sections }: Edited, wanted: (s: EditedSection) => boolean = () => true): EditedSection | undefined => {
  const found = sections.filter(wanted);
  return found.length > 0 ? r.pick(found) : undefined;
};
const machineSection = ({ sections }: Edited): EditedSection => sections.find(({ path }) => path === 'machine')!;
const swap = <T>(list: T[], i: number, j: number): void => {
  [list[i], list[j]] = [list[j]!, list[i]!];
};
const LENGTHS = [1, 7, 8, 24, 255, 4096, 65_536, 65_537, 1 << 20] as const;

/** Sections that change place, come twice, are missing, or are not as long as they were. */
const SECTION_CHANGES: readonly ((r: Random, edited: Edited) => void)[] = [
  (r, e) => swap(e.sections, r.below(e.sections.length), r.below(e.sections.length)),
  (r, e) => { e.sections.splice(r.below(e.sections.length), 1); },
  (r, e) => { const at = r.below(e.sections.length); e.sections.splice(at, 0, { ...e.sections[at]! }); },
  (r, e) => { section(r, e)!.version = r.chance(2) ? 2 : r.word(); },
  (r, e) => { const s = section(r, e)!; s.bytes = s.bytes.slice(0, r.below(s.bytes.length + 1)); },
  (r, e) => { const s = section(r, e)!; s.bytes = joined(s.bytes, Buffer.alloc(r.pick(LENGTHS), r.below(256))); },
  (r, e) => { const a = section(r, e)!, b = section(r, e)!; [a.bytes, b.bytes] = [b.bytes, a.bytes]; },
  (r, e) => { section(r, e)!.path = r.pick(['', '/', '../../etc/passwd', 'a'.repeat(200), 'Gic', 'gic/', 'device//uart', '\u001b[2J', 'device/nothing', '__proto__', 'constructor']); },
  (r, e) => { e.sections.push(...Array.from({ length: r.below(400) }, (_, i) => ({ path: `zz/${String(i).padStart(4, '0')}`, version: 1, bytes: new Uint8Array(r.below(3)) }))); },
  (r, e) => { section(r, e)!.length = Number(BigInt.asUintN(32, r.value())); },
  (r, e) => { section(r, e)!.pathLength = Number(BigInt.asUintN(32, r.value())); },
  (r, e) => { section(r, e)!.hash = new Uint8Array(32).fill(r.below(256)); },
];

/** Chunks whose place, pack or codec is another; packs that are none. */
const CHUNK_CHANGES: readonly ((r: Random, edited: Edited) => void)[] = [
  (r, e) => { breakField(r, MANIFEST_RECORDS.place, r.pick(e.places)); },
  (r, e) => swap(e.places, r.below(e.places.length), r.below(e.places.length)),
  (r, e) => swap(e.hashes, r.below(e.hashes.length), r.below(e.hashes.length)),
  (r, e) => { const at = r.below(e.hashes.length); e.hashes[at] = new Uint8Array(32).fill(r.below(256)); },
  (r, e) => { const at = r.below(e.hashes.length), by = 1 + r.below(3); e.hashes.splice(at, by); e.places.splice(at, by); },
  (r, e) => { for (let i = 1 << r.below(12); i > 0; i--) { e.hashes.push(new Uint8Array(32)); e.places.push(new Uint8Array(MANIFEST_RECORDS.place.size)); } },
  (r, e) => { e.missing.push(new Uint8Array(32).fill(r.below(256))); if (r.chance(2)) e.packs = []; },
  (r, e) => { e.places = e.places.slice(0, r.below(e.places.length)); },
  (r, e) => { const p = r.pick(e.packs); putEdge(r, p.body, r.below(p.body.length), 1); },
  (r, e) => { breakField(r, PACK_RECORDS.entry, r.pick(r.pick(e.packs).entries)); },
  (r, e) => { const p = r.pick(e.packs); p.trailer = PACK_RECORDS.trailer.save(PACK_RECORDS.trailer.fresh()); breakField(r, PACK_RECORDS.trailer, p.trailer); },
  (r, e) => { const p = r.pick(e.packs); p.body = p.body.slice(0, r.below(p.body.length)); },
];

/** Chunks that inflate without end: the place of one that there is leads to a frame of many zeroes, or one that asks for a huge window. */
const BOMBS: readonly Uint8Array[] = [
  zstdCompressSync(Buffer.alloc(1 << 26)),
  // RFC 8878 3.1.1.1: no single segment, a window of 2^41 bytes, an RLE block that never is the last.
  Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xff, ...Array.from({ length: 60 }, () => [0x02, 0x00, 0x10, 0x41]).flat()]),
  // A single segment that claims 2^62 bytes.
  Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x02, 0x00, 0x10, 0x41]),
  // A frame to skip that claims 4 GiB.
  Buffer.from([0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]),
];
function bomb(r: Random, e: Edited): void {
  const places = e.places.filter(place => place.some(byte => byte !== 0)), pack = r.pick(e.packs), frame = r.pick(BOMBS);
  if (places.length === 0) return;
  const offset = pack.body.length;
  pack.body = joined(pack.body, frame);
  const p = MANIFEST_RECORDS.place, place = p.at(r.pick(places).buffer as ArrayBuffer);
  Object.assign(place, { pack: e.packs.indexOf(pack), offset, stored: frame.length, codec: CODEC.zstd });
}

/** A record of one section with one field, or a few, at an edge. */
function breakState(r: Random, e: Edited, wanted: (s: EditedSection) => boolean): void {
  for (let times = r.chance(3) ? 1 + r.below(6) : 1; times > 0; times--) {
    const found = section(r, e, s => s.path !== 'machine' && wanted(s));
    if (found) breakRecords(r, shapeOf(found.path), found.bytes);
  }
}
/** The value of a register or attribute, and not its name, which would be refused at once. */
function breakValue(r: Random, e: Edited): void {
  for (let times = 1 + r.below(8); times > 0; times--) {
    const found = section(r, e, s => s.path === 'gic' || s.path.endsWith('registers'))!, shape = shapeOf(found.path)!;
    putEdge(r, found.bytes, r.below(found.bytes.length / shape.size) * shape.size + shape.offsetOf(found.path === 'gic' ? 'value' : 'low'), 8);
  }
}

/** Kinds with how often they are drawn. */
export const MUTATIONS: Readonly<Record<string, { readonly weight: number; readonly mutate: Mutation }>> = {
  none: { weight: 3, mutate: (_r, store) => store },
  flip: { weight: 3, mutate: spoiled(flipped) },
  cut: { weight: 2, mutate: spoiled(cut) },
  swapped: { weight: 1, mutate: (r, s) => ({ ...s, objects: new Map(s.objects).set(r.pick([...s.objects.keys()]), s.objects.get(r.pick([...s.objects.keys()]))!) }) },
  missing: { weight: 1, mutate: (r, { manifest, objects }) => ({ manifest, objects: new Map([...objects].filter(() => !r.chance(2))) }) },
  manifest: { weight: 6, mutate: (r, s) => withManifest(s, rehashed(r.chance(3) ? cut(r, s.objects.get(s.manifest)!) : flipped(r, s.objects.get(s.manifest)!))) },
  header: { weight: 6, mutate: editing((r, e) => { breakField(r, MANIFEST_RECORDS.header, e.header); e.asWritten = r.chance(2); }) },
  behind: { weight: 1, mutate: editing((r, e) => { e.behind = new Uint8Array(1 + r.below(100)); }) },
  sections: { weight: 10, mutate: editing((r, e) => { for (let i = 1 + r.below(2); i > 0; i--) r.pick(SECTION_CHANGES)(r, e); }) },
  chunks: { weight: 10, mutate: editing((r, e) => { r.pick(CHUNK_CHANGES)(r, e); }) },
  bombs: { weight: 3, mutate: editing(bomb) },
  machine: { weight: 12, mutate: editing((r, e) => { const s = machineSection(e); s.bytes = breakJson(r, s.bytes); }) },
  registers: { weight: 14, mutate: editing((r, e) => breakState(r, e, ({ path }) => path.startsWith('vcpu'))) },
  values: { weight: 16, mutate: editing(breakValue) },
  devices: { weight: 16, mutate: editing((r, e) => breakState(r, e, ({ path }) => path.startsWith('device'))) },
  state: { weight: 14, mutate: editing((r, e) => breakState(r, e, () => true)) },
};
const TOTAL = Object.values(MUTATIONS).reduce((sum, { weight }) => sum + weight, 0);

export function drawMutation(r: Random): string {
  let left = r.below(TOTAL);
  for (const [name, { weight }] of Object.entries(MUTATIONS)) if ((left -= weight) < 0) return name;
  return 'none';
}
