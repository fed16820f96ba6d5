/** What steps are drawn from, and the parts they share: PSTATE, places and addresses. */
import { pick, type Random } from '../fuzz/random.ts';
import type { Step } from './blob.ts';
import { words } from './instructions.ts';
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

const SVC = 0xd400_0001,
  WINDOW = 128n;
export const PAGE = 4096n,
  U64 = 0xffff_ffff_ffff_ffffn;
const MASKS_DEBUG = /^msr daif(set, #15|, )/;

/** Compiles a text once. */
const compiled = new Map<string, number[]>();
export function codeOf(text: string, number = 0): number[] {
  let code = compiled.get(text);
  if (!code) compiled.set(text, (code = words(text)));
  return [...code, SVC | (number << 5)];
}

/** PSTATE to go to: the level, and every other field at random. */
export function drawSpsr({ random, stepping, half }: Scene, el: number): bigint {
  const mode = el === 0 ? 0n : random(3) ? 5n : 4n,
    one = (at: number, in_: number) => (random(in_) === 0 ? 1n << BigInt(at) : 0n);
  return (
    mode |
    (BigInt(random(16)) << 6n) |
    (BigInt(random(16)) << 28n) |
    (half.permissive ? 0n : one(22, 2)) |
    one(23, 4) |
    one(24, 2) |
    one(12, 2) |
    one(20, 64) |
    (stepping ? one(21, 2) : 0n)
  );
}

/** Values whose bytes make no instruction wherever they are put together: what lies about may be executed. */
export const data = (random: Random): bigint => random.bits64() & 0x6161_6161_6161_6161n;

export function plain(scene: Scene, drawn: string, el = scene.random(2)): Step {
  // QEMU 7.2 takes the step's exception even if the instruction stepped has masked it (pseudocode CheckSoftwareStep).
  const { random } = scene,
    text = scene.stepping && MASKS_DEBUG.test(drawn) ? 'nop' : drawn;
  const x = [data(random), data(random), random(2) ? random.bits64() : 0n, data(random)] as const;
  // QEMU 7.2 has op1 and op2 of a trapped MSR DAIFSet or DAIFClr the wrong way round.
  const swapped = /^msr daif(set|clr)/.test(text) && el === 0 ? { esrOurs: 0xfc000n } : {};
  return { code: codeOf(text), spsr: drawSpsr(scene, el), x, sp: random.bits64() & ~15n, text: `EL${el}: ${text}`, ...swapped };
}

export function watch(scene: Scene, pa: bigint): void {
  const at = pa & ~(WINDOW - 1n);
  if (at >= PLACES.data && at < PLACES.services && !scene.windows.has(at)) scene.windows.set(at, scene.random.bits64());
}

export interface Target {
  readonly va: bigint;
  readonly mapping: Mapping;
  readonly crosses: boolean;
}

/** A place behind a mapping; `size` aligned mostly, sometimes across its end. */
export function drawTarget(scene: Scene, size: number, mayMisalign: boolean): Target | null {
  const { random } = scene,
    mappings = scene.apart.get(scene.base) ?? [];
  if (mappings.length === 0) return null;
  const mapping = pick(random, mappings),
    { next } = mapping,
    granule = 1n << BigInt(scene.half.granuleBits);
  if (next && mayMisalign && !mapping.device && !next.device && random(2)) {
    // The last page of the granule that the mapping is of.
    const end = (mapping.va & ~(granule - 1n)) + granule,
      last = mapping.pa + (end - mapping.va) - PAGE;
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
export function dressed({ random, half }: Scene, va: bigint): bigint {
  if (half.tagged && random(2)) return (va & 0x00ff_ffff_ffff_ffffn) | (BigInt(random(256)) << 56n);
  if (random(12) === 0 && half.inputBits < 48) return va ^ (1n << BigInt(half.inputBits + random(48 - half.inputBits)));
  if (random(24) === 0) return va ^ (1n << BigInt(48 + random(16)));
  return va;
}
