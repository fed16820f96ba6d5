/** CPU models: the features a CPU has, and its identification registers, which follow from them and nothing else. */
import type { Feature } from './features.ts';
import { BREAKPOINTS, CONTEXT_BREAKPOINTS, WATCHPOINTS } from './system-registers/debug.ts';

export interface CpuModel {
  readonly doc: string;
  readonly features: ReadonlySet<Feature>;
  /** Values by register name; identification registers that are not named are zero. MPIDR_EL1 and CNTFRQ_EL0 are the board's. */
  readonly idRegisters: Readonly<Record<string, bigint>>;
  /** CCSIDR_EL1 by CSSELR_EL1; a selection that is not here reads as zero. */
  readonly caches: Readonly<Record<number, bigint>>;
}

/** A field of an identification register: its lowest bit, and its value by the last of the listed features that is there. */
type IdField = readonly [low: number, ...steps: (readonly [feature: Feature, value: number])[]];

/** DDI 0487 D17.2: fields that grow with features. */
const FEATURE_FIELDS: Readonly<Record<string, readonly IdField[]>> = {
  ID_AA64PFR0_EL1: [[28, ['FEAT_RAS', 1]], [32, ['FEAT_SVE', 1]], [48, ['FEAT_DIT', 1]], [56, ['FEAT_CSV2', 3]], [60, ['FEAT_CSV3', 1]]],
  ID_AA64PFR1_EL1: [[0, ['FEAT_BTI', 1]], [4, ['FEAT_SSBS', 2]], [8, ['FEAT_MTE', 2]]],
  ID_AA64DFR0_EL1: [[8, ['FEAT_PMUv3', 1]]],
  ID_AA64ISAR0_EL1: [
    [4, ['FEAT_AES', 1], ['FEAT_PMULL', 2]], [8, ['FEAT_SHA1', 1]], [12, ['FEAT_SHA256', 1], ['FEAT_SHA512', 2]], [16, ['FEAT_CRC32', 1]],
    [20, ['FEAT_LSE', 2]], [28, ['FEAT_RDM', 1]], [32, ['FEAT_SHA3', 1]], [44, ['FEAT_DotProd', 1]], [48, ['FEAT_FHM', 1]],
    [52, ['FEAT_FlagM', 1], ['FEAT_FlagM2', 2]], [56, ['FEAT_TLBIOS', 1], ['FEAT_TLBIRANGE', 2]], [60, ['FEAT_RNG', 1]],
  ],
  ID_AA64ISAR1_EL1: [
    [0, ['FEAT_DPB', 1], ['FEAT_DPB2', 2]], [8, ['FEAT_PAuth', 1]], [12, ['FEAT_JSCVT', 1]], [16, ['FEAT_FCMA', 1]],
    [20, ['FEAT_LRCPC', 1], ['FEAT_LRCPC2', 2]], [28, ['FEAT_PAuth', 1]], [32, ['FEAT_FRINTTS', 1]], [36, ['FEAT_SB', 1]],
    [40, ['FEAT_SPECRES', 1]], [44, ['FEAT_BF16', 1]], [52, ['FEAT_I8MM', 1]],
  ],
  ID_AA64ISAR2_EL1: [[0, ['FEAT_WFxT', 2]]],
  ID_AA64MMFR0_EL1: [[20, ['FEAT_TGran16K', 1]]],
  ID_AA64MMFR1_EL1: [[0, ['FEAT_HAFDBS', 2]], [16, ['FEAT_LOR', 1]], [20, ['FEAT_PAN', 1], ['FEAT_PAN2', 2]]],
  ID_AA64MMFR2_EL1: [[0, ['FEAT_TTCNP', 1]], [4, ['FEAT_UAO', 1]], [60, ['FEAT_E0PD', 1]]],
};

/** Fields that do not depend on features, as [low, value]. */
const FIXED_FIELDS: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  // EL0 and EL1 in AArch64 only, no EL2 or EL3, GIC system registers.
  ID_AA64PFR0_EL1: [[0, 1], [4, 1], [24, 1]],
  // Armv8 debug; breakpoints, watchpoints and breakpoints that can match contexts, less one each.
  ID_AA64DFR0_EL1: [[0, 6], [12, BREAKPOINTS - 1], [20, WATCHPOINTS - 1], [28, CONTEXT_BREAKPOINTS - 1]],
  // 16-bit ASIDs; granules of 4 KiB and 64 KiB are there (0).
  ID_AA64MMFR0_EL1: [[4, 2]],
};

const at = (low: number, value: number): bigint => BigInt(value) << BigInt(low);

function featureRegister(name: string, features: ReadonlySet<Feature>): bigint {
  let value = 0n;
  for (const [low, fixed] of FIXED_FIELDS[name] ?? []) value |= at(low, fixed);
  for (const [low, ...steps] of FEATURE_FIELDS[name] ?? []) {
    const step = steps.findLast(([feature]) => features.has(feature));
    if (step) value |= at(low, step[1]);
  }
  return value;
}

const ABSENT = 15;
/** Floating point and Advanced SIMD count the other way: 15 is absent, 0 present, 1 with half precision. */
function floatingPoint(features: ReadonlySet<Feature>): bigint {
  const level = (feature: Feature) => (features.has(feature) ? (features.has('FEAT_FP16') ? 1 : 0) : ABSENT);
  return at(16, level('FEAT_FP')) | at(20, level('FEAT_AdvSIMD'));
}

/** The identification registers of a CPU with these features. `paRange` is ID_AA64MMFR0_EL1's code for the physical address size. */
export function identificationOf(features: ReadonlySet<Feature>, paRange: number): Record<string, bigint> {
  const registers: Record<string, bigint> = {};
  for (const name of new Set([...Object.keys(FEATURE_FIELDS), ...Object.keys(FIXED_FIELDS)])) registers[name] = featureRegister(name, features);
  registers.ID_AA64PFR0_EL1! |= floatingPoint(features);
  registers.ID_AA64DFR0_EL1! |= at(36, features.has('FEAT_DoubleLock') ? 0 : ABSENT);
  registers.ID_AA64MMFR0_EL1! |= at(0, paRange);
  return registers;
}

/**
 * CTR_EL0 in log2 of words: lines of 64 bytes for data; IDC, since caches are coherent; no DIC, since code is dropped by
 * the guest's IC instructions, which take a whole page of 4 KiB, so that is the line a guest steps by.
 */
const CTR_OF_PAGES = at(31, 1) | at(28, 1) | at(24, 4) | at(20, 4) | at(16, 4) | at(14, 3) | 10n;

/** 32 KiB of data and 48 KiB of instructions at level 1, 2 MiB unified at level 2: Cortex-A57's, for want of real ones. */
const CACHES = { 0: 0x701f_e00an, 1: 0x201f_e012n, 2: 0x70ff_e07an } as const;

const shared = {
  // Blocks of 64 bytes.
  DCZID_EL0: 4n,
  // The interrupt controller's CPU interface: 5 priority bits, 24 bits of interrupt number.
  ICC_CTLR_EL1: at(8, 4) | at(11, 1),
};

/**
 * What has rows and is left out: FEAT_WFxT, with which Linux waits microseconds in WFET, an exit and a wait of the host's
 * where a spin of some thousand instructions is over sooner; FEAT_LOR, of which KVM's guests see nothing either, because
 * nothing uses it.
 */
const DEFAULT: ReadonlySet<Feature> = new Set<Feature>([
  'FEAT_FP', 'FEAT_AdvSIMD', 'FEAT_CRC32', 'FEAT_LSE', 'FEAT_PAN', 'FEAT_PAN2', 'FEAT_UAO', 'FEAT_HAFDBS', 'FEAT_DPB', 'FEAT_DPB2', 'FEAT_LRCPC',
  'FEAT_LRCPC2', 'FEAT_FlagM', 'FEAT_FlagM2', 'FEAT_TTCNP', 'FEAT_TLBIRANGE', 'FEAT_TLBIOS', 'FEAT_RNG', 'FEAT_SB', 'FEAT_SSBS', 'FEAT_CSV2',
  'FEAT_CSV3', 'FEAT_E0PD', 'FEAT_DIT', 'FEAT_AES', 'FEAT_PMULL', 'FEAT_SHA1', 'FEAT_SHA256',
  'FEAT_SHA512', 'FEAT_SHA3', 'FEAT_RDM', 'FEAT_DotProd', 'FEAT_FP16', 'FEAT_JSCVT', 'FEAT_FCMA', 'FEAT_FRINTTS', 'FEAT_FHM', 'FEAT_SPECRES',
  'FEAT_PMUv3', 'FEAT_TGran16K',
]);
const CORTEX_A57: ReadonlySet<Feature> = new Set<Feature>([
  'FEAT_FP', 'FEAT_AdvSIMD', 'FEAT_CRC32', 'FEAT_AES', 'FEAT_PMULL', 'FEAT_SHA1', 'FEAT_SHA256', 'FEAT_PMUv3',
  'FEAT_DoubleLock',
]);

const PA_40_BITS = 2, PA_44_BITS = 4;

export type CpuModelName = 'default' | 'cortex-a57';

export const cpuModels: Readonly<Record<CpuModelName, CpuModel>> = {
  default: {
    doc: 'An Armv8.5-class CPU chosen for speed: it tells guests about everything that helps and nothing that costs.',
    features: DEFAULT,
    // Implementer 0 is reserved for software, so no kernel takes it for a part with errata.
    idRegisters: {
      ...shared, MIDR_EL1: 0x000f_0510n, CTR_EL0: CTR_OF_PAGES,
      // Level 1 split, level 2 unified, coherent at level 2; nothing to clean for instructions (IDC).
      CLIDR_EL1: 0x0200_0023n, ...identificationOf(DEFAULT, PA_40_BITS),
    },
    caches: CACHES,
  },
  'cortex-a57': {
    doc: 'A Cortex-A57 with its cryptography and without its AArch32, its higher exception levels and its big-endian data, for like-for-like comparisons.',
    features: CORTEX_A57,
    // Cortex-A57 TRM (DDI 0488) 4.3: lines of 64 bytes, cleaned and invalidated to the point of unification.
    idRegisters: { ...shared, MIDR_EL1: 0x411f_d070n, CTR_EL0: 0x8444_c004n, CLIDR_EL1: 0x0a20_0023n, ...identificationOf(CORTEX_A57, PA_44_BITS) },
    caches: CACHES,
  },
};
