/** docs/generated/instructions.md: every instruction row with its forms and the features it needs. */
import { A64, A64_CHAPTERS, cpuModels, formsOf, type Row } from '@hypnos/isa';
import { publish, table } from './generated.ts';

const { features } = cpuModels.default;

function status(row: Row): string {
  const missing = row.needs.filter(feature => !features.has(feature));
  return missing.length ? `not advertised (${missing.join(', ')})` : 'advertised';
}

const cells = (row: Row) => [row.name, row.doc, `\`${row.bits}\``, `${formsOf(row).length}`, row.needs.join(', '), status(row)];
const forms = A64.reduce((sum, row) => sum + formsOf(row).length, 0);

const chapters = Object.entries(A64_CHAPTERS).map(([title, rows]) =>
  `## ${title}\n\n${table(['Instructions', 'What they do', 'Encoding', 'Forms', 'Needs', 'CPU model `default`'], rows.map(cells))}`);

publish('instructions.md', 'tools/docs/instructions.ts', `# Instructions

${A64.length} rows, ${forms} forms. A row is an encoding class of the manual (DDI 0487 C4.1); a form is one behaviour of it, and comes twice where
its base register may be SP. An instruction that is not advertised is UNDEFINED on that CPU model.

${chapters.join('\n')}`);
