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

/** Hands each fixed bit and each field of a pattern to whoever asks for them. */
function scan(text: string, fixed: ((at: number, bit: number) => void) | null, field: ((found: PatternField) => void) | null): void {
  let at = 32;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === SPACE) continue;
    if (char === ZERO || char === ZERO + 1) {
      at--;
      fixed?.(at, char - ZERO);
      continue;
    }
    const space = text.indexOf(' ', i), end = space < 0 ? text.length : space, colon = text.indexOf(':', i), width = Number(text.slice(colon + 1, end));
    invariant(colon > i && colon < end && width > 0, `pattern has a stray token: ${text.slice(i, end)}`);
    at -= width;
    field?.({ name: text.slice(i, colon), low: at, width });
    i = end;
  }
  invariant(at === 0, `pattern is ${32 - at} bits, not 32: ${text}`);
}
const SPACE = 32, ZERO = 48;

/** Each start of a machine reads every row's pattern, before V8 has optimised anything; the fields of most it never asks for. */
export function parsePattern(text: string): Pattern {
  let mask = 0, match = 0, fields: PatternField[] | undefined;
  scan(text, (at, bit) => {
    mask |= 1 << at;
    match |= bit << at;
  }, null);
  return {
    mask: mask >>> 0, match: match >>> 0,
    get fields() {
      if (fields === undefined) scan(text, null, found => { (fields ??= []).push(found); });
      return (fields ??= []);
    },
  };
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
