/** Runs histories, many side by side: a turn of the event loop, which lets their promises run, serves them all. */
import { draw, History, type HistoryPlan } from './history.ts';

/** How many histories share a turn. */
const SIDE_BY_SIDE = 64;

export interface Outcome {
  readonly figures: Readonly<Record<string, number>>;
  /** A text for each history with faults. */
  readonly failures: readonly string[];
}

const turn = (): Promise<void> => new Promise(resolve => { setImmediate(resolve); });

/** One history, which may tell what happens in it; answers what is wrong. */
export async function runHistory(plan: HistoryPlan, tell?: (text: string) => void): Promise<readonly string[]> {
  const history = new History(plan);
  if (tell) history.world.truth.trace = tell;
  while (history.step()) await turn();
  return history.judged();
}

/** Histories `first` to `first + count - 1` of a seed. */
export async function runHistories(seed: number, first: number, count: number): Promise<Outcome> {
  const figures: Record<string, number> = { histories: count }, failures: string[] = [], running = new Set<History>();
  for (let next = first; next < first + count || running.size > 0; ) {
    while (running.size < SIDE_BY_SIDE && next < first + count) running.add(new History(draw(seed, next++)));
    const over = [...running].filter(history => !history.step());
    await turn();
    for (const history of over) {
      running.delete(history);
      const faults = await history.judged();
      for (const [what, number] of Object.entries(history.world.truth.figures)) figures[what] = (figures[what] ?? 0) + number;
      if (faults.length > 0) failures.push(`history ${history.plan.number} of seed ${seed}: ${faults[0]}`);
    }
  }
  return { figures, failures: failures.sort() };
}
