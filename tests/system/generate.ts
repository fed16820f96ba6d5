/** Draws cases: controls and tables for one half of the addresses, and steps that each run an instruction or two under them. */
import { pick, type Random, randomFrom } from '../fuzz/random.ts';
import type { Case, Step } from './blob.ts';
import { data, type Scene } from './scene.ts';
import { drawStep } from './steps.ts';
import { Drawing, type Half, type Mapping, PLACES } from './tables.ts';

const STEPS = 12;
/** SCTLR_EL1 with what has no other value here, MMU, EIS and EOS; every other field is drawn. */
const SCTLR = 0x30c0_0981n,
  SCTLR_DRAWN = [2, 3, 4, 9, 10, 12, 14, 15, 16, 18, 20, 23, 26, 44] as const;
const MEMORY_TYPES = [0xffn, 0x00n, 0x04n, 0x08n, 0x0cn, 0x44n, 0xbbn, 0xf0n] as const;
const GRANULES = [12, 14, 16] as const;
/** TCR_EL1.TG0 and TG1 by granule. */
const TG = [
  { 12: 0n, 16: 1n, 14: 2n },
  { 14: 1n, 12: 2n, 16: 3n },
] as const;
const OUTPUT_BITS = [32, 36, 40] as const;

/** What the case's controls are, in the words of the manual. */
interface Controls {
  readonly tcr: bigint;
  readonly half: Half;
  readonly asidBits: 8 | 16;
  readonly asidHere: boolean;
  readonly updates: boolean;
}

function drawControls(random: Random, high: boolean, nonGlobal: boolean, device: readonly boolean[]): Controls {
  const chance = (one: number): bigint => (random(one) === 0 ? 1n : 0n);
  const granuleBits = pick(random, GRANULES),
    size = random(4) ? 16 + random(24) : pick(random, [16, 25, 39, 17]),
    ips = random(3);
  const tagged = random(3) === 0,
    asid16 = random(2),
    a1 = random(3) === 0,
    access = random(2);
  const field = (low: number, top: number, value: bigint) => value << BigInt(high ? top : low);
  let tcr = field(0, 16, BigInt(size)) | field(16, 0, 25n) | field(14, 30, TG[high ? 1 : 0][granuleBits]) | (high ? 0n : 2n << 30n);
  const dirty = chance(2),
    permissive = access === 1 && random(2) === 0;
  tcr |= (BigInt(ips) << 32n) | (BigInt(asid16) << 36n) | (a1 ? 1n << 22n : 0n) | (BigInt(access) << 39n) | (dirty << 40n);
  tcr |= field(37, 38, tagged ? 1n : 0n) | field(7, 23, chance(24)) | field(55, 56, chance(12)) | field(8, 24, BigInt(random(64)));
  const half = {
    high,
    granuleBits,
    inputBits: 64 - size,
    outputBits: OUTPUT_BITS[ips]!,
    tagged,
    nonGlobal,
    device,
    permissive,
    dirty: dirty === 1n,
  };
  return { tcr, half, asidBits: asid16 ? 16 : 8, asidHere: a1 === high, updates: access === 1 };
}

function drawSctlr(random: Random): bigint {
  let sctlr = SCTLR;
  for (const at of SCTLR_DRAWN) sctlr |= BigInt(random(2)) << BigInt(at);
  if (random(5) === 0) sctlr |= 2n;
  if (random(5) === 0) sctlr |= 1n << 19n;
  return sctlr;
}

/** Tables with a few mappings; some of them with a neighbour, so that an access can cross from one to the other. */
function drawTables(random: Random, drawing: Drawing): bigint {
  const root = drawing.root();
  for (let i = 2 + random(4); i > 0; i--) {
    const mapping = drawing.map(root);
    if (!mapping || mapping.level !== 3 || mapping.contiguous || random(2)) continue;
    const next = drawing.map(root, { va: mapping.va + (1n << BigInt(drawing.half.granuleBits)), level: 3 });
    if (next && !next.contiguous && next.holds === 'data' && mapping.holds === 'data')
      drawing.mappings[drawing.mappings.indexOf(mapping)] = { ...mapping, next };
  }
  return root;
}

/** Table bases: one, or one for each of two ASIDs. Some lead nowhere. */
function drawBases(
  random: Random,
  drawing: Drawing,
  { asidBits, asidHere, half }: Controls,
  two: boolean,
): { bases: bigint[]; apart: Map<bigint, Mapping[]> } {
  const asid = (): bigint => BigInt(random(1 << asidBits)) << 48n,
    first = asid(),
    root = drawTables(random, drawing);
  const spoilt = random(24) === 0 ? pick(random, [PLACES.absent, 1n << BigInt(half.outputBits)]) : null;
  const bases = [(spoilt ?? root) | first | BigInt(random(2))],
    apart = new Map([[bases[0]!, [...drawing.mappings]]]);
  if (!two || !asidHere || spoilt !== null) return { bases, apart };
  // Another ASID sees the same tables, or, where all is of one ASID, other ones.
  const second = first ^ (1n << BigInt(48 + random(asidBits))),
    count = drawing.mappings.length;
  const other = half.nonGlobal && random(2) ? drawTables(random, drawing) : root;
  bases.push(other | second);
  apart.set(bases[1]!, other === root ? apart.get(bases[0]!)! : drawing.mappings.slice(count));
  return { bases, apart };
}

export function drawCase(seed: number): Case {
  const random = randomFrom(seed),
    high = random(2) === 1,
    nonGlobal = random(3) === 0;
  const types = [0xffn, 0x00n, ...Array.from({ length: 6 }, () => pick(random, MEMORY_TYPES))];
  const device = types.map(type => type >> 4n === 0n),
    mair = types.reduce((sum, type, i) => sum | (type << BigInt(8 * i)), 0n);
  const controls = drawControls(random, high, nonGlobal, device),
    sctlr = drawSctlr(random),
    drawing = new Drawing(random, controls.half);
  const { bases, apart } = drawBases(random, drawing, controls, random(3) === 0);
  const stepping = random(10) === 0,
    cpacr = BigInt(random(3) ? 3 : random(4)) << 20n;
  const scene: Scene = {
    random,
    drawing,
    bases,
    apart,
    base: bases[0]!,
    windows: new Map(),
    stepping,
    sctlr,
    cpacr,
    ...controls,
  };
  const steps: Step[] = [];
  for (let i = 0; i < STEPS; i++) steps.push(drawStep(scene));
  return {
    id: BigInt(seed),
    half: high ? 1 : 0,
    tcr: controls.tcr,
    sctlr,
    mair,
    cpacr,
    cntkctl: BigInt(random(1024)),
    mdscr: stepping ? 1n | (BigInt(random(2)) << 13n) : 0n,
    base: bases[0]!,
    ownAsid: random(256),
    entries: drawing.entries,
    steps,
    x: Array.from({ length: 31 }, () => data(random)),
    // Whether the access flag is set where permission is then refused is up to the implementation (D8.5.1): ours do, QEMU does not.
    ...(controls.updates && !controls.half.permissive && { entriesOurs: 1n << 10n }),
    windows: [...scene.windows].map(([address, from]) => ({ address, seed: from })),
    text: textOf(controls.half),
  };
}

const textOf = ({ high, granuleBits, inputBits, outputBits }: Half): string =>
  `${high ? 'upper' : 'lower'} half, ${granuleBits}-bit granule, ${inputBits} bits in, ${outputBits} out`;
