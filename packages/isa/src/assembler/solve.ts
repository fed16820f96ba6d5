/**
 * From a text to a word by solving for the fields. Nothing here knows an instruction: which field shows where, and with
 * what weight, is found by changing the fields of a sample and reading the text again; the answer is checked the same way.
 */
import type { Decoded } from '../decode.ts';
import { formNumber } from '../forms.ts';
import type { PatternField } from '../pattern.ts';
import { isIgnored, isRegisterField } from '../sampling.ts';
import { read, written } from './catalogue.ts';
import { sameSlot, type Skeleton, type Slot } from './tokens.ts';

type FieldValues = Record<string, number>;

/** Register fields that are always the same (aliases such as CINC tie two), and the slot that shows them. */
interface RegisterUnit { readonly fields: readonly string[]; readonly slot: number }
/** One bit of a field and what setting it adds to a slot. */
interface BitUnit { readonly field: string; readonly bit: number; readonly slot: number; readonly weight: bigint }

interface Knowledge {
  readonly registers: readonly RegisterUnit[];
  readonly bits: readonly BitUnit[];
  /** Fields that show as numbers, if there are few enough bits of them to try every value. */
  readonly enumerable: readonly PatternField[];
  table?: Map<string, FieldValues>;
  /** Otherwise the short ones among them (such as MOVZ's shift), and the sample with each of their values. */
  readonly short: readonly PatternField[];
  variants?: readonly Decoded[];
}

const ENUMERABLE_BITS = 13, SHORT_BITS = 2;

const look = (sample: Decoded, change: FieldValues): Skeleton | null => {
  const decoded = read(sample.row, { ...sample.fields, ...change });
  return decoded && written(decoded);
};

function registerUnit(sample: Decoded, text: Skeleton, name: string, taken: ReadonlySet<string>): RegisterUnit | null {
  const value = sample.fields[name]!;
  const registers = sample.row.pattern.fields.filter(isRegisterField).map(f => f.name);
  const tied = registers.filter(other => sample.fields[other] === value && !taken.has(other));
  const used = new Set(registers.map(other => sample.fields[other]!));
  const probes = [4, 6, 8, 10, 12, 14].filter(n => !used.has(n));
  for (const fields of [[name], tied]) {
    for (const probe of probes) {
      const seen = look(sample, Object.fromEntries(fields.map(f => [f, probe])));
      if (seen?.text !== text.text) continue;
      const slot = seen.slots.findIndex((s, i) => s.name !== null && s.value === BigInt(probe) && text.slots[i]!.value === BigInt(value));
      if (slot >= 0) return { fields, slot };
    }
  }
  return null;
}

/** What setting one bit adds to each slot, seen on the sample or, where that is written as something else, near it. */
function bitUnits(sample: Decoded, text: Skeleton, field: PatternField, bit: number): BitUnit[] {
  const value = sample.fields[field.name]!;
  for (const near of [0, 2 ** ((bit + 1) % field.width), 2 ** ((bit + 2) % field.width)]) {
    const clear = (value ^ near) & ~(2 ** bit), set = clear | (2 ** bit);
    const without = look(sample, { [field.name]: clear >>> 0 }), within = look(sample, { [field.name]: set >>> 0 });
    if (without?.text !== text.text || within?.text !== text.text) continue;
    return within.slots.flatMap(({ value: now }, slot) => {
      const before = without.slots[slot]!.value;
      if (now === before || typeof now === 'number' || typeof before === 'number') return [];
      return [{ field: field.name, bit, slot, weight: BigInt.asUintN(64, now - before) }];
    });
  }
  return [];
}

function learn(sample: Decoded): Knowledge {
  const text = written(sample), { fields } = sample.row.pattern;
  const taken = new Set<string>(), registers: RegisterUnit[] = [];
  for (const { name } of fields.filter(isRegisterField)) {
    if (taken.has(name)) continue;
    const unit = registerUnit(sample, text, name, taken);
    if (!unit) continue;
    registers.push(unit);
    for (const field of unit.fields) taken.add(field);
  }
  const others = fields.filter(f => !isRegisterField(f) && !isIgnored(f));
  const bits = others.flatMap(f => Array.from({ length: f.width }, (_, bit) => bitUnits(sample, text, f, bit)).flat());
  const variable = others.filter(f => !sample.row.form.includes(f.name) || bits.some(b => b.field === f.name));
  const total = variable.reduce((sum, f) => sum + f.width, 0), few = total > 0 && total <= ENUMERABLE_BITS;
  const short = few ? [] : variable.filter(f => f.width <= SHORT_BITS);
  // What a short field adds may depend on the others (MOVZ's shift), so it is tried rather than solved for.
  return { registers, bits: bits.filter(b => !short.some(f => f.name === b.field)), enumerable: few ? variable : [], short };
}

const trailingZeros = (value: bigint): number => {
  let count = 0;
  for (let rest = value; rest && !(rest & 1n); rest >>= 1n) count++;
  return count;
};

/** Sets bits, lowest weight first, until each slot shows what is asked; null if that cannot be. */
function solveBits(start: FieldValues, shown: readonly Slot[], asked: readonly Slot[], units: readonly BitUnit[], narrow: boolean): FieldValues | null {
  const fields = { ...start };
  for (const [slot, { value, name }] of asked.entries()) {
    const mine = units.filter(u => u.slot === slot).sort((a, b) => trailingZeros(a.weight) - trailingZeros(b.weight));
    if (mine.length === 0 || typeof value === 'number' || typeof shown[slot]!.value === 'number') continue;
    let base = shown[slot]!.value as bigint;
    for (const { field, bit, weight } of mine) {
      if ((fields[field]! >>> bit) & 1) base -= weight;
      fields[field] = (fields[field]! & ~(2 ** bit)) >>> 0;
    }
    const wanted = narrow && name === null ? BigInt.asIntN(32, value) : value;
    let rest = BigInt.asUintN(64, wanted - base);
    for (const { field, bit, weight } of mine) {
      if (rest === 0n || trailingZeros(rest) !== trailingZeros(weight)) continue;
      rest = BigInt.asUintN(64, rest - weight);
      fields[field] = (fields[field]! | (2 ** bit)) >>> 0;
    }
    if (rest !== 0n) return null;
  }
  return fields;
}

function* combinations(fields: readonly PatternField[]): Generator<FieldValues> {
  const count = 2 ** fields.reduce((sum, f) => sum + f.width, 0);
  for (let i = 0; i < count; i++) {
    const values: FieldValues = {};
    let rest = i;
    for (const { name, width } of fields) {
      values[name] = rest % 2 ** width;
      rest = Math.floor(rest / 2 ** width);
    }
    yield values;
  }
}

const numbersOf = (slots: readonly Slot[], narrow: boolean) => slots.filter(s => s.name === null)
  .map(({ value }) => (typeof value === 'number' ? value : BigInt.asIntN(narrow ? 32 : 64, value))).join(' ');

/** All values of the small fields by the numbers they show. */
function tableOf(sample: Decoded, knowledge: Knowledge, text: string, narrow: boolean): Map<string, FieldValues> {
  if (knowledge.table) return knowledge.table;
  const table = new Map<string, FieldValues>();
  for (const values of combinations(knowledge.enumerable)) {
    const seen = look(sample, values);
    if (seen?.text !== text) continue;
    const key = numbersOf(seen.slots, narrow);
    if (!table.has(key)) table.set(key, values);
  }
  return (knowledge.table = table);
}

const learned = new WeakMap<Decoded, Knowledge>();

function knowledgeOf(sample: Decoded): Knowledge {
  let knowledge = learned.get(sample);
  if (!knowledge) learned.set(sample, knowledge = learn(sample));
  return knowledge;
}

const isNarrow = (asked: Skeleton) => asked.slots.some(s => s.name?.startsWith('w'));

/** The word of these fields if it is written as asked. */
function checked(sample: Decoded, fields: FieldValues, asked: Skeleton): number | null {
  const decoded = read(sample.row, fields), seen = decoded && written(decoded), narrow = isNarrow(asked);
  return seen && seen.text === asked.text && seen.slots.every((s, i) => sameSlot(s, asked.slots[i]!, narrow)) ? decoded.word : null;
}

/** Bits that change nothing in the text are cleared, for some values have several encodings and zero is the customary one. */
function customary(sample: Decoded, fields: FieldValues, asked: Skeleton): number | null {
  let word = checked(sample, fields, asked);
  if (word === null) return null;
  for (const { name, width } of sample.row.pattern.fields.filter(f => !isRegisterField(f) && !isIgnored(f))) {
    for (let bit = width - 1; bit >= 0; bit--) {
      const cleared = fields[name]! & ~(2 ** bit);
      const other = cleared === fields[name] ? null : checked(sample, { ...fields, [name]: cleared >>> 0 }, asked);
      if (other === null) continue;
      fields[name] = cleared >>> 0;
      word = other;
    }
  }
  return word;
}

function withRegisters(sample: Decoded, asked: Skeleton): FieldValues {
  const fields: FieldValues = { ...sample.fields };
  for (const { fields: names, slot } of knowledgeOf(sample).registers) for (const name of names) fields[name] = Number(asked.slots[slot]!.value);
  return fields;
}

function solveDirectly(sample: Decoded, asked: Skeleton): number | null {
  const solved = solveBits(withRegisters(sample, asked), written(sample).slots, asked.slots, knowledgeOf(sample).bits, isNarrow(asked));
  return solved && customary(sample, solved, asked);
}

/** The same sample with every value of the short fields that leaves its skeleton. */
function variantsOf(sample: Decoded): readonly Decoded[] {
  const knowledge = knowledgeOf(sample), { text } = written(sample);
  return (knowledge.variants ??= knowledge.short.length === 0 ? [] : [...combinations(knowledge.short)]
    .map(values => read(sample.row, { ...sample.fields, ...values })).filter(v => v !== null && written(v).text === text) as Decoded[]);
}

function solveByTable(sample: Decoded, asked: Skeleton): number | null {
  const knowledge = knowledgeOf(sample);
  if (knowledge.enumerable.length === 0) return null;
  const values = tableOf(sample, knowledge, asked.text, isNarrow(asked)).get(numbersOf(asked.slots, isNarrow(asked)));
  return values ? customary(sample, { ...withRegisters(sample, asked), ...values }, asked) : null;
}

/** The word that is written as asked, starting from a row's samples with the same skeleton; null if the row has none. */
export function solve(samples: readonly Decoded[], asked: Skeleton): number | null {
  for (const sample of samples) {
    const word = solveDirectly(sample, asked);
    if (word !== null) return word;
  }
  const tried = new Set<number>();
  for (const sample of samples) {
    for (const variant of variantsOf(sample)) {
      const word = solveDirectly(variant, asked);
      if (word !== null) return word;
    }
    const form = formNumber(sample) >> 1;
    if (tried.has(form)) continue;
    tried.add(form);
    const word = solveByTable(sample, asked);
    if (word !== null) return word;
  }
  return null;
}
