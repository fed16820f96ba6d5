/** Entropy device (virtio 1.2 §5.4): fills whatever the driver offers with the host's randomness. */
import { lengthOf } from './queue.ts';
import { virtio } from './mmio.ts';

/** Most bytes given to one request; the driver asks again. */
const MOST = 0x1_0000;

export const virtioRng = virtio({
  name: 'virtio-rng',
  doc: 'Entropy device (virtio 1.2 §5.4).',
  deviceId: 4,
  version: 1,
  features: 0n,
  queues: [64],
  state: {},
  needs: ['entropy'],
  config: () => new Uint8Array(0),
  serve(queues, _own, p) {
    for (let chain = queues.take(0); chain; chain = queues.take(0)) {
      const bytes = new Uint8Array(Math.min(MOST, lengthOf(chain.writable)));
      p.entropy(bytes);
      if (queues.write(chain, bytes)) queues.finish(0, chain, bytes.length);
    }
  },
});
