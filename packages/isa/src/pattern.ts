/** Encoding patterns: `"sf:1 op:1 100010 Rn:5 Rd:5 …"`, most significant bit first, 32 bits in all. */
import { invariant } from '@hypnos/base';

type Trim<S extends string> = S extends ` ${infer R}` ? Trim<R> : S extends `${infer R} ` ? Trim<R> : S;
type FieldIn<Token extends string> = Token extends `${infer Name}:${number}` ? Name : never;

/** The field names spelled inside a pattern, read by the type checker itself. */
export type FieldName<P extends string> =
  Trim<P> extends `${infer Head} ${infer Rest}` ? FieldIn<Head> | FieldName<Rest> : FieldIn<Trim<P>>;

export type Fields<P extends string = string> = Readonly<Record<FieldName<P>, number>>;
export type AnyFields = Readonly<Record<string, number>>;

export interface PatternField { readonly name: string; readonly low: number; readonly width: number }

export interface Pattern {
  /** Bits the pattern fixes, and the values it fixes them to. */
  readonly mask: number;
  readonly match: number;
  readonly fields: readonly PatternField[];
}

/** `width` ones, for widths below 32. */
const low = (width: number) => (1 << width) - 1;

/** Each start of a machine reads every row's pattern, before V8 has optimised anything: hence no regular expressions. */
export function parsePattern(text: string): Pattern {
  let mask = 0, match = 0, at = 32;
  const fields: PatternField[] = [];
  for (const token of text.split(' ')) {
    if (token === '') continue;
    const colon = token.indexOf(':'), width = colon < 0 ? token.length : Number(token.slice(colon + 1));
    at -= width;
    invariant(at >= 0, `pattern is longer than 32 bits: ${text}`);
    if (colon > 0) { fields.push({ name: token.slice(0, colon), low: at, width }); continue; }
    const value = Number(`0b${token}`);
    invariant(!Number.isNaN(value), `pattern has a stray token: ${token}`);
    mask |= low(width) << at;
    match |= value << at;
  }
  invariant(at === 0, `pattern is ${32 - at} bits, not 32: ${text}`);
  return { mask: mask >>> 0, match: match >>> 0, fields };
}

export function extractFields(p: Pattern, word: number): Record<string, number> {
  const out: Record<string, number> = {};
  for (const f of p.fields) out[f.name] = (word >>> f.low) & low(f.width);
  return out;
}

/** The word with these fields; a field left out is zero. */
export function insertFields(p: Pattern, values: AnyFields): number {
  let word = p.match;
  for (const f of p.fields) word |= ((values[f.name] ?? 0) & low(f.width)) << f.low;
  return word >>> 0;
}
