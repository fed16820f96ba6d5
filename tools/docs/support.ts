/** docs/generated/support.md: every encoding class of the manual, what stands in it, and what each CPU model does with it. */
import { cpuModels, el0Control, ENCODING_GROUPS, type EncodingClass, type Feature, linesOf, type Reach, type Support, SYSTEM_REGISTERS, type SystemRegister } from '@hypnos/isa';
import { publish, table } from './generated.ts';

const models = Object.entries(cpuModels);

const SAYS: Readonly<Record<Support, string>> = {
  works: 'works', hypervisor: 'to the hypervisor', waits: 'waits (trapped at EL0 if SCTLR_EL1 says so)', NOP: 'NOP', UNDEFINED: 'UNDEFINED',
};

const hex = (value: number) => (value >>> 0).toString(16).padStart(8, '0');

interface Line { readonly names: string; readonly needs: string; readonly place: string; readonly supports: readonly string[] }

/** Lines next to each other that need the same and end the same become one: rows of the base class most of all. */
function joined(lines: readonly Line[]): Line[] {
  const merged: Line[] = [];
  for (const line of lines) {
    const last = merged.findIndex(other => other.needs === line.needs && other.supports.join() === line.supports.join() && line.needs !== 'unallocated');
    if (last < 0) merged.push(line);
    else merged[last] = { ...merged[last]!, names: `${merged[last]!.names}; ${line.names}` };
  }
  return merged;
}

function rowsOf(each: EncodingClass): string[][] {
  const lines = joined(linesOf(each).map(({ names, needs, mask, value, support }) => (
    { names, needs, place: `${hex(mask)}/${hex(value)}`, supports: models.map(([, { features }]) => SAYS[support(features)]) })));
  return lines.map(({ names, needs, place, supports }, i) => [
    i ? '' : each.name, i ? '' : `\`${each.bits}\``, names, needs, `\`${place}\``, ...supports,
  ]);
}

const heading = ['Class', 'Encoding', 'Instructions', 'Needs', 'Mask/value', ...models.map(([name]) => `\`${name}\``)];
const groups = ENCODING_GROUPS.map(({ title, classes }) => `### ${title}\n\n${table(heading, classes.flatMap(rowsOf))}`);

/** Registers whose access at EL1 leaves the CPU for the hypervisor's timers and interrupt controller. */
const served = ({ name }: SystemRegister) => /^(ICC_|CNT[VP]_)/.test(name);
const reach = (at: Reach) => (at === 'none' ? 'UNDEFINED' : at === 'read' ? 'reads' : at === 'write' ? 'writes' : 'reads, writes');

const atEl0 = (row: SystemRegister): string => {
  const control = el0Control(row);
  return row.el0 === 'none' ? 'UNDEFINED' : control ? `${reach(row.el0)}; trapped by ${control}` : reach(row.el0);
};
const onModel = (row: SystemRegister, features: ReadonlySet<Feature>): string => {
  if (!(row.needs ?? []).every(feature => features.has(feature))) return 'UNDEFINED';
  return row.el1 === 'none' ? 'the hypervisor\'s own' : served(row) ? 'works, by the hypervisor' : 'works';
};
const registers = table(['Register', 'Needs', 'EL1', 'EL0', ...models.map(([name]) => `\`${name}\``)], SYSTEM_REGISTERS.map(row => [
  row.name, (row.needs ?? []).join(', '), reach(row.el1), atEl0(row), ...models.map(([, { features }]) => onModel(row, features)),
]));

const all = ENCODING_GROUPS.flatMap(({ classes }) => classes), lines = all.flatMap(each => linesOf(each));

publish('support.md', 'tools/docs/support.ts', `# What is supported

The classes are those of the Arm Architecture Reference Manual's index by encoding (DDI 0487K.a, C4.1); instructions that came later, as far as LLVM 22 knows them,
stand in them too, with their features; SVE and SME are listed by their groups. ${all.length} classes, ${lines.length} lines. A word that is in no class is unallocated, and UNDEFINED.

- **works**: as the manual says, with the exceptions it gives the instruction.
- **to the hypervisor**: the CPU is left, as by a trap to EL2. HVC and SMC are UNDEFINED at EL0.
- **waits**: the CPU is left until there is an interrupt or event.
- **NOP**: a hint that does nothing here.
- **UNDEFINED**: an exception of an unknown reason (ESR_EL1.EC 0), because the feature is not advertised, or the encoding is unallocated.

Mask and value are of the first instruction of a line. Tests draw words of every line, and compare with the decoder, both engines and llvm-mc
(\`packages/isa/src/encoding-index\`, \`packages/cpu/src/encoding-index.test.ts\`).

## Instructions

${groups.join('\n')}
## System registers

MRS and MSR of any place that is not here are UNDEFINED at both levels. What EL0 may not reach is UNDEFINED there. CPACR_EL1.FPEN\ntraps FPCR and FPSR at EL1 too.

${registers}`);
