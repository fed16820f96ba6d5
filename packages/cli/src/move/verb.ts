/** `hypnos move`: hands a guest to a `hypnos receive` that listens. */
import { HypnosError } from '@hypnos/base';
import { connectTo, type Connection, type Endpoint, endpointText, ownerName, parseEndpoint } from '@hypnos/host-node';
import { type Given, giveAway, LEASE } from '@hypnos/parking';
import { hexOf, sizeText } from '@hypnos/vmm';
import { Command } from 'commander';
import { randomBytes } from 'node:crypto';
import { say } from '../attend.ts';
import { openHome } from '../home.ts';
import { callGuest, guestNow } from '../live/call.ts';
import { progressLine, savedText } from '../progress.ts';

interface MoveOptions { readonly json: boolean }

export const moveVerb = (): Command => new Command('move')
  .description('Hand a guest to another process that listens with hypnos receive, here or on another machine. It is parked there.')
  .argument('<name>', 'the guest; one that runs or sleeps is parked first')
  .argument('<host:port>', 'where hypnos receive listens')
  .option('--json', 'progress and outcome as lines of JSON', false)
  .addHelpText('after', `
Only what the other side lacks is sent. Whatever breaks on the way, the guest is whole and belongs to one side: until the last step it stays here,
after it it is there. hypnos ps tells; a move that was cut off at its end is finished by the same command. Events that came for the guest go with it.
Neither side asks who the other is, and nothing is encrypted: between machines use a tunnel, as in the example.

Examples:
  hypnos move dev localhost:7070
  ssh -L 7070:localhost:7070 fox hypnos receive --listen 7070 --once &  hypnos move dev localhost:7070`)
  .action(async (name: string, where: string, options: MoveOptions) => { await move(name, parseEndpoint(where), options); });

async function move(name: string, endpoint: Endpoint, { json }: MoveOptions): Promise<void> {
  const { ledger, bucket, content } = openHome(), line = progressLine(`moving ${name}`, json), peer = endpointText(endpoint);
  await parkFirst(name);
  let connection: Connection | undefined;
  const given = await giveAway({
    name, ledger, bucket, content, peer, owner: ownerName(), lease: LEASE, handover: hexOf(randomBytes(16)), renewing, progress: progress => line.report(progress),
  }, async () => { connection = await connectTo(endpoint); return connection; }).finally(() => {
    line.end();
    connection?.close();
  }).catch(async (error: unknown) => { throw await explained(error, name); });
  told(name, peer, given, json);
}

/** A guest that a process has is parked by it; one that is parked stays so. */
async function parkFirst(name: string): Promise<void> {
  const { owner } = await guestNow(name);
  if (owner === null) return;
  const { outcome } = await callGuest(name, { do: 'park', now: false });
  if (outcome !== 'parked') throw new HypnosError('EBUSY', `${name} was woken while it was parked, and goes on here: move it again.`);
}

function renewing(renew: () => Promise<unknown>): () => void {
  const timer = setInterval(() => { void renew().catch(() => {}); }, LEASE / 3);       // giving it fails if the lease is lost
  return () => clearInterval(timer);
}

/** After the guest was given the other side has it, or waits for word of it. */
async function explained(error: unknown, name: string): Promise<unknown> {
  const { guest } = await openHome().ledger.view(name);
  if (!(error instanceof HypnosError) || guest?.state !== 'moved' || guest.handover === null) return error;
  return new HypnosError(error.code, `${error.message} ${name} is given away, and ${guest.peer} may not know it yet: the same command finishes the move.`, { cause: error });
}

function told(name: string, peer: string, { name: there, events, progress }: Given, json: boolean): void {
  if (json) process.stdout.write(`${JSON.stringify({ name, peer, there, events, ...progress })}\n`);
  else say(`${name} is at ${peer}${there === name ? '' : ` as ${there}`}: ${progress ? `${sizeText(progress.written)} sent${savedText(progress.done - progress.fresh)}` : 'the move is finished'}.`);
}
