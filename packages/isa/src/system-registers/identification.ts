/** Identification registers (DDI 0487 D17.2): what this CPU is. Their values are the CPU model's, see `cpu-models.ts`. */
import { type SystemRegister, systemRegister } from '../system-register.ts';

const identification = (name: string, at: SystemRegister['at'], doc: string): SystemRegister =>
  systemRegister({ name, at, doc, el0: 'none', el1: 'read', stored: true });

/** By CRm from 1 to 7 and op2: op0 3, op1 0, CRn 0. Places without a name are reserved and read as zero. */
const SPACE: readonly (readonly (string | null)[])[] = [
  ['ID_PFR0_EL1', 'ID_PFR1_EL1', 'ID_DFR0_EL1', 'ID_AFR0_EL1', 'ID_MMFR0_EL1', 'ID_MMFR1_EL1', 'ID_MMFR2_EL1', 'ID_MMFR3_EL1'],
  ['ID_ISAR0_EL1', 'ID_ISAR1_EL1', 'ID_ISAR2_EL1', 'ID_ISAR3_EL1', 'ID_ISAR4_EL1', 'ID_ISAR5_EL1', 'ID_MMFR4_EL1', 'ID_ISAR6_EL1'],
  ['MVFR0_EL1', 'MVFR1_EL1', 'MVFR2_EL1', null, 'ID_PFR2_EL1', 'ID_DFR1_EL1', 'ID_MMFR5_EL1', null],
  ['ID_AA64PFR0_EL1', 'ID_AA64PFR1_EL1', 'ID_AA64PFR2_EL1', null, 'ID_AA64ZFR0_EL1', 'ID_AA64SMFR0_EL1', null, 'ID_AA64FPFR0_EL1'],
  ['ID_AA64DFR0_EL1', 'ID_AA64DFR1_EL1', 'ID_AA64DFR2_EL1', null, 'ID_AA64AFR0_EL1', 'ID_AA64AFR1_EL1', null, null],
  ['ID_AA64ISAR0_EL1', 'ID_AA64ISAR1_EL1', 'ID_AA64ISAR2_EL1', 'ID_AA64ISAR3_EL1', null, null, null, null],
  ['ID_AA64MMFR0_EL1', 'ID_AA64MMFR1_EL1', 'ID_AA64MMFR2_EL1', 'ID_AA64MMFR3_EL1', 'ID_AA64MMFR4_EL1', null, null, null],
];

function documented(name: string | null): string {
  if (name === null) return 'Reserved identification register; reads as zero.';
  return name.startsWith('ID_AA64') ? 'A field for each architecture feature.' : 'AArch32 feature register; zero, since no exception level has AArch32.';
}

const features = SPACE.flatMap((names, i) => names.map((name, op2) =>
  identification(name ?? `S3_0_C0_C${i + 1}_${op2}`, [3, 0, 0, i + 1, op2], documented(name))));

export const IDENTIFICATION: readonly SystemRegister[] = [
  identification('MIDR_EL1', [3, 0, 0, 0, 0], 'Main ID: implementer, part and revision.'),
  identification('MPIDR_EL1', [3, 0, 0, 0, 5], 'Affinity of this CPU; set by the board.'),
  identification('REVIDR_EL1', [3, 0, 0, 0, 6], 'Revision details.'),
  identification('AIDR_EL1', [3, 1, 0, 0, 7], 'Auxiliary ID.'),
  ...features,
  identification('CLIDR_EL1', [3, 1, 0, 0, 1], 'Levels of cache.'),
  systemRegister({
    name: 'CCSIDR_EL1', at: [3, 1, 0, 0, 0], doc: 'Geometry of the cache that CSSELR_EL1 selects.', el0: 'none', el1: 'read', stored: false,
  }),
  systemRegister({
    name: 'CSSELR_EL1', at: [3, 2, 0, 0, 0], doc: 'Selects the cache that CCSIDR_EL1 describes.', el0: 'none', el1: 'read-write', stored: true,
    writable: 0xfn, fields: { InD: [0, 0], Level: [3, 1] },
  }),
  systemRegister({
    name: 'CTR_EL0', at: [3, 3, 0, 0, 1], doc: 'Cache line sizes; EL0 may read it if SCTLR_EL1.UCT says so.', el0: 'read', el1: 'read', stored: true,
    readsThroughEngine: true,
    fields: { IminLine: [3, 0], L1Ip: [15, 14], DminLine: [19, 16], ERG: [23, 20], CWG: [27, 24], IDC: [28, 28], DIC: [29, 29] },
  }),
  systemRegister({
    name: 'DCZID_EL0', at: [3, 3, 0, 0, 7], doc: 'Block size of DC ZVA, and whether it is prohibited at EL0.', el0: 'read', el1: 'read', stored: true,
    readsThroughEngine: true, fields: { BS: [3, 0], DZP: [4, 4] },
  }),
];
