/** Draws encodings form by form, so that a long enough run meets every form of every row. */
import { A64, type Decoded, decoder, encode, FEATURES, type Form, formNumber, formsOf, type Row } from '@hypnos/isa';
import { pick, type Random } from './random.ts';

const ALL = new Set(FEATURES);
export const decode: (word: number) => Decoded | null = decoder(A64, ALL);

/** All forms, in a fixed order; a form's place is its number in reports. */
export const FORMS: readonly Form[] = A64.flatMap(row => formsOf(row));
const places = new Map<Row, Map<number, number>>();
FORMS.forEach((form, i) => {
  const known = places.get(form.row) ?? new Map<number, number>();
  places.set(form.row, known.set(form.number, i));
});
/** The place of a decoded word's form in FORMS. */
export const placeOf = (decoded: Decoded): number => places.get(decoded.row)!.get(formNumber(decoded))!;

const EVERY_REGISTER: readonly number[] = Array.from({ length: 32 }, (_, i) => i);
const TRIES = 20;

const isRegister = ({ name, width }: { readonly name: string; readonly width: number }): boolean => width === 5 && name.startsWith('R');

/** Random values for what is not in the form. What the form derives is kept more often the longer it takes to find it. */
function fieldsFor(random: Random, { row, kinds, sample }: Form, registers: readonly number[], kept: number): Record<string, number> {
  const fields: Record<string, number> = { ...sample.fields }, onStack = kinds.some(([, kind]) => kind === 'spbase');
  let before = pick(random, registers);
  for (const field of row.pattern.fields) {
    const { name, width } = field, size = 2 ** width;
    if (row.form.includes(name) || name.startsWith('sbo')) continue;
    if (name === 'Rn' && onStack) fields[name] = 31;
    else if (isRegister(field)) fields[name] = before = random(8) ? pick(random, registers) : before;
    else if (random(20) >= kept) fields[name] = width > 4 && random(6) === 0 ? pick(random, [0, size - 1, size >> 1, 1]) : random(size);
  }
  return fields;
}

/** An encoding of this form, its other fields at random and its registers among `registers`; null when none was found. */
export function draw(random: Random, form: Form, registers: readonly number[] = EVERY_REGISTER): Decoded | null {
  for (let tries = 0; tries < TRIES; tries++) {
    const found = decode(encode(form.row, fieldsFor(random, form, registers, 4 + tries)));
    if (found && found.row === form.row && formNumber(found) === form.number) return found;
  }
  return null;
}

const common = (a: number, b: number): number => (b === 0 ? a : common(b, a % b));

/** Goes through `forms` again and again, in an order of strides, from a random place. */
export function* formByForm(random: Random, forms: readonly Form[]): Generator<Form, never> {
  // A stride that shares no factor with the number of forms visits all of them.
  let stride = Math.floor(forms.length * 0.618) | 1, at = random(forms.length);
  while (common(stride, forms.length) !== 1) stride += 2;
  for (;; at = (at + stride) % forms.length) yield forms[at]!;
}
