/** Input device (virtio 1.2 §5.8): a keyboard with the two keys a machine's case has, power and sleep. */
import { HypnosError, state, type View } from '@hypnos/base';
import { KEY_POWER, KEY_SLEEP } from '../pl061.ts';
import { virtio, type Queues } from './mmio.ts';
import { lengthOf } from './queue.ts';

const EVENTS = 0, STATUS = 1;
/** Configuration selectors (§5.8.2). */
const ID_NAME = 0x01, ID_DEVIDS = 0x03, EV_BITS = 0x11;
/** linux,input-event-codes */
const EV_SYN = 0, EV_KEY = 1, BUS_VIRTUAL = 6;
const KEYS: readonly number[] = [KEY_POWER, KEY_SLEEP];
const NAME = Uint8Array.from('Hypnos keys', c => c.charCodeAt(0));
/** Events kept while the guest has no buffers for them. A press is four: down, report, up, report. */
const PENDING = 64, PRESS = 4;

const fields = {
  select: state.u8(),
  subsel: state.u8(),
  types: state.array('u16', PENDING),
  codes: state.array('u16', PENDING),
  values: state.array('u32', PENDING),
  head: state.u8(),
  count: state.u8(),
};
type State = View<typeof fields>;

/** What the selected question is answered with; empty means there is no such thing. */
function selected(own: State): Uint8Array {
  if (own.select === ID_NAME) return NAME;
  if (own.select === ID_DEVIDS) return Uint8Array.of(BUS_VIRTUAL, 0, 0, 0, 0, 0, 1, 0);
  if (own.select !== EV_BITS || own.subsel !== EV_KEY) return new Uint8Array(0);
  const bitmap = new Uint8Array((Math.max(...KEYS) >> 3) + 1);
  for (const key of KEYS) bitmap[key >> 3]! |= 1 << (key & 7);
  return bitmap;
}

function add(own: State, type: number, code: number, value: number): void {
  const at = (own.head + own.count++) % PENDING;
  [own.types[at], own.codes[at], own.values[at]] = [type, code, value];
}

function deliver(own: State, queues: Queues): void {
  while (own.count > 0) {
    const chain = queues.take(EVENTS);
    if (!chain) return;
    const event = new Uint8Array(8), view = new DataView(event.buffer);
    view.setUint16(0, own.types[own.head]!, true);
    view.setUint16(2, own.codes[own.head]!, true);
    view.setUint32(4, own.values[own.head]!, true);
    if (lengthOf(chain.writable) < event.length) return queues.fail();
    if (!queues.write(chain, event)) return;
    queues.finish(EVENTS, chain, event.length);
    own.head = (own.head + 1) % PENDING;
    own.count--;
  }
}

export const virtioInput = virtio({
  name: 'virtio-input',
  doc: 'Keyboard with a power and a sleep key (virtio 1.2 §5.8).',
  deviceId: 18,
  version: 1,
  features: 0n,
  queues: [64, 64],
  state: fields,
  sane: own => own.head < PENDING && own.count <= PENDING,
  needs: [],
  config(own) {
    const answer = selected(own), bytes = new Uint8Array(8 + 128);
    bytes.set([own.select, own.subsel, answer.length]);
    bytes.set(answer, 8);
    return bytes;
  },
  configWritten(own, value, offset) {
    if (offset === 0) own.select = value & 0xff;
    else if (offset === 1) own.subsel = value & 0xff;
  },
  serve(queues, own) {
    for (let chain = queues.take(STATUS); chain; chain = queues.take(STATUS)) queues.finish(STATUS, chain, 0);   // no lights to switch
    deliver(own, queues);
  },
  actions: {
    /** Presses and lets go of a key. It waits if the guest has no room for it; false if too many wait already. */
    press(own, _queues, _p, key: number): boolean {
      if (!KEYS.includes(key)) {
        throw new HypnosError('EINVAL', `this keyboard has no key ${key}: give KEY_POWER (${KEY_POWER}) or KEY_SLEEP (${KEY_SLEEP})`);
      }
      if (own.count + PRESS > PENDING) return false;
      for (const value of [1, 0]) {
        add(own, EV_KEY, key, value);
        add(own, EV_SYN, 0, 0);
      }
      return true;
    },
  },
});
