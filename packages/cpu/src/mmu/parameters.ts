/**
 * What page walks need of TCR_EL1, TTBRx_EL1 and SCTLR_EL1, digested when one of them is written, so that the walker
 * in WebAssembly reads a handful of words. DDI 0487 D8.2, D24.2 (TCR_EL1).
 */
import { bit, bits } from '@hypnos/base';
import type { CpuState, SystemCells } from '../state.ts';

/** Bits of `walkControl`. */
export const CONTROL = { on: 1, wxn: 2, hardwareAccess: 4, hardwareDirty: 8 } as const;
/** Bits of `walkHalf`. */
export const HALF = { disabled: 1, e0pd: 2, topByteIgnored: 4 } as const;

/** log2 of the granule for TG0 and TG1; a reserved value is taken as 4 KiB. */
const GRANULE_0 = [12, 16, 14, 12] as const;
const GRANULE_1 = [12, 14, 12, 16] as const;
/** log2 of the physical address space by TCR_EL1.IPS; more than the CPU's 40 bits is taken as 40. */
const PHYSICAL_BITS = [32, 36, 40, 40, 40, 40, 40, 40] as const;

/** First level of a walk that resolves `top` bits with pages of 2^granule bytes. */
export const startLevel = (top: number, granule: number): number => 4 - Math.ceil((top - granule) / (granule - 3));

export function updateWalkParameters(cpu: CpuState, cells: SystemCells): void {
  const tcr = cells['TCR_EL1']!, sctlr = cells['SCTLR_EL1']!;
  cpu.walkControl = (bit(sctlr, 0) ? CONTROL.on : 0) | (bit(sctlr, 19) ? CONTROL.wxn : 0)
    | (bit(tcr, 39) ? CONTROL.hardwareAccess : 0) | (bit(tcr, 39) && bit(tcr, 40) ? CONTROL.hardwareDirty : 0);
  cpu.walkSize = PHYSICAL_BITS[Number(bits(tcr, 32, 3))]!;
  for (const half of [0, 1] as const) {
    const field = (low: number, width: number) => Number(bits(tcr, low + 16 * half, width));
    const granule = half ? GRANULE_1[field(14, 2)]! : GRANULE_0[field(14, 2)]!;
    // Sizes outside 16..39 (DDI 0487 D8.2.4) are taken at the nearest one inside.
    const top = 64 - Math.min(39, Math.max(16, field(0, 6)));
    cpu.walkTop[half] = top;
    cpu.walkGranule[half] = granule;
    cpu.walkLevel[half] = startLevel(top, granule);
    cpu.walkBase[half] = bits(cells[half ? 'TTBR1_EL1' : 'TTBR0_EL1']!, 1, 47) << 1n;
    cpu.walkHalf[half] = (field(7, 1) ? HALF.disabled : 0) | (bit(tcr, 55 + half) ? HALF.e0pd : 0) | (bit(tcr, 37 + half) ? HALF.topByteIgnored : 0);
  }
}
