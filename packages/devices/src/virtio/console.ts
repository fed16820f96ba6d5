/** Console device (virtio 1.2 §5.3) with its one port: bytes to and from the guest's hvc0. */
import { state } from '@hypnos/base';
import { virtio } from './mmio.ts';
import { lengthOf } from './queue.ts';

const RECEIVE = 0, TRANSMIT = 1;
const F_SIZE = 1n << 0n, F_EMERG_WRITE = 1n << 2n;
const EMERG_WR = 8;

export const virtioConsole = virtio({
  name: 'virtio-console',
  doc: 'Console device with one port (virtio 1.2 §5.3).',
  deviceId: 3,
  version: 1,
  features: F_SIZE | F_EMERG_WRITE,
  queues: [64, 64],
  state: { cols: state.u16(80), rows: state.u16(24) },
  needs: ['console'],
  config(own) {
    const bytes = new Uint8Array(12), view = new DataView(bytes.buffer);
    view.setUint16(0, own.cols, true);
    view.setUint16(2, own.rows, true);
    view.setUint32(4, 1, true);                 // max_nr_ports
    return bytes;
  },
  /** The emergency write works before the driver is up: a dying kernel's last words. */
  configWritten(_own, value, offset, p) { if (offset === EMERG_WR) p.console.send(Uint8Array.of(value)); },
  serve(queues, _own, p) {
    for (let chain = queues.take(TRANSMIT); chain; chain = queues.take(TRANSMIT)) {
      if (queues.read(chain, piece => p.console.send(piece))) queues.finish(TRANSMIT, chain, 0);
    }
  },
  wantsInput: queues => queues.has(RECEIVE),
  actions: {
    /** Offers bytes from the far end; answers how many went into the driver's buffers. Keep the rest until `ready`. */
    receive(_own, queues, _p, bytes: Uint8Array): number {
      let taken = 0;
      while (taken < bytes.length) {
        const chain = queues.take(RECEIVE);
        if (!chain) break;
        const part = bytes.subarray(taken, taken + lengthOf(chain.writable));
        if (!queues.write(chain, part)) break;
        queues.finish(RECEIVE, chain, part.length);
        taken += part.length;
      }
      return taken;
    },
    /** The far end's window has this size now. */
    resize(own, queues, _p, cols: number, rows: number): void {
      own.cols = cols;
      own.rows = rows;
      queues.configurationChanged();
    },
  },
});
