/**
 * A program that stores its guest when it sleeps, and goes on with it: Debian is booted, parked, and woken twice.
 * Run it from a checkout after `npm run guest`: node_modules/node/bin/node docs/examples/park-and-wake.ts FOLDER
 */
import { FolderBucket, nodeContent, nodeHost, ownerIsDead, ownerName, SqliteLedger } from '@hypnos/host-node';
import { Parking } from '@hypnos/parking';
import { Machine } from '@hypnos/vmm';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2] ?? 'guests', host = nodeHost({ spares: 1 });          // a thread is kept ready, so that a wake takes milliseconds
const file = (name: string) => ({ name, bytes: readFileSync(new URL(`../../build/guest/${name}`, import.meta.url)) });

// Who owns which guest stands in the ledger; what they are, in the store. Both are ports: a folder and SQLite here.
const parking = new Parking({
  ledger: new SqliteLedger(join(folder, 'ledger.sqlite')), bucket: store => new FolderBucket(store), defaultStore: join(folder, 'store'),
  content: nodeContent, host, owner: ownerName(), ownerIsDead, ring: () => {},
});

/** Runs a guest until it is parked or off, typing the next command at each prompt. */
async function lives(machine: Machine, commands: string[]): Promise<string> {
  let screen = '';
  machine.on('suspend', request => request.park(parking));
  machine.on('output', bytes => {
    screen += new TextDecoder('latin1').decode(bytes);
    if (!/# (\x1b\[6n)?$/.test(screen)) return;                  // busybox's line editor asks where the cursor is
    screen = '';
    void machine.type(new TextEncoder().encode(`${commands.shift() ?? ''}\n`));
  });
  return (await machine.run()).ending;
}

const first = await parking.create('dev', { kernel: file('Image'), initrd: file('initrd.cpio.gz'), append: 'console=ttyAMA0 quiet', memory: '256M' });
console.log(await lives(first, ['echo mem > /sys/power/state']));

for (const commands of [['echo mem > /sys/power/state'], ['poweroff -f']]) {
  await using again = await Machine.wake(parking, 'dev', {}, host);
  again.wake();
  console.log(await lives(again, commands));
}
await host.close();
