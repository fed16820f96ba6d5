/** Guests whose owner is gone are freed before anybody looks at them: what is shown is what holds. */
import type { Ledger } from '@hypnos/vmm';
import { recover } from './transitions.ts';

/** Frees what dead and silent owners held; answers the names. */
export async function freeAbandoned(ledger: Ledger, ownerIsDead: (owner: string) => boolean): Promise<readonly string[]> {
  const freed: string[] = [];
  for (const { name, owner } of await ledger.guests()) {
    if (owner === null) continue;
    const { guest, now } = await ledger.view(name);
    if (guest?.owner == null || (now < (guest.leaseUntil ?? 0) && !ownerIsDead(guest.owner))) continue;    // nothing to write
    if (await ledger.change(name, recover(name, ownerIsDead))) freed.push(name);
  }
  return freed;
}
