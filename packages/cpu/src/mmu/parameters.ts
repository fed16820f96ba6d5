/**
 * What page walks need of TCR_EL1, TTBRx_EL1 and SCTLR_EL1, digested when one of them is written, so that the walker
 * in WebAssembly reads a handful of words. The registers are read in `system/translation-control.ts`, as for every engine.
 */
import { bit, ones } from '@hypnos/base';
import type { CpuContext } from '../system/context.ts';
import { SCTLR } from '../system/pstate.ts';
import { halfControl, hardwareUpdates, outputBits, physicalBits } from '../system/translation-control.ts';

/** Bits of `walkControl`. */
export const CONTROL = { on: 1, wxn: 2, hardwareAccess: 4, hardwareDirty: 8 } as const;
/** Bits of `walkHalf`. */
export const HALF = { disabled: 1, e0pd: 2, topByteIgnored: 4, flat: 8 } as const;

/** An address of the lower and of the upper half: what tells them apart is bit 55. */
const HALVES = [0n, 1n << 55n] as const;

/** First level of a walk that resolves `top` bits with pages of 2^granule bytes. */
const startLevel = (top: number, granule: number): number => 4 - Math.ceil((top - granule) / (granule - 3));

export function updateWalkParameters(ctx: CpuContext): void {
  const { cpu, cells } = ctx, updates = hardwareUpdates(ctx), on = bit(cells.SCTLR_EL1, SCTLR.M);
  cpu.walkControl = (on ? CONTROL.on : 0) | (bit(cells.SCTLR_EL1, SCTLR.WXN) ? CONTROL.wxn : 0)
    | (updates.access ? CONTROL.hardwareAccess : 0) | (updates.dirty ? CONTROL.hardwareDirty : 0);
  cpu.walkSize = on ? outputBits(ctx) : physicalBits(ctx);
  HALVES.forEach((va, half) => {
    const control = halfControl(ctx, va);
    cpu.walkTop[half] = control.inputBits;
    cpu.walkGranule[half] = control.granuleBits;
    const level = startLevel(control.inputBits, control.granuleBits);
    cpu.walkLevel[half] = level;
    // The first table may be smaller than a granule; it is aligned to its size.
    const size = control.inputBits - (control.granuleBits + (3 - level) * (control.granuleBits - 3)) + 3;
    cpu.walkBase[half] = control.table & 0xffff_ffff_ffffn & ~ones(size);
    cpu.walkHalf[half] = (control.walksDisabled ? HALF.disabled : 0) | (control.el0Disabled ? HALF.e0pd : 0)
      | (control.topByteIgnored ? HALF.topByteIgnored : 0) | (control.hierarchicalDisabled ? HALF.flat : 0);
  });
}
