/** The fewest operations with which a history still fails in the same way: what is left of it is what went wrong. */
import type { HistoryPlan } from './history.ts';
import { runHistory } from './run.ts';

/** A fault without its particulars. */
export const kindOf = (fault: string): string => fault.replace(/^.*? ms: /, '').replace(/alpha|beta|\d+(\.\d+)?/g, '…');

export async function shrink(plan: HistoryPlan): Promise<HistoryPlan> {
  const kinds = async (tried: HistoryPlan): Promise<readonly string[]> => (await runHistory(tried)).map(kindOf),
    [wanted] = await kinds(plan);
  let least = plan;
  for (let size = Math.ceil(plan.operations.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < least.operations.length; ) {
      const without = { ...least, operations: least.operations.toSpliced(from, size) };
      if ((await kinds(without)).includes(wanted!)) least = without;
      else from += size;
    }
  }
  return least;
}
