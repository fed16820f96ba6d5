/** `hypnos receive`: listens for guests that `hypnos move` hands over. */
import { type Connection, endpointText, listenAt, parseEndpoint } from '@hypnos/host-node';
import { takeIn, type Taken } from '@hypnos/parking';
import { sizeText } from '@hypnos/vmm';
import { Command } from 'commander';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { say } from '../attend.ts';
import { openHome } from '../home.ts';
import { progressLine, savedText } from '../progress.ts';

interface ReceiveOptions {
  readonly listen: string;
  readonly name?: string;
  readonly store?: string;
  readonly once: boolean;
  readonly wake: boolean;
  readonly json: boolean;
}

export const receiveVerb = (): Command => new Command('receive')
  .description('Listen for guests that hypnos move hands over. They are parked here until they are woken.')
  .requiredOption('--listen <[host:]port>', 'where to listen; without a host only this machine reaches it, and port 0 is any that is free')
  .option('--name <name>', 'what the guest is called here, where its own name is taken')
  .option('--store <folder>', 'where guests are stored (default: the store of HYPNOS_HOME)')
  .option('--once', 'end when one guest has come', false)
  .option('--wake', 'go on with it here, in this process, when it has come', false)
  .option('--json', 'progress and outcomes as lines of JSON', false)
  .addHelpText('after', `
Whoever can connect can store guests here, and nothing is encrypted: listen for other machines only where you know who they are, or through a tunnel.
A guest that has arrived and was not given yet, because the connection broke, waits as 'arriving' in hypnos ps: moving it again finishes that.

Examples:
  hypnos receive --listen 7070
  hypnos receive --listen 0.0.0.0:7070 --once --wake`)
  .action(async (options: ReceiveOptions) => { await receive(options); });

const out = (line: unknown): void => { process.stdout.write(`${JSON.stringify(line)}\n`); };

async function receive(options: ReceiveOptions): Promise<void> {
  const over = new EventTarget(), arrived: Taken[] = [], busy = new Set<Promise<void>>();
  const end = (): void => { over.dispatchEvent(new Event('over')); };
  const ended = once(over, 'over');
  const listener = await listenAt(parseEndpoint(options.listen, '127.0.0.1'), connection => {
    const taking = taken(connection, options).then(guest => {
      if (!guest) return;
      arrived.push(guest);
      if (options.once || options.wake) end();
    }).finally(() => busy.delete(taking));
    busy.add(taking);
  });
  if (options.json) out({ listening: endpointText(listener.endpoint) });
  else say(`listening at ${endpointText(listener.endpoint)}.`);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, end);
  await ended;
  listener.close();
  await Promise.all(busy);
  if (options.wake && arrived[0]) await goOn(arrived[0].guest.name);
}

/** One guest; null where none came of it, which is told. */
async function taken(connection: Connection, { name, store: where, json }: ReceiveOptions): Promise<Taken | null> {
  const home = openHome(), { ledger, content } = home, store = where === undefined ? home.defaultStore : resolve(where), line = progressLine(`receiving from ${connection.peer}`, json);
  try {
    const taken = await takeIn({
      ledger, content, store, bucket: home.bucket(store), peer: connection.peer, ...(name !== undefined && { name }), progress: (_, progress) => line.report(progress),
    }, connection);
    line.end();
    told(taken, json);
    return taken;
  } catch (error) {
    line.end();
    if (json) out({ refused: (error as Error).message, peer: connection.peer });
    else say((error as Error).message);
    return null;
  } finally {
    connection.close();
    await ledger.close();
  }
}

function told({ guest: { name }, events, progress }: Taken, json: boolean): void {
  const size = progress ? `: ${sizeText(progress.written)} new in the store${savedText(progress.done - progress.fresh)}` : '';
  if (json) out({ arrived: name, events, ...progress });
  else say(`${name} has come and is parked${size}. hypnos wake ${name} goes on with it.`);
}

/** As `hypnos wake` does it, in this process. */
async function goOn(name: string): Promise<void> {
  const { command } = await import('../command.ts');
  await command(['wake', name]);
}
