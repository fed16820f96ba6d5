/** What CPU models say of themselves: Cortex-A57's registers as its manual has them, and `default`'s field by field. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { A64 } from './a64/index.ts';
import { cpuModels, identificationOf } from './cpu-models.ts';
import { FEATURES, type Feature } from './features.ts';
import { SYSTEM_REGISTERS } from './system-registers.ts';

const hex = (value: bigint): string => `0x${value.toString(16).padStart(16, '0')}`;

/** Cortex-A57 MPCore TRM (DDI 0488H) table 4-1, with the cryptography extension and the GIC's CPU interface; r1p0, 2 MiB of level 2. */
const CORTEX_A57_TRM: Readonly<Record<string, bigint>> = {
  MIDR_EL1: 0x411f_d070n, REVIDR_EL1: 0n, AIDR_EL1: 0n, CLIDR_EL1: 0x0a20_0023n, CTR_EL0: 0x8444_c004n, DCZID_EL0: 4n,
  ID_AA64PFR0_EL1: 0x0100_2222n, ID_AA64PFR1_EL1: 0n, ID_AA64DFR0_EL1: 0x1030_5106n, ID_AA64DFR1_EL1: 0n, ID_AA64AFR0_EL1: 0n,
  ID_AA64AFR1_EL1: 0n, ID_AA64ISAR0_EL1: 0x0001_1120n, ID_AA64ISAR1_EL1: 0n, ID_AA64MMFR0_EL1: 0x0000_1124n, ID_AA64MMFR1_EL1: 0n,
};
/** Where ours differs from the part: bits of the register, what stands there instead, and why. */
const DIFFERENT: Readonly<Record<string, readonly (readonly [mask: bigint, ours: bigint, why: string])[]>> = {
  ID_AA64PFR0_EL1: [[0xffn, 0x11n, 'EL0 and EL1 have no AArch32'], [0xff00n, 0n, 'EL2 and EL3 are the hypervisor\'s and not the guest\'s']],
  ID_AA64MMFR0_EL1: [[0xf00n, 0n, 'no big-endian data'], [0xf000n, 0n, 'secure memory needs EL3']],
};

test('cortex-a57 is told as by its own manual, but for what is listed', () => {
  const { idRegisters } = cpuModels['cortex-a57'];
  for (const [name, part] of Object.entries(CORTEX_A57_TRM)) {
    let expected = part;
    for (const [mask, ours] of DIFFERENT[name] ?? []) expected = (expected & ~mask) | ours;
    assert.equal(hex(idRegisters[name] ?? 0n), hex(expected), name);
  }
  const aarch32 = Object.keys(idRegisters).filter(name => /^(ID_(?!AA64)|MVFR)/.test(name));
  assert.deepEqual(aarch32, [], 'registers of AArch32 read as zero where no level has it');
});

/** The fields of `default`, by DDI 0487 D23.2: register, lowest bit of a four-bit field, value. */
const DEFAULT_FIELDS: Readonly<Record<string, Readonly<Record<string, readonly [low: number, value: number]>>>> = {
  ID_AA64PFR0_EL1: {
    EL0: [0, 1], EL1: [4, 1], EL2: [8, 0], EL3: [12, 0], FP: [16, 1], AdvSIMD: [20, 1], GIC: [24, 1], RAS: [28, 0], SVE: [32, 0], DIT: [48, 1], CSV2: [56, 3],
    CSV3: [60, 1],
  },
  ID_AA64PFR1_EL1: { BT: [0, 0], SSBS: [4, 2], MTE: [8, 0] },
  ID_AA64DFR0_EL1: { DebugVer: [0, 6], TraceVer: [4, 0], PMUVer: [8, 1], BRPs: [12, 5], WRPs: [20, 3], CTX_CMPs: [28, 1], DoubleLock: [36, 15] },
  ID_AA64ISAR0_EL1: {
    AES: [4, 2], SHA1: [8, 1], SHA2: [12, 2], CRC32: [16, 1], Atomic: [20, 2], RDM: [28, 1], SHA3: [32, 1], DP: [44, 1], FHM: [48, 1], TS: [52, 2], TLB: [56, 2],
    RNDR: [60, 1],
  },
  ID_AA64ISAR1_EL1: { DPB: [0, 2], APA: [4, 0], API: [8, 0], JSCVT: [12, 1], FCMA: [16, 1], LRCPC: [20, 2], FRINTTS: [32, 1], SB: [36, 1], SPECRES: [40, 1] },
  ID_AA64ISAR2_EL1: { WFxT: [0, 0] },
  ID_AA64MMFR0_EL1: { PARange: [0, 2], ASIDBits: [4, 2], BigEnd: [8, 0], TGran16: [20, 1], TGran64: [24, 0], TGran4: [28, 0] },
  ID_AA64MMFR1_EL1: { HAFDBS: [0, 2], VH: [8, 0], HPDS: [12, 0], LO: [16, 0], PAN: [20, 2] },
  ID_AA64MMFR2_EL1: { CnP: [0, 1], UAO: [4, 1], AT: [32, 0], E0PD: [60, 1] },
};

test('default has these fields in its identification registers, and zeroes beside them', () => {
  const { idRegisters } = cpuModels.default, named = new Set(Object.keys(DEFAULT_FIELDS));
  for (const [name, fields] of Object.entries(DEFAULT_FIELDS)) {
    const expected = Object.values(fields).reduce((value, [low, field]) => value | (BigInt(field) << BigInt(low)), 0n);
    assert.equal(hex(idRegisters[name]!), hex(expected), name);
  }
  assert.deepEqual(Object.keys(idRegisters).filter(name => name.startsWith('ID_') && !named.has(name)), []);
});

test('each feature changes the identification registers', () => {
  const all = new Set<Feature>(FEATURES);
  const text = (features: ReadonlySet<Feature>) => Object.values(identificationOf(features, 2)).map(hex).join();
  /** With a stronger feature of the same field there, the weaker one does not show. */
  const hiding: Partial<Record<Feature, readonly Feature[]>> = {
    FEAT_AES: ['FEAT_PMULL'], FEAT_SHA256: ['FEAT_SHA512'], FEAT_DPB: ['FEAT_DPB2'], FEAT_LRCPC: ['FEAT_LRCPC2'], FEAT_FlagM: ['FEAT_FlagM2'], FEAT_PAN: ['FEAT_PAN2'],
    FEAT_TLBIOS: ['FEAT_TLBIRANGE'],
  };
  for (const feature of FEATURES) {
    const around = new Set([...all].filter(other => !hiding[feature]?.includes(other)));
    const without = new Set([...around].filter(other => other !== feature));
    assert.notEqual(text(around), text(without), feature);
  }
});

/** Rows and registers that `default` does not advertise, each with its reason. */
const LEFT_OUT: Readonly<Partial<Record<Feature, string>>> = {
  FEAT_WFxT: 'optional; a delay by it is an exit and a wait of the host\'s, for microseconds',
  FEAT_LOR: 'optional in a guest: KVM hides it, since nothing uses it',
};

test('default advertises every feature that rows and registers are here for, but for those with a reason', () => {
  const needed = new Set([...A64, ...SYSTEM_REGISTERS].flatMap(row => row.needs ?? [])), { features } = cpuModels.default;
  assert.deepEqual([...needed].filter(feature => !features.has(feature)).sort(), Object.keys(LEFT_OUT).sort());
});

/** Features that show in no row and no register of their own: where they are instead. */
const ELSEWHERE: Readonly<Partial<Record<Feature, string>>> = {
  FEAT_HAFDBS: 'TCR_EL1.HA and HD, in table walks', FEAT_E0PD: 'TCR_EL1.E0PD0 and E0PD1, in table walks', FEAT_TTCNP: 'TTBRn_EL1.CnP, which one CPU may ignore',
  FEAT_TGran16K: 'TCR_EL1.TG0 and TG1, in table walks', FEAT_CSV3: 'nothing is read speculatively', FEAT_DoubleLock: 'OSDLR_EL1.DLK',
};

test('each feature that a model advertises is in a row, a register or one of its fields', () => {
  const shown = new Set([...A64.flatMap(row => row.needs), ...SYSTEM_REGISTERS.flatMap(row => [...(row.needs ?? []), ...Object.values(row.fieldNeeds ?? {})])]);
  // Floating point is older than feature names in rows: the rows of fp say so by themselves.
  if (A64.some(row => row.fp)) shown.add('FEAT_FP');
  for (const { features } of Object.values(cpuModels)) for (const feature of features) assert.ok(shown.has(feature) || feature in ELSEWHERE, feature);
});
