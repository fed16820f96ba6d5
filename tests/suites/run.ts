/** Runs chosen parts that have no result yet, and appends the result of each when it ends. */
import { appendResult, type PartResult, readResults } from '../long/results.ts';
import type { Chosen } from './choose.ts';
import { suites } from './index.ts';
import { guestOf, Session, settingsOf } from './session.ts';

export interface How {
  readonly file: string;
  readonly commit: string;
  readonly qemu: boolean;
  readonly again: boolean;
  /** No further part starts after this time. */
  readonly until: number;
  say(line: string): void;
}

const runName = ({ suite }: Chosen): string => `guest-suites ${suite.name}`;

/** The part's result, where there is one of the part as it is now. */
export function known(file: string, chosen: Chosen, qemu: boolean): PartResult | undefined {
  return readResults(file, runName(chosen), settingsOf(chosen.suite, chosen.part, qemu)).at(-1);
}

export async function runParts(chosen: readonly Chosen[], how: How): Promise<PartResult[]> {
  const results: PartResult[] = [], waiting = chosen.filter(one => how.again || !known(how.file, one, how.qemu));
  for (const guest of new Set(waiting.map(one => guestOf(one.suite)))) {
    const session = new Session(suites.filter(suite => guestOf(suite) === guest), how), abandon = (): void => session.abandon();
    process.once('exit', abandon);
    try {
      for (const one of waiting.filter(other => guestOf(other.suite) === guest)) {
        if (Date.now() >= how.until) return results;
        results.push(await runOne(session, one, how));
      }
    } finally {
      await session.close();
      process.off('exit', abandon);
    }
  }
  return results;
}

async function runOne(session: Session, chosen: Chosen, { file, commit, qemu, say }: How): Promise<PartResult> {
  const { suite, part } = chosen, from = Date.now(), { figures, failures } = await session.run(suite, part), seconds = (Date.now() - from) / 1000;
  const result: PartResult = {
    run: runName(chosen), settings: settingsOf(suite, part, qemu), part: suite.parts.indexOf(part), commit, ended: new Date().toISOString(), seconds, figures, failures,
  };
  appendResult(file, result);
  for (const failure of failures) say(`FAILED ${suite.name}: ${failure}`);
  return result;
}
