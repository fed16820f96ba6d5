/** Memory balloon (virtio 1.2 §5.5): the driver says which pages it does without, so that they are zeroes wherever the guest is stored. */
import { state, type View } from '@hypnos/base';
import type { Given } from '../kit/ports.ts';
import { virtio, type Queues } from './mmio.ts';
import { lengthOf, type Chain } from './queue.ts';

const INFLATE = 0, DEFLATE = 1;
/**
 * §5.5.2 numbers the reporting queue 4 whatever was negotiated. Drivers are known that leave out the numbers of queues that were not, all or some, and ask for
 * 2 or 3. Statistics and free page hints are not offered, so none of these can mean anything else.
 */
const REPORTING = [2, 3, 4];
const F_PAGE_POISON = 1n << 4n, F_REPORTING = 1n << 5n;
const ACTUAL = 4, POISON = 12;
/** The balloon's unit (§5.5.6), and bytes of a page's number in a request, and of all in one: Linux names 256 pages. */
const PAGE = 4096, NUMBER = 4, MOST_NUMBERS = 0x1_0000;
/**
 * Memory looked at in one notification. What goes beyond it is taken and left as it is, which the driver cannot tell. Linux reports
 * 32 runs at once, of 4 MiB at most, and waits for each answer.
 */
const MOST = 128 << 20;

const fields = {
  /** How many pages the host wants to have, and how many the driver says it gave. */
  target: state.u32(),
  actual: state.u32(),
  /** What the guest fills its free pages with; it may rely on finding that there (§5.5.6.5). Linux does not say it again after a sleep. */
  poison: state.u32(),
};
type Own = View<typeof fields>;
type Ports = Given<['discard']>;

/** What one notification may still look at, in bytes. */
interface Budget { left: number }

/** False where the driver named memory that is not there. */
function discard(p: Ports, budget: Budget, address: bigint, bytes: number): boolean {
  budget.left -= bytes;
  return budget.left < 0 || p.discard(address, bytes);
}

/** The pages of an inflate request, by their numbers: theirs from now on to lose (§5.5.6.2). */
function inflated(queues: Queues, p: Ports, chain: Chain, budget: Budget): boolean {
  const length = lengthOf(chain.readable);
  if (length > MOST_NUMBERS) return refused(queues);
  const numbers = new Uint8Array(length), view = new DataView(numbers.buffer);
  let filled = 0;
  const read = queues.read(chain, piece => {
    numbers.set(piece, filled);
    filled += piece.length;
  });
  for (let at = 0; read && at + NUMBER <= filled; at += NUMBER) {
    if (!discard(p, budget, BigInt(view.getUint32(at, true)) * BigInt(PAGE), PAGE)) return refused(queues);
  }
  return read;
}

/** Free pages (§5.5.6.7): with a poison agreed they may hold nothing else, so only one of zero lets them be zeroed. */
function reported(queues: Queues, own: Own, p: Ports, chain: Chain, budget: Budget): boolean {
  if (queues.agreed(F_PAGE_POISON) && own.poison !== 0) return true;
  return chain.writable.every(({ address, length }) => discard(p, budget, address, length)) || refused(queues);
}

function refused(queues: Queues): false {
  queues.fail();
  return false;
}

function each(queues: Queues, queue: number, act: (chain: Chain) => boolean): void {
  for (let chain = queues.take(queue); chain; chain = queues.take(queue)) if (act(chain)) queues.finish(queue, chain, 0);
}

export const virtioBalloon = virtio({
  name: 'virtio-balloon',
  doc: 'Memory balloon with free page reporting (virtio 1.2 §5.5).',
  deviceId: 5,
  version: 1,
  features: F_PAGE_POISON | F_REPORTING,
  queues: [64, 64, 64, 64, 64],
  chainBytes: MOST,
  state: fields,
  needs: ['discard'],
  config(own) {
    const bytes = new Uint8Array(16), view = new DataView(bytes.buffer);
    [own.target, own.actual, 0, own.poison].forEach((value, i) => view.setUint32(4 * i, value, true));
    return bytes;
  },
  configWritten(own, value, offset) {
    if (offset === ACTUAL) own.actual = value;
    else if (offset === POISON) own.poison = value;
  },
  serve(queues, own, p) {
    const budget = { left: MOST };
    each(queues, INFLATE, chain => inflated(queues, p, chain, budget));
    each(queues, DEFLATE, () => true);
    for (const queue of REPORTING) each(queues, queue, chain => reported(queues, own, p, chain, budget));
  },
  actions: {
    /** Asks the guest for so many pages of 4 KiB; what came of it shows in `actual`. */
    want(own, queues, _p, pages: number): void {
      own.target = pages;
      queues.configurationChanged();
    },
    actual: (own): number => own.actual,
  },
});
