/** JSON from somebody else: bounded, in ASCII, and every field looked at before it is used. */
import { check, refused } from './snapshot/refused.ts';
import { latin1 } from './text.ts';

export type JsonFields = Readonly<Record<string, unknown>>;

/** A value as JSON in ASCII. */
export function jsonBytes(value: unknown): Uint8Array<ArrayBuffer> {
  const text = JSON.stringify(value).replace(/[^ -~]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return Uint8Array.from(text, c => c.charCodeAt(0));
}

/** The fields of a JSON object of `most` bytes at most. */
export function readJson(bytes: Uint8Array, most: number, what: string): JsonFields {
  check(bytes.length <= most, what, `it is longer than ${most} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(latin1(bytes));
  } catch {
    throw refused(what, 'it is no JSON');
  }
  check(typeof value === 'object' && value !== null && !Array.isArray(value), what, 'it is no JSON object');
  return value as JsonFields;
}

/** A whole number from 0 on. */
export function wholeNumber(value: unknown, what: string, field: string): number {
  check(Number.isSafeInteger(value) && (value as number) >= 0, what, `its ${field} is no whole number`);
  return value as number;
}

/** Text of somebody else's, fit to be shown: nothing that moves a terminal's cursor, and no longer than `most`. What is no text is none. */
export const shownText = (value: unknown, most = 200): string =>
  typeof value === 'string' ? value.slice(0, most).replace(/\p{C}/gu, '\u00b7') : '';
