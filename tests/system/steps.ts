/** Draws steps: an instruction or two at EL0 or EL1, and what is changed before. */
import { pick, type Random } from '../fuzz/random.ts';
import { FLAG, type Step, type TlbiName } from './blob.ts';
import { type Access, ACCESSES, ASKED_AT_EL0, BRANCHES, NOT_AT_EL0, SYSTEM, TRANSLATIONS, WAIT, words, WRITES, ZERO } from './instructions.ts';
import { type Drawing, type Half, type Mapping, PLACES } from './tables.ts';

export interface Scene {
  readonly random: Random;
  readonly drawing: Drawing;
  readonly half: Half;
  /** Table bases with their ASIDs, and the mappings behind each. */
  readonly bases: readonly bigint[];
  readonly apart: ReadonlyMap<bigint, readonly Mapping[]>;
  /** The base in force. */
  base: bigint;
  /** Pieces of memory that are filled before and summed up afterwards: address and seed. */
  readonly windows: Map<bigint, bigint>;
  readonly stepping: boolean;
  readonly sctlr: bigint;
  readonly cpacr: bigint;
  readonly asidHere: boolean;
  readonly asidBits: 8 | 16;
  /** TCR_EL1.HA. */
  readonly updates: boolean;
}

const SVC = 0xd400_0001, WINDOW = 128n, PAGE = 4096n;
const U64 = 0xffff_ffff_ffff_ffffn;
/** WnR. */
const WRITE = 1n << 6n;
const PAN = 1n << 22n;
const MASKS_DEBUG = /^msr daif(set, #15|, )/;
const MISALIGNED_STACK = /^(ldr x4, \[sp\]|ldr x4, \[sp, xzr\]|ldrb w4, \[sp\])$/;

/** Compiles a text once. */
const compiled = new Map<string, number[]>();
function codeOf(text: string, number = 0): number[] {
  let code = compiled.get(text);
  if (!code) compiled.set(text, (code = words(text)));
  return [...code, SVC | (number << 5)];
}

/** PSTATE to go to: the level, and every other field at random. */
function drawSpsr({ random, stepping, half }: Scene, el: number): bigint {
  const mode = el === 0 ? 0n : random(3) ? 5n : 4n, one = (at: number, in_: number) => (random(in_) === 0 ? 1n << BigInt(at) : 0n);
  return mode | (BigInt(random(16)) << 6n) | (BigInt(random(16)) << 28n) | (half.permissive ? 0n : one(22, 2)) | one(23, 4) | one(24, 2) | one(12, 2) | one(20, 64) | (stepping ? one(21, 2) : 0n);
}

const data = (random: Random): bigint => random.bits64() & 0x6161_6161_6161_6161n;

function plain(scene: Scene, drawn: string, el = scene.random(2)): Step {
  // QEMU 7.2 takes the step's exception even if the instruction stepped has masked it (pseudocode CheckSoftwareStep).
  const { random } = scene, text = scene.stepping && MASKS_DEBUG.test(drawn) ? 'nop' : drawn;
  const x = [data(random), data(random), random(2) ? random.bits64() : 0n, data(random)] as const;
  // QEMU 7.2 has op1 and op2 of a trapped MSR DAIFSet or DAIFClr the wrong way round.
  const swapped = /^msr daif(set|clr)/.test(text) && el === 0 ? { esrOurs: 0xfc000n } : {};
  return { code: codeOf(text), spsr: drawSpsr(scene, el), x, sp: random.bits64() & ~15n, text: `EL${el}: ${text}`, ...swapped };
}

function watch(scene: Scene, pa: bigint): void {
  const at = pa & ~(WINDOW - 1n);
  if (at >= PLACES.data && at < PLACES.services && !scene.windows.has(at)) scene.windows.set(at, scene.random.bits64());
}

interface Target { readonly va: bigint; readonly mapping: Mapping; readonly crosses: boolean }

/** A place behind a mapping; `size` aligned mostly, sometimes across its end. */
function drawTarget(scene: Scene, size: number, mayMisalign: boolean): Target | null {
  const { random } = scene, mappings = scene.apart.get(scene.base) ?? [];
  if (mappings.length === 0) return null;
  const mapping = pick(random, mappings), { next } = mapping, granule = 1n << BigInt(scene.half.granuleBits);
  if (next && mayMisalign && !mapping.device && !next.device && random(2)) {
    // The last page of the granule that the mapping is of.
    const end = (mapping.va & ~(granule - 1n)) + granule, last = mapping.pa + (end - mapping.va) - PAGE;
    watch(scene, last + PAGE - WINDOW);
    watch(scene, next.pa - (next.va & (granule - 1n)));
    return { va: end - BigInt(1 + random(Math.max(size - 1, 1))), mapping, crosses: size > 1 };
  }
  const window = BigInt(random(4)) * WINDOW;
  watch(scene, mapping.pa + window);
  let offset = BigInt(random(Math.floor(Number(WINDOW) / size)) * size);
  if (mayMisalign && !mapping.device && random(4) === 0) offset = BigInt(random(Number(WINDOW) - size));
  return { va: (mapping.va & ~(PAGE - 1n)) + window + offset, mapping, crosses: false };
}

/** An address as programs have it: with a tag where those are ignored, rarely with bits that do not belong there. */
function dressed({ random, half }: Scene, va: bigint): bigint {
  if (half.tagged && random(2)) return (va & 0x00ff_ffff_ffff_ffffn) | (BigInt(random(256)) << 56n);
  if (random(12) === 0 && half.inputBits < 48) return va ^ (1n << BigInt(half.inputBits + random(48 - half.inputBits)));
  if (random(24) === 0) return va ^ (1n << BigInt(48 + random(16)));
  return va;
}

function accessStep(scene: Scene, chosen: Access): Step | null {
  // Ours set the access flag for cache maintenance, QEMU's are no access.
  if (chosen.kind === 'cache' && scene.updates) return null;
  const { random } = scene, el = chosen.text.includes('ivac') && !chosen.text.includes('civac') ? 1 : random(2);
  // QEMU 7.2 does not look at the alignment of LDAPR, LDAPUR and STLUR.
  // Vector registers are UNKNOWN after a load of several that aborts half way.
  const severalVectors = (chosen.pieces ?? 1) > 1 && /^ld.*[qdsv]\d/.test(chosen.text);
  const misalignable = severalVectors || /^(ldap|stlur)/.test(chosen.text) ? false : chosen.kind === 'load' || chosen.kind === 'atomic' || chosen.kind === 'exclusive' || chosen.kind === 'stack' || (chosen.kind === 'store' && chosen.pieces === 1);
  const target = drawTarget(scene, chosen.size, misalignable);
  // Code that is written needs IC, without which it may stay what it was.
  if (!target || (target.mapping.holds !== 'data' && chosen.kind !== 'load' && chosen.kind !== 'cache')) return null;
  const va = dressed(scene, target.va), spsr = drawSpsr(scene, el);
  const small = chosen.text.startsWith('ldadd') ? BigInt(random(2) * 0x20) : data(random);
  // QEMU 7.2 does not look at the stack pointer's alignment (SCTLR_EL1.SA and SA0) either.
  const wrongStack = chosen.kind === 'stack' && MISALIGNED_STACK.test(chosen.text) && !scene.updates && random(3) === 0;
  const sp = chosen.kind === 'stack' ? (wrongStack ? va | 8n : va & ~15n) : va;
  const step = { code: codeOf(chosen.text), spsr, x: [data(random), va, data(random), small] as const, sp, text: `EL${el}: ${chosen.text} at ${va.toString(16)}` };
  return { ...step, ...(wrongStack ? { flags: FLAG.ours } : forgiven(chosen, target)) };
}

const SINGLE = ACCESSES.filter(({ text, kind }) => !text.includes(';') && kind !== 'cache' && kind !== 'stack');

/** Two accesses one behind the other, with nothing between: the second one's address is in x0. */
function pairStep(scene: Scene): Step | null {
  const second = pick(scene.random, SINGLE), a = accessStep(scene, pick(scene.random, SINGLE)), b = accessStep(scene, second);
  if (!a || !b) return null;
  return {
    ...a, code: [...a.code.slice(0, -1), ...codeOf(second.text.replaceAll('x1', 'x0'))], x: [b.x[1], a.x[1], a.x[2], a.text.includes('ldadd') ? a.x[3] : b.x[3]],
    esrOurs: (a.esrOurs ?? 0n) | (b.esrOurs ?? 0n), flags: (a.flags ?? 0) | (b.flags ?? 0), text: `${a.text}; then ${b.text} by x0`,
  };
}

/** What QEMU 7.2 is not asked about an access; see docs/system-fuzzing.md. */
function forgiven({ kind, pieces = 1 }: Access, { crosses }: Target): Pick<Step, 'esrOurs' | 'flags'> {
  if (kind === 'cache') return { flags: FLAG.ours };
  if (kind === 'atomic' || kind === 'exclusive') return { esrOurs: WRITE };
  return crosses && pieces > 1 ? { flags: FLAG.results } : {};
}

/** QEMU 7.2 counts a page that is clean by hardware's account as read-only for execution; its AP[2] counts as clear (pseudocode S1ApplyOutputPerms). */
const dirtyFetch = ({ updates, half }: Scene): { readonly flags?: number } => (updates && half.dirty ? { flags: FLAG.ours } : {});

function branchStep(scene: Scene): Step | null {
  if (scene.half.permissive) return null;
  const { random } = scene, target = drawTarget(scene, 4, false);
  if (!target) return null;
  // QEMU 7.2 translates a misaligned PC before it looks at its alignment (D1.3.5 has it the other way round).
  const off = random(12) === 0 && !scene.updates ? BigInt(1 + random(3)) : 0n, fetched = { esrOurs: off ? ~0n : 0n, ...dirtyFetch(scene) };
  const va = (dressed(scene, target.va) + off) & U64;
  if (random(3) === 0 && !scene.stepping) return { ...plain(scene, 'nop'), target: va, ...fetched, text: `ERET to ${va.toString(16)}` };
  const step = plain(scene, pick(random, BRANCHES));
  return { ...step, x: [step.x[0], va, step.x[2], step.x[3]], ...fetched, text: `${step.text} to ${va.toString(16)}` };
}

function translationStep(scene: Scene): Step | null {
  // QEMU 7.2 sets the access flag and the dirty state for AT; ours leaves the tables alone.
  if (scene.updates) return null;
  const target = drawTarget(scene, 1, false);
  if (!target) return null;
  const va = dressed(scene, target.va), text = pick(scene.random, TRANSLATIONS), step = plain(scene, text, scene.random(16) ? 1 : 0);
  return { ...step, code: codeOf(`${text}; isb`), x: [step.x[0], va, step.x[2], step.x[3]], text: `${step.text} of ${va.toString(16)}` };
}

/** ERET of the case's own: to a mapped place, with any PSTATE. */
function returnStep(scene: Scene): Step | null {
  if (scene.stepping || scene.half.permissive) return null;
  const { random } = scene, target = drawTarget(scene, 4, false);
  if (!target) return null;
  const legal = random(3) > 0, spsr = legal ? drawSpsr(scene, random(2)) : illegal(scene);
  const drawn = plain(scene, 'msr elr_el1, x1; msr spsr_el1, x2; eret', 1), step = legal ? drawn : { ...drawn, spsr: drawn.spsr & ~PAN };
  return { ...step, ...dirtyFetch(scene), x: [step.x[0], legal ? dressed(scene, target.va) : target.va, spsr, step.x[3]], text: `${step.text} with ${spsr.toString(16)} to ${target.va.toString(16)}` };
}

/** Goes into an illegal state: to EL2, EL3, AArch32 or a mode that is none. */
function illegalStep(scene: Scene): Step | null {
  // QEMU 7.2 loses PSTATE.SS in an illegal return (pseudocode DebugExceptionReturnSS does not).
  if (scene.stepping) return null;
  const spsr = illegal(scene);
  return { ...plain(scene, 'nop'), spsr, text: `into ${spsr.toString(16)}` };
}
/** QEMU's CPU has AArch32 at EL0, so that is left out. QEMU 7.2 does not take PAN from the SPSR of an illegal return (pseudocode SetPSTATEFromSPSR does): it is 0 before and after. */
const illegal = (scene: Scene): bigint => (drawSpsr(scene, 0) & ~31n & ~PAN) | BigInt(pick(scene.random, [1, 2, 3, 6, 7, 8, 9, 12, 13, 31]));

/** DC ZVA writes 64 bytes here and 512 on QEMU's CPU: where there are zeroes the difference is none. */
function zeroStep(scene: Scene): Step | null {
  const { random } = scene, zeroes = (scene.apart.get(scene.base) ?? []).filter(m => m.holds === 'zeroes' && !m.device);
  if (zeroes.length === 0) return null;
  const va = dressed(scene, (pick(random, zeroes).va & ~(PAGE - 1n)) + BigInt(random(4096))), step = plain(scene, ZERO);
  return { ...step, x: [step.x[0], va, step.x[2], step.x[3]], text: `${step.text} at ${va.toString(16)}` };
}

function writeStep(scene: Scene): Step {
  const { text, bits } = pick(scene.random, WRITES), step = plain(scene, text, scene.random(8) ? 1 : 0), value = scene.random.bits64() & bits;
  return { ...step, x: [step.x[0], step.x[1], value, step.x[3]], text: `${step.text} with ${value.toString(16)}` };
}

/** A step ends behind the first instruction if it steps, and what was read is seen: it must not be the time, or this CPU's own. */
function askedStep(scene: Scene): Step | null {
  const text = pick(scene.random, ASKED_AT_EL0);
  return scene.stepping && /^mrs x4, (CNT|RND|CTR|DCZID)/.test(text) ? null : plain(scene, text, 0);
}

/** While it steps, QEMU 7.2 takes WFI for a NOP. */
const waitStep = (scene: Scene): Step | null => (scene.stepping || (scene.sctlr >> 16n) & 1n ? null : plain(scene, WAIT, 0));

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
  const known = scene.asidHere && scene.bases.length === 1, asid = scene.base & ~((1n << 48n) - 1n);
  const page = (va >> 12n) & ((1n << 44n) - 1n);
  switch (random(known ? (nonGlobal ? 6 : 5) : 3)) {
    case 0: return [pick(random, INVALIDATIONS), 0n];
    case 1: return [pick(random, BY_ADDRESS_ALL), page];
    case 2: return [pick(random, RANGE_ALL), range(random, half, va)];
    case 3: return [pick(random, BY_ADDRESS), page | asid];
    case 4: return [pick(random, RANGE), range(random, half, va) | asid];
    default: return [pick(random, BY_ASID), asid];
  }
}

/** TG, SCALE and NUM with a BaseADDR that lies at or a little before the address (DDI 0487 D8.13.7). */
function range(random: Random, { granuleBits }: Half, va: bigint): bigint {
  const tg = { 12: 1n, 14: 2n, 16: 3n }[granuleBits]!, scale = BigInt(random(2)), num = BigInt(random(8)), granules = (num + 1n) << (5n * scale + 1n);
  const back = BigInt(random(Number(granules)));
  return (tg << 46n) | (scale << 44n) | (num << 39n) | (((va >> BigInt(granuleBits)) - back) & ((1n << 37n) - 1n));
}

/** Another descriptor for a mapping, the TLBI that it takes, and an access. */
function changeStep(scene: Scene): Step | null {
  const { random, drawing } = scene, mappings = (scene.apart.get(scene.base) ?? []).filter(m => !m.contiguous);
  if (mappings.length === 0) return null;
  const mapping = pick(random, mappings), old = drawing.entries.get(mapping.at)!;
  const type = mapping.level === 3 ? 3n : 1n, mask = (1n << BigInt(drawing.blockBits(mapping.level))) - 1n;
  const attributes = drawing.attributes();
  // The kind of memory stays, since addresses were drawn for it.
  const value = random(6) ? (mapping.pa & ~mask) | (attributes & ~0x1cn) | (old & 0x1cn) | type : old & ~1n;
  const step = accessStep(scene, pick(random, ACCESSES));
  return step && { ...step, before: { store: [mapping.at, value] }, tlbi: covering(scene, mapping, drawing.half.nonGlobal), text: `${mapping.at.toString(16)} = ${value.toString(16)}; ${step.text}` };
}

function switchStep(scene: Scene): Step | null {
  const { random } = scene;
  if (scene.bases.length < 2) return null;
  scene.base = pick(random, scene.bases);
  const step = accessStep(scene, pick(random, ACCESSES));
  return step && { ...step, before: { base: scene.base }, text: `base ${scene.base.toString(16)}; ${step.text}` };
}

const KINDS: readonly (readonly [share: number, draw: (scene: Scene) => Step | null])[] = [
  [10, scene => accessStep(scene, pick(scene.random, ACCESSES))],
  [4, pairStep], [3, branchStep], [3, translationStep], [3, changeStep], [3, switchStep], [1, returnStep], [1, illegalStep],
  [6, scene => plain(scene, pick(scene.random, SYSTEM))], [1, scene => plain(scene, pick(scene.random, NOT_AT_EL0), 0)],
  [3, askedStep], [2, writeStep], [1, waitStep], [1, zeroStep],
];
const SHARES = KINDS.reduce((sum, [share]) => sum + share, 0);

export function drawStep(scene: Scene): Step {
  let at = scene.random(SHARES);
  for (const [share, draw] of KINDS) {
    if (at < share) return draw(scene) ?? plain(scene, pick(scene.random, SYSTEM));
    at -= share;
  }
  return plain(scene, 'nop');
}
