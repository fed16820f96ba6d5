/** Hardware watchpoints (DDI 0487 D2.10; pseudocode AArch64.WatchpointMatch): up to eight bytes by BAS, or 2^MASK of them. */
import { bit, bits, ones } from '@hypnos/base';
import { WATCHPOINTS } from '@hypnos/isa';
import type { CpuContext } from './context.ts';
import { DEBUG_ADDRESS_BITS, linkedContextMatches, stateMatches } from './breakpoints.ts';
import { DEBUG, debugEnabled } from './debug-control.ts';
import { type Trap, watchpointHit } from './syndrome.ts';

export interface WatchedAccess {
  readonly bytes: number;
  readonly write: boolean;
  /** LDTR and STTR: as EL0 would, unless PSTATE.UAO is set. */
  readonly unprivileged?: boolean;
  /** Reads and writes: either counts, and a watched read is reported as one. */
  readonly atomic?: boolean;
}

/** What a watchpoint covers: 2^order bytes from `base`, of which `bytes` are watched where there are eight at most. */
interface Range { readonly base: bigint; readonly order: number; readonly bytes: number }

const WHOLE = ones(DEBUG_ADDRESS_BITS);
const ALL_BYTES = 0xff;

/** The range of an enabled watchpoint. Reserved masks (1, 2), and masks with some bytes left out, cover nothing: CONSTRAINED UNPREDICTABLE allows it. */
function rangeOf({ cells }: CpuContext, n: number): Range | null {
  const word = cells[`DBGWCR${n}_EL1`]!, address = cells[`DBGWVR${n}_EL1`]! & WHOLE;
  const selected = Number(bits(word, 5, 8)), mask = Number(bits(word, 24, 5));
  if (!bit(word, 0)) return null;
  if (mask > 2) return selected === ALL_BYTES ? { base: address & ~ones(mask), order: mask, bytes: ALL_BYTES } : null;
  if (mask > 0) return null;
  // Where WVR bit 2 is set BAS selects among four bytes.
  return bit(address, 2) ? { base: address, order: 2, bytes: selected & 15 } : { base: address, order: 3, bytes: selected };
}

/** How far into `[address, address + size)` the first watched byte is, or null. */
function firstWatched({ base, order, bytes }: Range, address: bigint, size: number): number | null {
  for (let offset = 0; offset < size; offset++) {
    const inside = ((address + BigInt(offset)) & WHOLE) - base;
    if (inside >= 0n && inside >> BigInt(order) === 0n && (order > 3 || (bytes >> Number(inside)) & 1)) return offset;
  }
  return null;
}

/**
 * The watchpoint exception of an access that its translation allows, if any. Its address is the lowest watched byte that
 * is accessed, which lies where D2.10.5 wants it.
 */
export function watchpointAt(ctx: CpuContext, address: bigint, access: WatchedAccess): Trap | null {
  const { cpu, cells } = ctx;
  if (!(cpu.debugControl & DEBUG.watchpoints) || !debugEnabled(ctx)) return null;
  const el = access.unprivileged && !cpu.uao ? 0 : cpu.el, atomic = access.atomic ?? false;
  for (let n = 0; n < WATCHPOINTS; n++) {
    const word = cells[`DBGWCR${n}_EL1`]!, range = rangeOf(ctx, n);
    if (range === null || !stateMatches(word, el) || (bit(word, 20) && !linkedContextMatches(ctx, Number(bits(word, 16, 4))))) continue;
    const loads = bit(word, 3) && (atomic || !access.write), stores = bit(word, 4) && (atomic || access.write);
    if (!loads && !stores) continue;
    const offset = firstWatched(range, address, access.bytes);
    if (offset !== null) return watchpointHit(ctx, BigInt.asUintN(64, address + BigInt(offset)), !loads);
  }
  return null;
}

/** Whether accesses to the 4 KiB page of an address must each be asked about: those pages stay out of the TLB. */
export function hasWatchpoints(ctx: CpuContext, address: bigint): boolean {
  if (!(ctx.cpu.debugControl & DEBUG.watchpoints)) return false;
  const page = address & WHOLE & ~0xfffn;
  for (let n = 0; n < WATCHPOINTS; n++) {
    const range = rangeOf(ctx, n);
    if (range !== null && range.base < page + 4096n && range.base + (1n << BigInt(range.order)) > page) return true;
  }
  return false;
}
