/**
 * Encodings of a row, chosen to meet every form and every way it is written: form fields exhaustively, small fields
 * value by value, registers often 31 or equal to each other, the rest at their extremes and at random from a fixed seed.
 */
import type { Row } from './instruction.ts';
import type { AnyFields, PatternField } from './pattern.ts';

/** Xorshift: the same row gives the same samples for ever. */
export function randomFrom(seed: number): (below: number) => number {
  let s = (seed ^ 0x9e3779b9) | 0 || 1;
  return below => {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    return (s >>> 0) % below;
  };
}

/** Fields so named should be all ones; they change nothing. */
const shouldBeOne = (name: string) => name.startsWith('sbo');
const isRegister = ({ name, width }: PatternField) => width === 5 && name.startsWith('R');
const EXHAUSTIVE_BITS = 12, SWEPT_BITS = 7, DRAWS = 16;

type Random = (below: number) => number;

function draw(field: PatternField, others: Record<string, number>, random: Random): number {
  const size = 2 ** field.width;
  if (shouldBeOne(field.name)) return size - 1;
  if (isRegister(field)) {
    const earlier = Object.keys(others).filter(name => name.startsWith('R'));
    const choice = random(8);
    if (choice < 2) return 31;
    if (choice === 2 && earlier.length) return others[earlier[random(earlier.length)]!]!;
    return random(31);
  }
  if (field.width <= 4) return random(size);
  return [0, size - 1, 1, size >> 1, (size >> 1) - 1][random(12)] ?? random(size);
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

function complete(row: Row, fixed: AnyFields, random: Random): Record<string, number> {
  const values: Record<string, number> = { ...fixed };
  for (const field of row.pattern.fields) if (!(field.name in values)) values[field.name] = draw(field, values, random);
  return values;
}

/** The base register forced to be SP or not, so that both kinds are met. */
function baseOf(row: Row, sp: boolean, random: Random): AnyFields {
  return row.pattern.fields.some(f => f.name === 'Rn') ? { Rn: sp ? 31 : random(31) } : {};
}

/** Encodings of the row by their fields, some of them unallocated. `draws` is how many are tried for each form. */
export function* sampleFields(row: Row, draws = DRAWS): Generator<AnyFields> {
  const random = randomFrom(row.pattern.match);
  const inForm = row.pattern.fields.filter(f => row.form.includes(f.name));
  const swept = row.pattern.fields.filter(f => !inForm.includes(f) && !isRegister(f) && !shouldBeOne(f.name) && f.width <= SWEPT_BITS);
  for (const place of row.sparse ?? [{}]) {
    for (const form of product(inForm.filter(f => !(f.name in place)), random)) {
      const fixed = { ...place, ...form };
      for (let i = 0; i < draws; i++) yield complete(row, i > 1 ? fixed : { ...fixed, ...baseOf(row, i === 0, random) }, random);
      for (const { name, width } of swept) {
        if (name in fixed) continue;
        for (let value = 0; value < 2 ** width; value++) yield complete(row, { ...fixed, [name]: value }, random);
      }
    }
  }
}
