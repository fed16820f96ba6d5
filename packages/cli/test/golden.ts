/** Makes the golden snapshots of this format: small guests of ours, stored at each point of the suspend contract. Run it once for a new format: node packages/cli/test/golden.ts */
import { nodeContent } from '@hypnos/host-node';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { napper } from './guests.ts';
import { life } from './life.ts';

/** Bytes as a stream. */
export const streamOf = (bytes: Uint8Array): ReadableStream<Uint8Array> => new ReadableStream({
  pull(controller) {
    controller.enqueue(bytes);
    controller.close();
  },
});

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

const FORMAT = 'format-1', folder = join(import.meta.dirname, 'golden');

async function make(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const sleeping = life(napper(1_000_000), { engine: 'interpreter' }), over = sleeping.run();
  await sleeping.sees('asleep');
  writeFileSync(join(folder, `${FORMAT}-sleeping.hypnos`), await bytesOf(await sleeping.machine.snapshotStream(nodeContent)));
  sleeping.machine.stop();
  await over;
  const asking = life(napper(1_000_000), { engine: 'interpreter' });
  asking.machine.on('suspend', async request => {
    writeFileSync(join(folder, `${FORMAT}-asking.hypnos`), await bytesOf(await asking.machine.snapshotStream(nodeContent)));
    setTimeout(() => asking.machine.stop(), 0);
    return request.sleep();
  });
  await asking.run();
}

if (process.argv[1] === import.meta.filename) await make();
