/** What of the GIC is state: the attributes that a saver reads and a loader writes, made from the rows, in an order in which each may be written. */
import { encodingOf, SYSTEM_REGISTERS } from '@hypnos/isa';
import { VGIC_GROUP } from '../capabilities.ts';
import type { GicAttribute } from '../wall.ts';
import { ICC_ROWS } from './cpu-interface.ts';
import { DISTRIBUTOR_ROWS, REDISTRIBUTOR_ROWS, type RegisterRow } from './rows.ts';
import { FIRST_SPI } from './state.ts';

/** Shows nothing but that there is the interface that shows it. */
const STATELESS = 'ICC_SRE_EL1';
/** What it shows of ICC_BPR1_EL1 is ICC_BPR0_EL1's while ICC_CTLR_EL1.CBPR is set, and writes to it go nowhere: so CTLR comes behind, and is cleared to look. */
const HIDDEN = 'ICC_BPR1_EL1', HIDES = 'ICC_CTLR_EL1', CBPR = 1n;
/** Enables come last, as in the sequence that the architecture asks of software (IHI 0069 12.1). */
const LAST: readonly string[] = [HIDES, 'ICC_IGRPEN0_EL1', 'ICC_IGRPEN1_EL1'];

const affinity = (cpu: number): bigint => BigInt(cpu) << 32n;

/** The words of a row that interrupts `from` to `to` have; of a 64-bit one the lower, since there is no affinity 3. */
function words(group: number, { offset, bitsPerIntid, saved }: RegisterRow, frame: bigint, from: number, to: number): GicAttribute[] {
  if (bitsPerIntid === 0) return [{ group, attr: frame + BigInt(offset) }];
  const step = Math.max(4, bitsPerIntid / 8), clears = typeof saved === 'object' ? BigInt(saved.clears - (offset & 0xfff)) : null;
  return Array.from({ length: ((to - from) * bitsPerIntid) / 8 / step }, (_, i) => {
    const attr = frame + BigInt(offset + (from * bitsPerIntid) / 8 + i * step);
    return { group, attr, ...(clears !== null && { clears: attr + clears }) };
  });
}

function interfaceOf(cpu: number): GicAttribute[] {
  const names = ICC_ROWS.filter(({ save, name }) => save === 'same' && name !== STATELESS).map(({ name }) => name);
  const attr = (name: string): bigint => affinity(cpu) | BigInt(encodingOf(SYSTEM_REGISTERS.find(row => row.name === name)!.at));
  return [...names.filter(name => !LAST.includes(name)), ...LAST].map(name => ({
    group: VGIC_GROUP.cpuSysregs, attr: attr(name), ...(name === HIDDEN && { hiddenBy: { attr: attr(HIDES), bits: CBPR } }),
  }));
}

/** Every attribute of a GIC with this many CPUs and interrupts; its group enables last, so that nothing is delivered from half of a state. */
export function savedAttributes(cpus: number, nrIrqs: number): readonly GicAttribute[] {
  const saved = (rows: readonly RegisterRow[]): readonly RegisterRow[] => rows.filter(row => row.saved);
  const single = saved(DISTRIBUTOR_ROWS).filter(row => row.bitsPerIntid === 0), shared = saved(DISTRIBUTOR_ROWS).filter(row => row.bitsPerIntid !== 0);
  const levels = (from: number, to: number, frame: bigint): GicAttribute[] =>
    Array.from({ length: (to - from) / 32 }, (_, i) => ({ group: VGIC_GROUP.levelInfo, attr: frame | BigInt(from + i * 32) }));
  const perCpu = Array.from({ length: cpus }, (_, cpu) => [
    ...saved(REDISTRIBUTOR_ROWS).flatMap(row => words(VGIC_GROUP.redistRegs, row, affinity(cpu), 0, FIRST_SPI)), ...levels(0, FIRST_SPI, affinity(cpu)), ...interfaceOf(cpu),
  ]);
  return [
    ...shared.flatMap(row => words(VGIC_GROUP.distRegs, row, 0n, FIRST_SPI, nrIrqs)), ...levels(FIRST_SPI, nrIrqs, 0n), ...perCpu.flat(),
    ...single.flatMap(row => words(VGIC_GROUP.distRegs, row, 0n, 0, 0)),
  ];
}
