/**
 * Encodings of a row, chosen to meet every form and every way it is written: form fields exhaustively, small fields
 * value by value, registers 31, equal or different in every pattern, the rest at their extremes and at random from a fixed seed.
 */
import type { Row } from './instruction.ts';
import type { AnyFields, PatternField } from './pattern.ts';

export type Random = (below: number) => number;

/** Xorshift: the same row gives the same samples for ever. */
export function randomFrom(seed: number): Random {
  let s = (seed ^ 0x9e3779b9) | 0 || 1;
  return below => {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    return (s >>> 0) % below;
  };
}

/** Fields so named should be all ones; they change nothing. */
export const isIgnored = (field: PatternField): boolean => field.name.startsWith('sbo');
export const isRegisterField = (field: PatternField): boolean => field.width === 5 && field.name.startsWith('R');

const EXHAUSTIVE_BITS = 12, SWEPT_BITS = 7, DRAWS = 16;
/** Small fields outside the form are tried together up to this many bits, since what a row derives may depend on several. */
const JOINT_BITS = 8;

function drawNumber(field: PatternField, others: Readonly<Record<string, number>>, random: Random): number {
  const size = 2 ** field.width;
  if (isIgnored(field)) return size - 1;
  // Aliases tie fields of one width: LSL is UBFM with imms one less than immr.
  const partner = random(8) === 0 ? Object.entries(others).findLast(([name, value]) => !name.startsWith('R') && value > 0 && value < size) : undefined;
  if (partner) return partner[1] - random(2);
  if (field.width <= 4) return random(size);
  return [0, size - 1, 1, size >> 1, (size >> 1) - 1][random(12)] ?? random(size);
}

/** The registers by a pattern in base 3, a digit for each: 0 any below 31, 1 is 31, 2 the same as the one before. */
function* registers(fields: readonly PatternField[], pattern: number, random: Random): Generator<readonly [string, number]> {
  let before = random(31), rest = pattern;
  for (const { name } of fields) {
    const value = rest % 3 === 0 ? random(31) : rest % 3 === 1 ? 31 : before;
    yield [name, value];
    before = value;
    rest = Math.floor(rest / 3);
  }
}

function* product(fields: readonly PatternField[], random: Random): Generator<Record<string, number>> {
  const total = fields.reduce((sum, f) => sum + f.width, 0);
  const count = 2 ** Math.min(total, EXHAUSTIVE_BITS);
  for (let i = 0; i < count; i++) {
    const values: Record<string, number> = {};
    let rest = total > EXHAUSTIVE_BITS ? random(2 ** total) : i;
    for (const { name, width } of fields) {
      values[name] = rest % 2 ** width;
      rest = Math.floor(rest / 2 ** width);
    }
    yield values;
  }
}

/** The base register forced to be SP first and another one then, so that both kinds are met. */
const baseOf = (row: Row, i: number, random: Random): AnyFields =>
  i < 2 && row.pattern.fields.some(f => f.name === 'Rn') ? { Rn: i === 0 ? 31 : random(31) } : {};

/** Encodings of the row by their fields, some of them unallocated. At least `draws` are tried for each form. */
export function* sampleFields(row: Row, draws = DRAWS): Generator<AnyFields> {
  const random = randomFrom(row.pattern.match), { fields } = row.pattern;
  const registerFields = fields.filter(isRegisterField), patterns = 3 ** registerFields.length;
  const numberFields = fields.filter(f => !isRegisterField(f));
  const inForm = numberFields.filter(f => row.form.includes(f.name));
  const swept = numberFields.filter(f => !inForm.includes(f) && !isIgnored(f) && f.width <= SWEPT_BITS);

  const complete = (fixed: AnyFields, pattern: number, plain: boolean): AnyFields => {
    const values: Record<string, number> = { ...Object.fromEntries(registers(registerFields, pattern, random)), ...fixed };
    for (const field of numberFields) if (!(field.name in values)) {
      values[field.name] = plain && !isIgnored(field) && field.width > 1 ? 0 : drawNumber(field, values, random);
    }
    return values;
  };
  for (const place of row.sparse ?? [{}]) {
    for (const form of product(inForm.filter(f => !(f.name in place)), random)) {
      const fixed = { ...place, ...form };
      // Every fourth has zeroes for numbers, which is where plain moves and the like are.
      for (let i = 0; i < draws; i++) yield complete({ ...fixed, ...baseOf(row, i, random) }, i % patterns, i % 4 === 3);
      const together = swept.filter(f => !(f.name in fixed));
      if (together.length > 1 && together.reduce((sum, f) => sum + f.width, 0) <= JOINT_BITS) {
        for (const values of product(together, random)) yield complete({ ...fixed, ...values }, 0, false);
      }
      for (const { name, width } of swept) {
        if (name in fixed) continue;
        for (let value = 0; value < 2 ** width; value++) {
          yield complete({ ...fixed, [name]: value }, random(4) ? 0 : random(patterns), false);
          yield complete({ ...fixed, [name]: value }, 0, true);
        }
      }
    }
  }
}
