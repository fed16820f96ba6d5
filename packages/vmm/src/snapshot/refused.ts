/** A snapshot is hostile input: whatever is wrong with one is said in a sentence, and nothing of it is used. */
import { HypnosError } from '@hypnos/base';

/** Why a snapshot is not taken, as an error of the caller's; `what` names the object, `why` says what is wrong with it. */
export const refused = (what: string, why: string): HypnosError => new HypnosError('EINVAL', `${what} is refused: ${why}.`);

export function check(holds: boolean, what: string, why: string): asserts holds {
  if (!holds) throw refused(what, why);
}
