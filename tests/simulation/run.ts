/** Runs histories, one after the other. */
import { draw, History, type HistoryPlan } from './history.ts';

export interface Outcome {
  readonly figures: Readonly<Record<string, number>>;
  /** A text for each history with faults. */
  readonly failures: readonly string[];
}

const begun = Promise.resolve();
/** Lets promises run until none is left that can. What is given to `nextTick` while they run waits for that, and costs a tenth of a turn of the event loop. */
export const settled = (): Promise<void> => new Promise(resolve => { void begun.then(() => process.nextTick(resolve)); });
/** Lets others in this process do their work. */
const turn = (): Promise<void> => new Promise(resolve => { setImmediate(resolve); });

async function lived(history: History): Promise<readonly string[]> {
  while (history.step()) await settled();
  return history.judged();
}

/** One history, which may tell what happens in it; answers what is wrong. */
export async function runHistory(plan: HistoryPlan, tell?: (text: string) => void): Promise<readonly string[]> {
  const history = new History(plan);
  if (tell) history.world.truth.trace = tell;
  return lived(history);
}

/** Histories `first` to `first + count - 1` of a seed. */
export async function runHistories(seed: number, first: number, count: number): Promise<Outcome> {
  const figures: Record<string, number> = { histories: count }, failures: string[] = [], { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;                                // most are answers, and nobody reads on which line one was given
  for (let number = first; number < first + count; number++) {
    const history = new History(draw(seed, number)), faults = await lived(history);
    for (const [what, figure] of Object.entries(history.world.truth.figures)) figures[what] = (figures[what] ?? 0) + figure;
    if (faults.length > 0) failures.push(`history ${number} of seed ${seed}: ${faults[0]}`);
    await turn();
  }
  Error.stackTraceLimit = stackTraceLimit;
  return { figures, failures };
}
