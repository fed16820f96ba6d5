/** Steps that change a descriptor or the table base before an access, with the TLBI that the change takes. */
import { pick, type Random } from '../fuzz/random.ts';
import { accessStep } from './accesses.ts';
import type { Step, TlbiName } from './blob.ts';
import { ACCESSES } from './instructions.ts';
import { plain, type Scene } from './scene.ts';
import type { Half, Mapping } from './tables.ts';

const INVALIDATIONS: readonly TlbiName[] = ['vmalle1', 'vmalle1is', 'vmalle1os'];
const BY_ADDRESS: readonly TlbiName[] = ['vae1', 'vae1is', 'vae1os', 'vale1', 'vale1is', 'vale1os'];
const BY_ADDRESS_ALL: readonly TlbiName[] = ['vaae1', 'vaae1is', 'vaae1os', 'vaale1', 'vaale1is', 'vaale1os'];
const RANGE: readonly TlbiName[] = ['rvae1', 'rvae1is', 'rvae1os', 'rvale1', 'rvale1is', 'rvale1os'];
const RANGE_ALL: readonly TlbiName[] = ['rvaae1', 'rvaae1is', 'rvaae1os', 'rvaale1', 'rvaale1is', 'rvaale1os'];
const BY_ASID: readonly TlbiName[] = ['aside1', 'aside1is', 'aside1os'];

/** A TLBI that covers a mapping whatever its entries were, with its argument. */
function covering(scene: Scene, { va }: Mapping, nonGlobal: boolean): readonly [TlbiName, bigint] {
  const { random, half } = scene;
  // The ASID is known only where this half's base holds it; and entries of another one may exist.
  const known = scene.asidHere && scene.bases.length === 1,
    asid = scene.base & ~((1n << 48n) - 1n);
  const page = (va >> 12n) & ((1n << 44n) - 1n);
  switch (random(known ? (nonGlobal ? 6 : 5) : 3)) {
    case 0:
      return [pick(random, INVALIDATIONS), 0n];
    case 1:
      return [pick(random, BY_ADDRESS_ALL), page];
    case 2:
      return [pick(random, RANGE_ALL), range(random, half, va)];
    case 3:
      return [pick(random, BY_ADDRESS), page | asid];
    case 4:
      return [pick(random, RANGE), range(random, half, va) | asid];
    default:
      return [pick(random, BY_ASID), asid];
  }
}

/** TG, SCALE and NUM with a BaseADDR that lies at or a little before the address (DDI 0487 D8.13.7). */
function range(random: Random, { granuleBits }: Half, va: bigint): bigint {
  const tg = { 12: 1n, 14: 2n, 16: 3n }[granuleBits]!,
    scale = BigInt(random(2)),
    num = BigInt(random(8)),
    granules = (num + 1n) << (5n * scale + 1n);
  const back = BigInt(random(Number(granules)));
  return (tg << 46n) | (scale << 44n) | (num << 39n) | (((va >> BigInt(granuleBits)) - back) & ((1n << 37n) - 1n));
}

/** Another descriptor for a mapping, the TLBI that it takes, and an access. */
export function changeStep(scene: Scene): Step | null {
  const { random, drawing } = scene,
    mappings = (scene.apart.get(scene.base) ?? []).filter(m => !m.contiguous);
  if (mappings.length === 0) return null;
  const mapping = pick(random, mappings),
    old = drawing.entries.get(mapping.at)!;
  const type = mapping.level === 3 ? 3n : 1n,
    mask = (1n << BigInt(drawing.blockBits(mapping.level))) - 1n;
  const attributes = drawing.attributes();
  // The kind of memory stays, since addresses were drawn for it.
  const value = random(6) ? (mapping.pa & ~mask) | (attributes & ~0x1cn) | (old & 0x1cn) | type : old & ~1n;
  const step = accessStep(scene, pick(random, ACCESSES));
  return (
    step && {
      ...step,
      before: { store: [mapping.at, value] },
      tlbi: covering(scene, mapping, drawing.half.nonGlobal),
      text: `${mapping.at.toString(16)} = ${value.toString(16)}; ${step.text}`,
    }
  );
}

export function switchStep(scene: Scene): Step | null {
  const { random } = scene;
  if (scene.bases.length < 2) return null;
  scene.base = pick(random, scene.bases);
  const step = accessStep(scene, pick(random, ACCESSES)) ?? plain(scene, 'nop');
  return { ...step, before: { base: scene.base }, text: `base ${scene.base.toString(16)}; ${step.text}` };
}
