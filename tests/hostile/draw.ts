/** Draws a hostile guest from a seed and a number: its kind, its program, its board, what its owner does, and what is allowed to it. */
import { SYSTEM_REGISTERS } from '@hypnos/isa';
import { ORDERS } from './control.ts';
import { accesses, oneDevice } from './kinds/accesses.ts';
import { calls, sleeps } from './kinds/calls.ts';
import { rows, unprivileged, words } from './kinds/code.ts';
import { flash, fwCfg } from './kinds/firmware.ts';
import { floods } from './kinds/floods.ts';
import { interrupts } from './kinds/interrupts.ts';
import { queues } from './kinds/queues.ts';
import { debugging, registers, timers } from './kinds/registers.ts';
import { tables, vectors } from './kinds/tables.ts';
import type { Guest } from './machine.ts';
import type { Program } from './program.ts';
import { Random } from './random.ts';

const names = SYSTEM_REGISTERS.map(row => row.name);

/** Kinds with how often they are drawn. */
export const KINDS: Readonly<Record<string, { readonly weight: number; readonly draw: (r: Random) => Program }>> = {
  words: { weight: 6, draw: words },
  rows: { weight: 14, draw: rows },
  unprivileged: { weight: 6, draw: unprivileged },
  tables: { weight: 14, draw: tables },
  vectors: { weight: 3, draw: vectors },
  registers: { weight: 10, draw: registers },
  debugging: { weight: 5, draw: debugging(names) },
  timers: { weight: 5, draw: timers(names) },
  interrupts: { weight: 8, draw: interrupts(names) },
  accesses: { weight: 10, draw: accesses },
  oneDevice: { weight: 6, draw: oneDevice },
  calls: { weight: 6, draw: calls },
  sleeps: { weight: 3, draw: sleeps },
  queues: { weight: 12, draw: queues },
  fwCfg: { weight: 4, draw: fwCfg },
  flash: { weight: 1, draw: flash },
  floods: { weight: 3, draw: floods },
};
const TOTAL = Object.values(KINDS).reduce((sum, { weight }) => sum + weight, 0);

function kind(r: Random): string {
  let left = r.below(TOTAL);
  for (const [name, { weight }] of Object.entries(KINDS)) if ((left -= weight) < 0) return name;
  return 'rows';
}

export interface DrawnGuest extends Guest {
  readonly kind: string;
}

/** The same for ever for a seed and a number. */
export function drawGuest(seed: number, number: number): DrawnGuest {
  const r = new Random(seed, number),
    name = kind(r),
    segments = KINDS[name]!.draw(r).segments();
  // Most find their end soon; some are given the time to get somewhere.
  const budget = r.chance(100) ? 50_000 : r.chance(6) ? 4000 : 500;
  return {
    kind: name,
    board: name === 'flash' || r.chance(400) ? 'flash' : 'plain',
    segments,
    budget,
    options: options(r),
    orders: orders(r, budget),
  };
}

function options(r: Random): Guest['options'] {
  const policy = r.pick(['sleep', 'sleep', 'resume', 'deny', 'ask', 'off', 'ignore'] as const);
  return {
    onSuspend: policy === 'deny' ? { do: 'deny', code: r.pick(['DENIED', 'INVALID_ADDRESS', 'NOT_SUPPORTED']) } : { do: policy },
    reboot: r.chance(100),
    deterministic: r.chance(2),
    ...(r.chance(4) && { wakeOn: r.chance(2) ? [] : [27, 33, 34] }),
    ...(r.chance(8) && { cpuModel: 'cortex-a57' }),
    ...(r.chance(10) && policy !== 'deny' && { suspendAbi: r.pick(['v1', 'run+suspend'] as const) }),
  };
}

function orders(r: Random, budget: number): Guest['orders'] {
  if (!r.chance(10)) return [];
  const drawn = Array.from({ length: 1 + r.below(4) }, () => ({ at: r.below(budget), order: r.pick(ORDERS) }));
  return drawn.sort((a, b) => a.at - b.at);
}
