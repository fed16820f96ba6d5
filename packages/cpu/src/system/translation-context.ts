/**
 * Tags of the translation caches. An entry covers one 4 KiB page; its tag is
 *
 *     ((va + size - 1) & ~0xfff) ^ context        context = generation % 1024 << 2 | regime
 *
 * with `cpu.low` as context where bit 63 of va is clear and `cpu.high` where it is set. A context fills the low twelve
 * bits only, so an address with stray upper bits matches nothing that was not entered for exactly that address, and tag 0
 * is free to mean "empty". Each ASID has a generation; raising it, or the floor below which generations are stale, forgets
 * its entries without touching them. Every 1024 generations the arrays are cleared, so no two live generations look alike.
 */
import { bit } from '@hypnos/base';
import { FETCH_ENTRIES, TLB_ENTRIES } from '../memory-map.ts';
import type { CpuContext } from './context.ts';
import { controlsChanged, regimeChanged } from './pstate.ts';
import { currentAsid } from './translation-control.ts';

const GENERATIONS = 1024, WORDS = 2;
/** Pages above which an invalidation by address becomes a full one. */
const MOST_PAGES = 1024n;

/** Which entry of the read and write arrays, and of the fetch array, an address uses. */
export const tlbIndex = (va: bigint): number => Number((va >> 12n) & BigInt(TLB_ENTRIES - 1));
export const fetchIndex = (va: bigint): number => Number((va >> 12n) & BigInt(FETCH_ENTRIES - 1));

function clearArrays({ tlb }: CpuContext): void {
  tlb.read.fill(0n);
  tlb.write.fill(0n);
  tlb.fetch.fill(0n);
}

function nextGeneration(ctx: CpuContext): number {
  const { cpu, tlb } = ctx;
  let next = cpu.tlbGeneration + 1;
  if (next > 0xffff_f000) {
    tlb.asids.fill(0);
    cpu.upperGeneration = 0;
    next = GENERATIONS;
  }
  if (next % GENERATIONS === 0) {
    clearArrays(ctx);
    cpu.tlbFloor = ++next;
  }
  return (cpu.tlbGeneration = next);
}

/** Makes the contexts those of the current ASID. To be called after TTBR0, TTBR1 or TCR changed, and after `forget…`. */
export function renewContexts(ctx: CpuContext): void {
  const { cpu, tlb } = ctx;
  const asid = currentAsid(ctx);
  // Giving out a generation may raise the floor above the other one: repeat until both stand.
  while (tlb.asids[asid]! < cpu.tlbFloor || cpu.upperGeneration < cpu.tlbFloor) {
    if (tlb.asids[asid]! < cpu.tlbFloor) tlb.asids[asid] = nextGeneration(ctx);
    if (cpu.upperGeneration < cpu.tlbFloor) cpu.upperGeneration = nextGeneration(ctx);
  }
  const low = tlb.asids[asid]!, high = cpu.upperNonGlobal ? low : cpu.upperGeneration;
  for (let regime = 0; regime < 3; regime++) {
    cpu.contextLow[regime] = BigInt(((low % GENERATIONS) << 2) | regime);
    cpu.contextHigh[regime] = BigInt(((high % GENERATIONS) << 2) | regime);
  }
  regimeChanged(ctx);
}

/** Forgets every translation: TLBI VMALLE1, and changes of SCTLR_EL1.M, TCR_EL1 and the like. */
export function forgetAll(ctx: CpuContext): void {
  const { cpu } = ctx;
  cpu.tlbFloor = cpu.tlbGeneration + 1;
  cpu.upperNonGlobal = 0;
  cpu.largestBlock.fill(0);
  controlsChanged(ctx);
  renewContexts(ctx);
}

/** TLBI ASIDE1. Entries above the gap that belong to an ASID carry its generation too, once there are any. */
export function forgetAsid(ctx: CpuContext, asid: number): void {
  ctx.tlb.asids[asid] = 0;
  renewContexts(ctx);
}

/** TLBI by address: every page that a mapping holding one of `pages` 4 KiB pages from `va` may have entered. */
export function forgetPages(ctx: CpuContext, va: bigint, pages: bigint): void {
  const order = BigInt(ctx.cpu.largestBlock[bit(va, 55) ? 1 : 0]!);
  const first = ((va >> 12n) >> order) << order;
  const end = ((((va >> 12n) + pages - 1n) >> order) + 1n) << order;
  if (end - first > MOST_PAGES) return forgetAll(ctx);
  const { tlb } = ctx, count = Number(end - first);
  clearRun(tlb.read, tlbIndex(first << 12n), count, TLB_ENTRIES);
  clearRun(tlb.write, tlbIndex(first << 12n), count, TLB_ENTRIES);
  clearRun(tlb.fetch, fetchIndex(first << 12n), count, FETCH_ENTRIES);
}

/** Empties `count` neighbouring entries from `index` on, around the end of the array. */
function clearRun(entries: BigUint64Array, index: number, count: number, size: number): void {
  const end = Math.min(index + count, size);
  entries.fill(0n, index * WORDS, end * WORDS);
  if (index + count > size) entries.fill(0n, 0, Math.min(index + count - size, size) * WORDS);
}

/**
 * What a TLB fill must tell when it enters a mapping of 2^order pages for `va`. A non-global one above the gap may still
 * be entered under the context in force: that one ends with the next change of ASID or TLBI, since `high` then follows the ASID.
 */
export function noteMapping(ctx: CpuContext, va: bigint, mapping: { readonly order: number; readonly global: boolean }): void {
  const { cpu } = ctx;
  const half = bit(va, 55) ? 1 : 0;
  if (mapping.order > cpu.largestBlock[half]!) cpu.largestBlock[half] = mapping.order;
  if (bit(va, 63) && !mapping.global) cpu.upperNonGlobal = 1;
}

/** Starts with nothing cached: after reset, and after the state was loaded from a snapshot. */
export function startTranslation(ctx: CpuContext): void {
  ctx.tlb.asids.fill(0);
  clearArrays(ctx);
  ctx.cpu.tlbGeneration = ctx.cpu.upperGeneration = 0;
  forgetAll(ctx);
}
