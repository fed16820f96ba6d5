/** TCR_EL1 decoded for one half of the address space (DDI 0487 D23.2.166; pseudocode GetS1TTWParams). */
import { bit, bits } from '@hypnos/base';
import type { CpuContext } from './context.ts';

export interface HalfControl {
  /** Bits of input address: 64 - TxSZ. */
  readonly inputBits: number;
  /** log2 of the granule: 12, 14 or 16. */
  readonly granuleBits: number;
  readonly walksDisabled: boolean;
  readonly el0Disabled: boolean;
  readonly topByteIgnored: boolean;
  readonly hierarchicalDisabled: boolean;
  readonly table: bigint;
}

const GRANULE_LOW = [12, 16, 14, 12] as const, GRANULE_HIGH = [12, 14, 12, 16] as const;
const OUTPUT_BITS = [32, 36, 40, 42, 44, 48, 52, 52] as const;

/** Whether the top byte of `va` is ignored. Bit 55 chooses the half. */
export const tagIgnored = (tcr: bigint, va: bigint): boolean => bit(tcr, bit(va, 55) ? 38 : 37);

/** A granule that is not implemented behaves as 4 KiB, which always is (TCR_EL1.TG0: an IMPLEMENTATION DEFINED choice). */
const supported = ({ model }: CpuContext, granuleBits: number): number => (granuleBits === 14 && !model.features.has('FEAT_TGran16K') ? 12 : granuleBits);

/** The half that `va` belongs to. */
export function halfControl(ctx: CpuContext, va: bigint): HalfControl {
  const tcr = ctx.cells.TCR_EL1, high = bit(va, 55), has = ctx.model.features;
  const size = Number(bits(tcr, high ? 16 : 0, 6));
  return {
    // TxSZ out of range behaves as the nearest legal value (CONSTRAINED UNPREDICTABLE, D8.2.7.1).
    inputBits: 64 - Math.min(Math.max(size, 16), 39),
    granuleBits: supported(ctx, high ? GRANULE_HIGH[Number(bits(tcr, 30, 2))]! : GRANULE_LOW[Number(bits(tcr, 14, 2))]!),
    walksDisabled: bit(tcr, high ? 23 : 7),
    el0Disabled: has.has('FEAT_E0PD') && bit(tcr, high ? 56 : 55),
    topByteIgnored: tagIgnored(tcr, va),
    // FEAT_HPDS: told by ID_AA64MMFR1_EL1.HPDS.
    hierarchicalDisabled: bits(ctx.model.idRegisters.ID_AA64MMFR1_EL1 ?? 0n, 12, 4) !== 0n && bit(tcr, high ? 42 : 41),
    table: high ? ctx.cells.TTBR1_EL1 : ctx.cells.TTBR0_EL1,
  };
}

const rangeOf = (ctx: CpuContext): number => OUTPUT_BITS[Number(bits(ctx.model.idRegisters.ID_AA64MMFR0_EL1 ?? 0n, 0, 3))]!;

/** Bits of a physical address this CPU implements (ID_AA64MMFR0_EL1.PARange). */
export const physicalBits = (ctx: CpuContext): number => Math.min(rangeOf(ctx), 48);
/** Bits of an output address: TCR_EL1.IPS, at most PARange. */
export const outputBits = (ctx: CpuContext): number => Math.min(OUTPUT_BITS[Number(bits(ctx.cells.TCR_EL1, 32, 3))]!, physicalBits(ctx));

/** Whether hardware manages the access flag (HA) and the dirty state (HD, only with HA). */
export function hardwareUpdates(ctx: CpuContext): { readonly access: boolean; readonly dirty: boolean } {
  const supported = Number(bits(ctx.model.idRegisters.ID_AA64MMFR1_EL1 ?? 0n, 0, 4));
  const access = supported >= 1 && bit(ctx.cells.TCR_EL1, 39);
  return { access, dirty: access && supported >= 2 && bit(ctx.cells.TCR_EL1, 40) };
}

/** The ASID in force: from the table base that A1 names, 8 or 16 bits by AS. */
export function currentAsid({ cells }: CpuContext): number {
  const base = bit(cells.TCR_EL1, 22) ? cells.TTBR1_EL1 : cells.TTBR0_EL1;
  return Number(bits(base, 48, bit(cells.TCR_EL1, 36) ? 16 : 8));
}
