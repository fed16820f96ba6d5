/** Text for people: columns, times and durations. What guests and stores say is shown without what a terminal would obey. */

const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

/** Control characters (C0, DEL, C1) and what turns the direction of writing are shown as a question mark. */
export const printable = (text: string): string => text.replace(/[\0-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '?');

/** Lines to standard output; a reader that has gone wants no more. */
export function print(lines: readonly string[]): void {
  process.stdout.on('error', () => {});
  process.stdout.write(lines.map(line => `${printable(line)}\n`).join(''));
}

/** One JSON document to standard output. */
export function printJson(value: unknown): void {
  process.stdout.on('error', () => {});
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Rows with their columns aligned, two spaces apart. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const shown = rows.map(row => row.map(printable)), widths = shown[0]?.map((_, column) => Math.max(...shown.map(row => row[column]!.length))) ?? [];
  return shown.map(row => row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ').trimEnd());
}

/** Names with what they have, aligned. */
export const properties = (pairs: readonly (readonly [name: string, value: string] | null)[]): readonly string[] =>
  table(pairs.filter(pair => pair !== null).map(([name, value]) => [`${name}:`, value]));

/** `3 s`, `5 min`, `2 h`, `4 d`: the largest unit that is whole once. */
export function durationText(milliseconds: number): string {
  for (const [unit, size] of [['d', DAY], ['h', HOUR], ['min', MINUTE]] as const) if (milliseconds >= size) return `${Math.floor(milliseconds / size)} ${unit}`;
  return `${Math.max(0, Math.floor(milliseconds / SECOND))} s`;
}

/** How far a time is from now: `5 min ago`, `in 2 h`. */
export const distanceText = (at: number, now: number): string => (at > now ? `in ${durationText(at - now)}` : `${durationText(now - at)} ago`);

/** A time of the ledger as JSON has it; times that no calendar has are null. */
export const isoTime = (at: number | null): string | null => (at === null || Math.abs(at) > 8.64e15 ? null : new Date(at).toISOString());

/** A time to the second, UTC, and how far it is. */
export const timeText = (at: number, now: number): string => `${isoTime(at)?.replace(/\.\d+/, '') ?? 'at no time'} (${distanceText(at, now)})`;

/** `3 packs`, `1 pack`. */
export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
