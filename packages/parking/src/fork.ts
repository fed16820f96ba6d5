/**
 * A fork: a new guest from a generation of another one, sharing all of its chunks. Its manifest is durable before the ledger knows of it, and the ledger's
 * transaction is the one moment at which the guest begins to be; what a fork that died before that left is garbage.
 */
import { HypnosError } from '@hypnos/base';
import { type GenerationRow, type GuestRow, type GuestView, hexOf, type ImageSection, imageRoot, manifestName, putManifest } from '@hypnos/vmm';
import { manifestOf, register, type Stores } from './stores.ts';
import { checkHere, checkNew, fork as decide } from './transitions.ts';

export interface ForkOptions {
  /** Of the guest to fork; its newest unless told. */
  readonly generation?: number;
  /** The image's sections with an identity of their own: serials and seeds that no other guest has. */
  readonly renewed: (sections: readonly ImageSection[]) => readonly ImageSection[];
}

const GUEST_BYTES = 16;
/** How often it is stored anew where a collection came between. */
const ATTEMPTS = 10;

/** Makes the guest `name`, parked, with its own identity. */
export async function fork(stores: Stores, from: string, name: string, { generation, renewed }: ForkOptions): Promise<GuestRow> {
  const { ledger } = stores, guest = stores.content.random(GUEST_BYTES);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    checkNew(name, await ledger.view(name));                          // before anything is stored; the transaction looks again
    const view = await ledger.view(from), { guest: source, row } = taken(view, from, generation);
    const made = { id: hexOf(guest), from: source, taken: row.generation, generation: await stored(stores, row, guest, renewed), collections: view.collections };
    const answer = await ledger.change(name, decide(name, made));
    if (answer !== 'collected') return answer;
  }
  throw new HypnosError('EBUSY', `collections of ${from}'s store came between ${ATTEMPTS} times: fork it when they have ended.`);
}

/** The generation to fork, of a guest that no process has in hand. */
function taken({ guest, generations }: GuestView, name: string, wanted?: number): { readonly guest: GuestRow; readonly row: GenerationRow } {
  if (guest === null) throw new HypnosError('ENOENT', `there is no guest ${name}: hypnos ps lists those there are.`);
  checkHere(guest);
  if (guest.state !== 'parked' && guest.state !== 'off') {
    throw new HypnosError('EBUSY', `${name} is ${guest.state}${guest.owner === null ? '' : ` in ${guest.owner}`}: park it first, with hypnos park ${name}; then fork it.`);
  }
  const row = wanted === undefined ? generations.at(-1) : generations.find(g => g.generation === wanted), there = generations.map(g => g.generation).join(', ');
  if (!row) {
    throw new HypnosError('ENOENT', there === '' ? `${name} was never parked: there is no image of it to fork.` : `${name} has no generation ${wanted}; there are ${there}.`);
  }
  return { guest, row };
}

/** The fork's manifest, durable. Its chunks are where they are; its sections are its own. */
async function stored(stores: Stores, row: GenerationRow, guest: Uint8Array, renewed: ForkOptions['renewed']): Promise<Omit<GenerationRow, 'generation' | 'epoch' | 'storedAt'>> {
  const bucket = stores.bucket(row.store), origin = await manifestOf(stores, row);
  const image = { ...origin.image, sections: renewed(origin.image.sections) };
  await register(stores.ledger, bucket);
  // Its clocks go on from when the image was taken: that time stays.
  const hash = await putManifest(bucket, { ...origin, guest, image, generation: 1n, epoch: 1n, parent: new Uint8Array(origin.parent.length) }, stores.content);
  const newBytes = await bucket.size(manifestName(hash)) ?? 0;
  return { ...row, manifest: hexOf(hash), root: hexOf(imageRoot(image, stores.content)), newBytes };
}
