/** Forms: the finitely many behaviours of a row, each with the kinds of its operands and a sample encoding. */
import { type Decoded, decodeAs, encode } from './decode.ts';
import { FEATURES } from './features.ts';
import type { Row } from './instruction.ts';
import type { Operand } from './operands.ts';
import type { AnyFields } from './pattern.ts';
import { sampleFields } from './sampling.ts';
import { owns } from './shadows.ts';

export interface Form {
  readonly row: Row;
  readonly form: AnyFields;
  /** Operand names in order, each with its kind, such as `x` or `w` for registers, `base`, `spbase`, `imm16`, `label`. */
  readonly kinds: readonly (readonly [name: string, kind: string])[];
  /** The same number as `formNumber` gives for every encoding of this form. */
  readonly number: number;
  readonly sample: Decoded;
}

export function operandKind(operand: Operand): string {
  switch (operand.kind) {
    case 'reg': return operand.width === 64 ? 'x' : 'w';
    case 'imm': return `imm${operand.cell}`;
    default: return operand.kind;
  }
}

/** Form values stay below this, so that a form is one number. */
const RADIX = 128;

/** A number that tells a word's form (and whether its base is SP) from the others of its row; cheap enough for every decode. */
export function formNumber({ form, operands }: Decoded): number {
  let number = 0;
  for (const name in form) number = number * RADIX + form[name]!;
  for (const name in operands) if (operands[name]!.kind === 'spbase') return number * 2 + 1;
  return number * 2;
}

const ALL = new Set(FEATURES);
const found = new WeakMap<Row, readonly Form[]>();

/** Every form of the row, in a fixed order. A form with a base register comes twice, for SP and for the others. */
export function formsOf(row: Row): readonly Form[] {
  const known = found.get(row);
  if (known) return known;
  const forms = new Map<number, Form>();
  for (const fields of sampleFields(row)) {
    const word = encode(row, fields), sample = owns(row, word) ? decodeAs(row, word, ALL) : null;
    if (!sample) continue;
    const number = formNumber(sample);
    if (forms.has(number)) continue;
    const kinds = Object.entries(sample.operands).map(([name, operand]) => [name, operandKind(operand)] as const);
    forms.set(number, { row, form: sample.form, kinds, number, sample });
  }
  const list = [...forms.values()].sort((a, b) => a.number - b.number);
  found.set(row, list);
  return list;
}
