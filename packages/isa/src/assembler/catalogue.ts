/** Every way rows are written: skeletons of their texts, each with sample encodings to start solving from. */
import { type Decoded, decodeAs, encode } from '../decode.ts';
import { disassemble } from '../disassemble.ts';
import { FEATURES } from '../features.ts';
import { formNumber } from '../forms.ts';
import type { Row } from '../instruction.ts';
import type { AnyFields } from '../pattern.ts';
import { isRegisterField, sampleFields } from '../sampling.ts';
import { owns } from '../shadows.ts';
import { type Skeleton, skeletonOf } from './tokens.ts';

const ALL = new Set(FEATURES);

export function read(row: Row, fields: AnyFields): Decoded | null {
  const word = encode(row, fields);
  return owns(row, word) ? decodeAs(row, word, ALL) : null;
}
export const written = (decoded: Decoded): Skeleton => skeletonOf(disassemble(decoded));

const SAMPLES = 2, LOOKS = 4, DRAWS = 800;

/** Fewer registers that are 31 or equal to another make a sample that says more about which field is which. */
function plainness({ fields }: Decoded): number {
  const registers = Object.entries(fields).filter(([name]) => name.startsWith('R')).map(([, value]) => value);
  return new Set(registers).size - registers.length - registers.filter(value => value === 31).length;
}

const plainestFirst = (samples: readonly Decoded[]): readonly Decoded[] =>
  samples.map(sample => ({ sample, plainness: plainness(sample) })).sort((a, b) => b.plainness - a.plainness).map(({ sample }) => sample);

/** Enough to meet each pattern of registers in each form, and more where there are few forms. */
function drawsFor(row: Row): number {
  if (row.sparse) return 4;
  const formBits = row.pattern.fields.reduce((sum, f) => sum + (row.form.includes(f.name) ? f.width : 0), 0);
  return Math.max(4 * 3 ** Math.min(3, row.pattern.fields.filter(isRegisterField).length), Math.ceil(DRAWS / 2 ** formBits));
}

/** The shapes of one row: samples by skeleton, the plainest first, of each form. */
function shapesOf(row: Row): ReadonlyMap<string, readonly Decoded[]> {
  const byTemplate = new Map<string, Decoded[]>();
  for (const fields of sampleFields(row, drawsFor(row))) {
    const sample = read(row, fields);
    if (!sample) continue;
    // Texts that differ in digits only are the same shape; looking closer at each of them would take most of the time.
    const named = row.sparse ? disassemble(sample).replace(/\bx\w+/, '') : '';
    const ends = Object.entries(fields).map(([name, value]) => (name.startsWith('R') && value === 31 ? name : '')).join('');
    const template = `${formNumber(sample) >> 1} ${named} ${ends} ${row.asm(sample.fields, sample.operands).replace(/\d+/g, '#')}`;
    const group = byTemplate.get(template);
    if (!group) byTemplate.set(template, [sample]);
    else if (group.length < LOOKS) group.push(sample);
  }
  const shapes = new Map<string, Decoded[]>();
  for (const group of byTemplate.values()) {
    const counts = new Map<string, number>();
    for (const sample of plainestFirst(group)) {
      const { text } = written(sample), count = counts.get(text) ?? 0;
      if (count === SAMPLES) continue;
      counts.set(text, count + 1);
      const shape = shapes.get(text);
      if (shape) shape.push(sample);
      else shapes.set(text, [sample]);
    }
  }
  return new Map([...shapes].map(([text, shape]) => [text, plainestFirst(shape)]));
}

const known = new WeakMap<Row, ReadonlyMap<string, readonly Decoded[]>>();

/** Sample encodings of the row that are written with this skeleton. */
export function samplesOf(row: Row, skeleton: string): readonly Decoded[] {
  let shapes = known.get(row);
  if (!shapes) known.set(row, shapes = shapesOf(row));
  return shapes.get(skeleton) ?? [];
}

const MNEMONIC_DRAWS = 36;

/** Rows by the mnemonics they are written with, aliases among them. */
export function rowsByMnemonic(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> {
  const found = new Map<string, Row[]>();
  for (const row of rows) {
    const mnemonics = new Set<string>();
    for (const fields of sampleFields(row, row.sparse ? 1 : MNEMONIC_DRAWS)) {
      const operands = row.operands(fields);
      if (operands) mnemonics.add(/^\S+/.exec(row.asm(fields, operands))![0]);
    }
    for (const mnemonic of mnemonics) found.set(mnemonic, [...(found.get(mnemonic) ?? []), row]);
  }
  return found;
}
