/** docs/generated/system-registers.md: every system register with its encoding, reach and place, and the CPU models' values. */
import { cpuModels, type Reach, SYSTEM_REGISTERS, type SystemRegister } from '@hypnos/isa';
import { publish, table } from './generated.ts';

const REACH: Readonly<Record<Reach, string>> = { none: '–', read: 'R', write: 'W', 'read-write': 'RW' };

const place = ({ at: [op0, op1, n, m, op2] }: SystemRegister) => `S${op0}_${op1}_C${n}_C${m}_${op2}`;

/** Where a read or write goes: the cell, or the engine, which may look at the cell. */
function lives(row: SystemRegister): string {
  if (!row.stored) return 'computed';
  const through = [row.readsThroughEngine && 'reads', row.writesThroughEngine && 'writes'].filter(Boolean).join(' and ');
  return through ? `stored; ${through} through the engine` : 'stored';
}

const fields = ({ fields: all = {} }: SystemRegister) =>
  Object.entries(all).map(([name, [high, low]]) => `${name}[${high === low ? high : `${high}:${low}`}]`).join(' ');

const registers = table(['Register', 'Encoding', 'What it is', 'EL0', 'EL1', 'Lives', 'Fields', 'Needs'], SYSTEM_REGISTERS.map(row =>
  [row.name, place(row), row.doc, REACH[row.el0], REACH[row.el1], lives(row), fields(row), (row.needs ?? []).join(', ')]));

const models = Object.entries(cpuModels).map(([name, model]) => `### \`${name}\`

${model.doc} Features: ${[...model.features].sort().join(', ')}.

${table(['Register', 'Value'], Object.entries(model.idRegisters).map(([register, value]) => [register, `0x${value.toString(16).padStart(16, '0')}`]))}`);

publish('system-registers.md', 'tools/docs/system-registers.ts', `# System registers

${SYSTEM_REGISTERS.length} registers of EL0 and EL1. Any other encoding of MRS or MSR is UNDEFINED. Where EL0 has reach, a control register may still trap it.

${registers}
## CPU models

Identification registers follow from the features; those not listed are zero.

${models.join('\n')}`);
