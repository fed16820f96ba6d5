/** From a word to a row with its fields and operands, and back (DDI 0487 C4.1 as one table). */
import type { Feature } from './features.ts';
import type { Row } from './instruction.ts';
import type { Operand } from './operands.ts';
import { type AnyFields, extractFields, insertFields } from './pattern.ts';

export interface Decoded {
  readonly row: Row;
  readonly word: number;
  readonly fields: AnyFields;
  /** The fields named in the row's `form`, and what it derives. */
  readonly form: AnyFields;
  readonly operands: Readonly<Record<string, Operand>>;
}

/** Bits 31..21 and 11..10 tell most encoding classes apart. */
const BUCKETS = 1 << 13;
const bucketOf = (word: number) => ((word >>> 21) << 2) | ((word >>> 10) & 3);

const ones = (word: number): number => {
  let count = 0;
  for (let rest = word >>> 0; rest; rest = (rest & (rest - 1)) >>> 0) count++;
  return count;
};
/** The rows that a bucket's words may be, most specific first. Worked out when the bucket is first met: a guest meets few, and a machine starts without. */
function bucketsOf(rows: readonly Row[]): (bucket: number) => readonly Row[] {
  const bySpecificity = rows.map(row => [ones(row.pattern.mask), row] as const).sort(([a], [b]) => b - a).map(([, row]) => row);
  const buckets: (readonly Row[] | undefined)[] = Array.from({ length: BUCKETS });
  return bucket => (buckets[bucket] ??= bySpecificity.filter(({ pattern }) => ((bucket ^ bucketOf(pattern.match)) & bucketOf(pattern.mask)) === 0));
}

const formOf = (row: Row, fields: AnyFields): AnyFields => {
  const form: Record<string, number> = {};
  for (const name of row.form) form[name] = fields[name]!;
  const derived = row.derived(fields);
  for (const name in derived) form[name] = derived[name]!;
  return form;
};

/** Whether a CPU with these features has the row. */
export const present = (row: { readonly needs?: readonly Feature[] }, features: ReadonlySet<Feature>): boolean =>
  (row.needs ?? []).every(feature => features.has(feature));

/** Reads a word as this row, which must match it; null where it is UNDEFINED. */
export function decodeAs(row: Row, word: number, features: ReadonlySet<Feature>): Decoded | null {
  const fields = extractFields(row.pattern, word);
  const operands = row.operands(fields);
  if (operands === null) return null;
  for (const name in operands) {
    const operand = operands[name]!;
    if (operand.kind === 'sysreg' && !present(operand.row, features)) return null;
  }
  return { row, word: word >>> 0, fields, form: formOf(row, fields), operands };
}

type Decode = (word: number) => Decoded | null;
const decoders = new WeakMap<readonly Row[], WeakMap<ReadonlySet<Feature>, Decode>>();

/** The decoder of a CPU with these features; it answers null for what is UNDEFINED there. Machines of one model have one. */
export function decoder(rows: readonly Row[], features: ReadonlySet<Feature>): Decode {
  const known = decoders.get(rows) ?? new WeakMap<ReadonlySet<Feature>, Decode>(), decode = known.get(features) ?? makeDecoder(rows, features);
  decoders.set(rows, known.set(features, decode));
  return decode;
}

function makeDecoder(rows: readonly Row[], features: ReadonlySet<Feature>): Decode {
  const candidates = bucketsOf(rows.filter(row => present(row, features)));
  return word => {
    for (const row of candidates(bucketOf(word))) {
      if (((word ^ row.pattern.match) & row.pattern.mask) === 0) return decodeAs(row, word, features);
    }
    return null;
  };
}

/** The word of a row with these fields; a field left out is zero. */
export const encode = (row: Row, fields: AnyFields): number => insertFields(row.pattern, fields);

/** Pairs of rows that both claim some word without one of them being the other's special case. */
export function ambiguities(rows: readonly Row[]): readonly (readonly [Row, Row])[] {
  const found: [Row, Row][] = [];
  for (const [i, a] of rows.entries()) {
    for (const b of rows.slice(i + 1)) {
      const common = a.pattern.mask & b.pattern.mask;
      if (((a.pattern.match ^ b.pattern.match) & common) !== 0) continue;
      const aInside = common === (b.pattern.mask | 0), bInside = common === (a.pattern.mask | 0);
      if (aInside === bInside) found.push([a, b]);
    }
  }
  return found;
}
