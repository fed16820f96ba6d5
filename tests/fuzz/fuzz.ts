/** One fuzz run: cases drawn from rows, run on every engine, compared with the first. */
import { A64 } from '@hypnos/isa';
import { differences, report } from './compare.ts';
import { NOT_ON_QEMU, QEMU_DIFFERS } from './exclusions.ts';
import { drawCases, type Drawn } from './generate.ts';
import { CODE, type Driver, type Outcome } from './records.ts';

export interface FuzzPlan {
  readonly seed: number;
  readonly count: number;
  readonly rows?: RegExp;
  readonly drivers: readonly Driver[];
}

export interface FuzzResult {
  readonly ran: number;
  /** Cases by exclusion reason. */
  readonly excluded: ReadonlyMap<string, number>;
  readonly differences: readonly string[];
  /** How many differences each row has. */
  readonly byRow: ReadonlyMap<string, number>;
}

const CHUNK = 5000;

export function fuzz({ seed, count, rows, drivers }: FuzzPlan): FuzzResult {
  const [judge, ...others] = drivers;
  const chosen = A64.filter(row => !rows || rows.test(row.name));
  const result = { ran: 0, excluded: new Map<string, number>(), differences: [] as string[], byRow: new Map<string, number>() };
  let chunk: Drawn[] = [];
  const flush = () => {
    const expected = judge!.run(chunk);
    for (const driver of others) compareWith(driver, expected);
    result.ran += chunk.length;
    chunk = [];
  };
  function compareWith(driver: Driver, expected: readonly Outcome[]): void {
    const indices = chunk.map((_, i) => i).filter(i => driver.name !== 'qemu' || !excludedFromQemu(chunk[i]!, expected[i]!));
    const outcomes = driver.run(indices.map(i => chunk[i]!));
    indices.forEach((i, at) => {
      const found = differences(expected[i]!, outcomes[at]!, driver.name !== 'qemu');
      if (found.length === 0) return;
      const { name } = chunk[i]!.decoded.row;
      result.byRow.set(name, (result.byRow.get(name) ?? 0) + 1);
      result.differences.push(report(seed, chunk[i]!, [judge!.name, driver.name], [expected[i]!, outcomes[at]!], found));
    });
  }
  function excludedFromQemu(c: Drawn, expected: Outcome): boolean {
    const reason =
      expected.end === 'done' && expected.pc === CODE
        ? 'a branch to itself would not come back'
        : (NOT_ON_QEMU.find(x => x.applies(c)) ?? QEMU_DIFFERS.find(x => x.when(expected) && x.applies(c)))?.reason;
    if (reason) result.excluded.set(reason, (result.excluded.get(reason) ?? 0) + 1);
    return reason !== undefined;
  }
  for (const c of drawCases(seed, count, A64, chosen)) if (chunk.push(c) === CHUNK) flush();
  if (chunk.length) flush();
  return result;
}
