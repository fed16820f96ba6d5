/** Stage 1 translation of the EL1&0 regime, by walking the tables every time (DDI 0487 D8.2-D8.5; pseudocode S1Translate). */
import { bit, bits, ones } from '@hypnos/base';
import type { CpuContext } from './context.ts';
import { SCTLR } from './pstate.ts';
import { STATUS } from './syndrome.ts';
import { type HalfControl, halfControl, hardwareUpdates, outputBits, physicalBits, tagIgnored } from './translation-control.ts';

export type MemoryAccess = 'read' | 'write' | 'fetch';

export interface WalkOptions {
  readonly el: number;
  /** PSTATE.PAN counts (not for AT S1E1R and S1E1W). */
  readonly pan: boolean;
  /** LDTR and STTR: as EL0 would, unless PSTATE.UAO is set. */
  readonly unprivileged?: boolean;
  /** A write that reads first: a fault that the read would have met is reported as the read's. */
  readonly atomic?: boolean;
  /** False keeps the tables as they are (AT, debuggers). */
  readonly update?: boolean;
}

export interface Translation {
  readonly ipa: bigint;
  /** The MAIR_EL1 byte, and the shareability of the descriptor (2 for Device and Non-cacheable: pseudocode PAREncodeShareability). */
  readonly attributes: number;
  readonly shareability: number;
  readonly device: boolean;
  readonly global: boolean;
  /** log2 of the 4 KiB pages of the mapping. */
  readonly order: number;
  /** Whether a write is allowed and the page already counts as dirty, so that writes need no more walks. */
  readonly writable: boolean;
}

/** `status` is the fault status code with its level; `write` the WnR to report. */
export interface TranslationFault { readonly status: number; readonly write: boolean }

export const faulted = (result: Translation | TranslationFault): result is TranslationFault => 'status' in result;

/** What a leaf and the tables above it allow. */
interface Leaf {
  readonly descriptor: bigint;
  /** Where the descriptor stands. */
  readonly at: bigint;
  readonly level: number;
  readonly blockBits: number;
  /** APTable, XNTable and PXNTable of the tables above, gathered. */
  readonly noUser: boolean; readonly readOnly: boolean; readonly userNoExecute: boolean; readonly privilegedNoExecute: boolean;
}

const DEVICE_nGnRnE = 0x00, NORMAL_WRITE_BACK = 0xff, NORMAL_NON_CACHEABLE = 0x44;

/** Translates one address for one access. Marks the access and dirty flags in the tables if hardware does that here. */
export function translate(ctx: CpuContext, va: bigint, access: MemoryAccess, options: WalkOptions): Translation | TranslationFault {
  const el = options.unprivileged && !ctx.cpu.uao ? 0 : options.el;
  if (!bit(ctx.cells.SCTLR_EL1, SCTLR.M)) return untranslated(ctx, va, access, options);
  for (;;) {
    const leaf = walk(ctx, va, el);
    if (typeof leaf === 'number') return { status: leaf, write: access === 'write' && !options.atomic };
    const result = apply(ctx, va, access, { ...options, el }, leaf);
    if (result !== 'again') return result;
  }
}

/** With the MMU off addresses are physical and data accesses Device-nGnRnE (D8.2.10). */
function untranslated(ctx: CpuContext, va: bigint, access: MemoryAccess, options: WalkOptions): Translation | TranslationFault {
  const address = tagIgnored(ctx.cells.TCR_EL1, va) ? bits(va, 0, 56) : va;
  if (address >> BigInt(physicalBits(ctx))) return { status: STATUS.addressSize, write: access === 'write' && !options.atomic };
  const device = access !== 'fetch';
  return { ipa: address, attributes: device ? DEVICE_nGnRnE : NORMAL_WRITE_BACK, shareability: 2, device, global: true, order: 0, writable: true };
}

/** Finds the leaf descriptor, or answers a status code. */
function walk(ctx: CpuContext, va: bigint, el: number): Leaf | number {
  const control = halfControl(ctx, va);
  if (outOfRange(va, control) || control.walksDisabled || (el === 0 && control.el0Disabled)) return STATUS.translation;
  const { granuleBits, inputBits } = control, stride = granuleBits - 3, limit = BigInt(outputBits(ctx));
  let level = 4 - Math.ceil((inputBits - granuleBits) / stride);
  // A first table may be smaller than a granule; it is aligned to its size.
  const firstIndexBits = inputBits - (granuleBits + (3 - level) * stride);
  let table = bits(control.table, 0, 48) & ~ones(firstIndexBits + 3), indexBits = firstIndexBits;
  if (table >> limit) return STATUS.addressSize;
  let noUser = false, readOnly = false, userNoExecute = false, privilegedNoExecute = false;
  for (;; level++, indexBits = stride) {
    const blockBits = granuleBits + (3 - level) * stride;
    const at = table + bits(va, blockBits, indexBits) * 8n;
    const descriptor = ctx.memory.load(at, 8);
    if (descriptor === null) return STATUS.externalOnWalk + level;
    const kind = Number(descriptor & 3n);
    if (kind === 3 && level < 3) {
      table = descriptor & ones(48) & ~ones(granuleBits);
      if (table >> limit) return STATUS.addressSize + level;
      if (control.hierarchicalDisabled) continue;
      noUser ||= bit(descriptor, 61);
      readOnly ||= bit(descriptor, 62);
      privilegedNoExecute ||= bit(descriptor, 59);
      userNoExecute ||= bit(descriptor, 60);
      continue;
    }
    const leaf = level === 3 ? kind === 3 : kind === 1 && (level === 2 || (level === 1 && granuleBits === 12));
    if (!leaf) return STATUS.translation + level;
    if ((descriptor & ones(48) & ~ones(blockBits)) >> limit) return STATUS.addressSize + level;
    return { descriptor, at, level, blockBits, noUser, readOnly, userNoExecute, privilegedNoExecute };
  }
}

/** Bits above the input size must all equal bit 55; the top byte is left out where it is ignored. */
function outOfRange(va: bigint, { inputBits, topByteIgnored }: HalfControl): boolean {
  const top = topByteIgnored ? 56 : 64;
  const upper = bits(va, inputBits, top - inputBits);
  return upper !== (bit(va, 55) ? ones(top - inputBits) : 0n);
}

/** Checks a leaf against an access and updates its flags; 'again' if somebody else changed it meanwhile. */
function apply(
  ctx: CpuContext, va: bigint, access: MemoryAccess, options: WalkOptions, leaf: Leaf,
): Translation | TranslationFault | 'again' {
  const { descriptor, level } = leaf;
  const hardware = hardwareUpdates(ctx);
  if (!bit(descriptor, 10) && !hardware.access) return { status: STATUS.accessFlag + level, write: access === 'write' && !options.atomic };
  const dirtyByHardware = hardware.dirty && bit(descriptor, 51);
  const allowed = permissions(ctx, leaf, dirtyByHardware, options);
  // The access flag is set even where permission is then refused (D8.4.6 allows both); the dirty state is not.
  let now = descriptor | (1n << 10n);
  if (allowed[access] && access === 'write' && dirtyByHardware) now &= ~(1n << 7n);
  if (now !== descriptor && options.update !== false && !ctx.memory.update(leaf.at, descriptor, now)) return 'again';
  if (!allowed[access]) return { status: STATUS.permission + level, write: access === 'write' && !(options.atomic && !allowed.read) };
  const attributes = Number(bits(ctx.cells.MAIR_EL1, Number(bits(descriptor, 2, 3)) * 8, 8));
  const device = attributes >> 4 === 0;
  return {
    ipa: (descriptor & ones(48) & ~ones(leaf.blockBits)) | bits(va, 0, leaf.blockBits),
    attributes, device, shareability: device || attributes === NORMAL_NON_CACHEABLE ? 2 : Number(bits(descriptor, 8, 2)),
    global: !bit(descriptor, 11), order: leaf.blockBits - 12, writable: allowed.write && !bit(now, 7),
  };
}

/** AP, UXN, PXN with the tables' limits, WXN and PAN (D8.4). With the dirty state in hardware's hands AP[2] does not forbid. */
function permissions(ctx: CpuContext, leaf: Leaf, dirtyByHardware: boolean, { el, pan }: WalkOptions): Record<MemoryAccess, boolean> {
  const { descriptor } = leaf;
  const user = bit(descriptor, 6) && !leaf.noUser;
  const writes = (!bit(descriptor, 7) || dirtyByHardware) && !leaf.readOnly;
  const wxn = bit(ctx.cells.SCTLR_EL1, SCTLR.WXN);
  if (el === 0) {
    const fetch = !bit(descriptor, 54) && !leaf.userNoExecute && !(wxn && user && writes);
    return { read: user, write: user && writes, fetch };
  }
  const guarded = user && pan && ctx.cpu.pan === 1;
  const fetch = !bit(descriptor, 53) && !leaf.privilegedNoExecute && !(user && writes) && !(wxn && writes);
  return { read: !guarded, write: !guarded && writes, fetch };
}
