/** Asks the process that has a guest. */
import { HypnosError } from '@hypnos/base';
import { controlCall, controlPath, ownerIsDead } from '@hypnos/host-node';
import { transitions } from '@hypnos/parking';
import type { GuestRow } from '@hypnos/vmm';
import { openHome } from '../home.ts';

type Answer = Readonly<Record<string, unknown>>;

/** The guest as the ledger has it now, its owner alive as far as can be told. ENOENT where there is none. */
export async function guestNow(name: string): Promise<GuestRow> {
  const { ledger } = openHome();
  await ledger.change(name, transitions.recover(name, ownerIsDead));
  const { guest } = await ledger.view(name);
  if (!guest) throw new HypnosError('ENOENT', `there is no guest ${name}: hypnos ps lists those there are.`);
  return guest;
}

/** Asks a guest's process; EBUSY with what to do where the guest is in none. */
export async function callGuest(name: string, request: Answer, news: (news: Answer) => void = () => {}): Promise<Answer> {
  const guest = await guestNow(name), { folder } = openHome();
  if (guest.owner === null) throw new HypnosError('EBUSY', `${name} is ${guest.state}${guest.state === 'parked' ? `: hypnos wake ${name} goes on with it` : ''}.`);
  return controlCall(controlPath(folder, guest.id), request, news);
}
