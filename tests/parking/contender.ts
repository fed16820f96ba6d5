/** A process that wants guests: for each name given it tries to acquire it, says what came of it, and lets it go again by parking it anew. */
import { SqliteLedger } from '@hypnos/host-node';
import { transitions } from '@hypnos/parking';
import type { HypnosError } from '@hypnos/base';

const [file, owner, name, rounds] = process.argv.slice(2) as [string, string, string, string];
const ledger = new SqliteLedger(file);
for (let won = 0; won < Number(rounds); ) {
  try {
    const { epoch, guest } = await ledger.change(name, transitions.acquire(name, owner, 10_000));
    console.log(`have ${epoch}`);
    await ledger.change(name, transitions.runs(name, epoch, 'a test'));
    await ledger.change(name, transitions.post(name, { kind: 'wake', detail: `${owner} ${won}` }));
    const taken = await ledger.change(name, transitions.take(name, epoch));
    for (const { detail } of taken) console.log(`took ${detail}`);
    const { collections } = await ledger.change(name, transitions.beginPark(name, epoch));
    const number = guest.generation + 1;
    await ledger.change(name, transitions.publish(name, epoch, {
      generation: { generation: number, manifest: `${number}`, root: '', epoch, storedAt: 0, newBytes: 0, storedBytes: 0 }, store: 'nowhere', wakeAt: null, wakeSources: [],
      collections, seen: taken.at(-1)!.seq, keep: 1_000_000,
    }));
    console.log(`left ${epoch}`);
    won++;
  } catch (error) {
    if ((error as HypnosError).code !== 'EBUSY') throw error;
  }
}
await ledger.close();
