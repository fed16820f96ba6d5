/** Which words a row owns: those that no more specific row takes from it. */
import { A64 } from './a64/index.ts';
import type { Row } from './instruction.ts';
import type { Pattern } from './pattern.ts';

const claims = ({ match, mask }: Pattern, word: number) => ((word ^ match) & mask) === 0;

/** Whether `special` fixes all that `general` fixes, to the same values, and more. */
const within = (special: Pattern, general: Pattern) =>
  claims(general, special.match) && (special.mask & general.mask) === (general.mask | 0) && special.mask !== general.mask;

const known = new WeakMap<Row, readonly Pattern[]>();

/** Whether the decoder reads a word, which matches the row's pattern, as this row. */
export function owns(row: Row, word: number): boolean {
  let shadows = known.get(row);
  if (!shadows) known.set(row, shadows = A64.map(other => other.pattern).filter(other => within(other, row.pattern)));
  return !shadows.some(pattern => claims(pattern, word));
}
