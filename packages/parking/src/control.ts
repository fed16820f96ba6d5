/** What may be asked of the process that has a guest, and how its keeper does it. Requests and answers are plain objects, one a line of JSON (docs/control.md). */
import { HypnosError } from '@hypnos/base';
import type { Progress, WakeOutlook } from '@hypnos/vmm';
import type { Keeper } from './keeper.ts';
import type { ParkReport } from './ports.ts';

export interface ControlStatus {
  readonly name: string;
  readonly state: string;
  readonly paused: boolean;
  readonly wake: WakeOutlook;
}

export interface ControlRequest {
  readonly do: keyof typeof DOES;
  /** park: store it as it is, without its sleep key. */
  readonly now?: boolean;
}

/** What a request that takes long says before it is answered. */
export type ControlNews = { readonly progress: Progress };

/** What a keeper's process remembers for its callers. */
export interface Controlled {
  readonly keeper: Keeper;
  /** The report of the park that has come about. */
  report(): ParkReport | undefined;
  /** Hears the progress of a park until it is over. */
  listen(progress: (progress: Progress) => void): () => void;
}

type Answer = Readonly<Record<string, unknown>>;

/** A guest that is told to sleep and does not follow is worth a word after this many milliseconds. */
export const FOLLOWS = 10_000;

const status = ({ keeper }: Controlled): Answer =>
  ({ name: keeper.name, state: keeper.state, paused: keeper.paused, wake: keeper.wake }) satisfies ControlStatus;

async function park(controlled: Controlled, { now = false }: ControlRequest, tell: (news: ControlNews) => void): Promise<Answer> {
  const { keeper } = controlled, stop = controlled.listen(progress => tell({ progress }));
  try {
    const outcome = await keeper.parkSoon(now);
    return { outcome, ...(outcome === 'parked' && { report: controlled.report() }) };
  } finally {
    stop();
  }
}

/** One row a request. */
const DOES = {
  status: async (controlled: Controlled): Promise<Answer> => status(controlled),
  /** The guest's inbox has something. */
  bell: async ({ keeper }: Controlled): Promise<Answer> => { await keeper.takeEvents(); return {}; },
  sleep: async ({ keeper }: Controlled): Promise<Answer> => { keeper.machine.press('sleep'); return {}; },
  power: async ({ keeper }: Controlled): Promise<Answer> => { keeper.machine.press('power'); return {}; },
  pause: async (controlled: Controlled): Promise<Answer> => { controlled.keeper.pause(); return status(controlled); },
  unpause: async (controlled: Controlled): Promise<Answer> => { controlled.keeper.unpause(); return status(controlled); },
  stop: async ({ keeper }: Controlled): Promise<Answer> => { keeper.machine.stop(); return {}; },
  park,
} as const;

/** Does what is asked. EINVAL for anything that is no request. */
export async function control(controlled: Controlled, request: unknown, tell: (news: ControlNews) => void): Promise<Answer> {
  const asked = request as Partial<ControlRequest> | null, verb = asked?.do;
  if (typeof verb !== 'string' || !Object.hasOwn(DOES, verb)) throw new HypnosError('EINVAL', `no such request: use ${Object.keys(DOES).join(', ')}.`);
  return DOES[verb](controlled, asked as ControlRequest, tell);
}
