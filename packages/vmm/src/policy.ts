/** What may be answered when a guest asks to sleep (design §5), and the words for it on a command line. */
import { HypnosError } from '@hypnos/base';

/** PSCI return codes (DEN0022 5.2.2). */
export const PSCI = {
  SUCCESS: 0, NOT_SUPPORTED: -1, INVALID_PARAMETERS: -2, DENIED: -3, ALREADY_ON: -4, ON_PENDING: -5,
  INTERNAL_FAILURE: -6, NOT_PRESENT: -7, DISABLED: -8, INVALID_ADDRESS: -9,
} as const;
export type PsciError = Exclude<keyof typeof PSCI, 'SUCCESS'>;

/**
 * `sleep` waits for a wake event, `resume` comes back at the entry point at once, `deny` gives the guest an error. `ignore`
 * re-enters after the call with nothing changed: what a VMM must not do, kept to show it (suspend contract C12).
 */
export type SuspendDecision =
  | { readonly do: 'sleep' }
  | { readonly do: 'resume' }
  | { readonly do: 'deny'; readonly code: PsciError }
  | { readonly do: 'ignore' }
  /** The guest is stored and the machine ends: what `SuspendRequest.park` answers when it has come about. */
  | { readonly do: 'park' };

/**
 * The policy of a machine: a decision for every request, `ask` its owner each time, or `off`: the machine cannot sleep, and
 * PSCI_FEATURES says so to a guest that boots (C3, C66).
 */
export type SuspendPolicy = SuspendDecision | { readonly do: 'ask' } | { readonly do: 'off' };

/**
 * What a guest's counter makes of the time in a store: it goes on (`advanced`), it stands still (`frozen`), or it goes on for a guest that slept and
 * stands still for one that ran (`as-it-slept`). The real-time clock follows the wall in any case.
 */
export type CounterPolicy = 'as-it-slept' | 'advanced' | 'frozen';
export const COUNTER_POLICIES: readonly CounterPolicy[] = ['as-it-slept', 'advanced', 'frozen'];

const ERRORS = Object.keys(PSCI).filter(name => name !== 'SUCCESS') as PsciError[];

/** `DENIED`, `denied`, `-3`: a PSCI error. SUCCESS is none: Linux takes it for a failure of the firmware (C18). */
export function parsePsciError(text: string): PsciError {
  const found = ERRORS.find(name => name === text.toUpperCase().replaceAll('-', '_') || String(PSCI[name]) === text);
  if (found === undefined) throw new HypnosError('EINVAL', `'${text}' is no PSCI error: use one of ${ERRORS.join(', ')}.`);
  return found;
}

export const psciErrorName = (code: number): PsciError | undefined => ERRORS.find(name => PSCI[name] === code);

/** `sleep`, `resume`, `deny`, `deny=CODE`, `ask`, `off`. */
export function parseSuspendPolicy(text: string): SuspendPolicy {
  const [word, code] = text.split('=', 2);
  if (word === 'deny') return { do: 'deny', code: code === undefined ? 'DENIED' : parsePsciError(code) };
  if (code === undefined && (word === 'sleep' || word === 'resume' || word === 'ask' || word === 'off')) return { do: word };
  throw new HypnosError('EINVAL', `'${text}' is no answer to a guest that asks to sleep: use sleep, resume, deny, deny=CODE, ask or off.`);
}
