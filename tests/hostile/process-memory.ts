/** What the host's process holds, after a garbage collection: how it is watched that no guest makes it grow. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const MIB = 2 ** 20;
/** Cases after which the process has what it needs: compiled code, engines, the caches they fill. */
export const SETTLED = 1000;
/** How far it may grow from there, whatever follows: objects and buffers, and all that is resident. The engines' tables of words they met are the most of it. */
export const MOST_HELD = 160 * MIB,
  MOST_RESIDENT = 384 * MIB;

export interface Held {
  readonly heap: number;
  readonly buffers: number;
  readonly resident: number;
}

export function held(): Held {
  for (let i = 0; i < 3; i++) collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed, buffers: external, resident: rss };
}

const mib = (bytes: number): string => `${(bytes / MIB).toFixed(0)} MiB`;
export const heldText = ({ heap, buffers, resident }: Held): string =>
  `heap ${mib(heap)}, outside it ${mib(buffers)}, resident ${mib(resident)}`;

/** What has grown too far. `touched` bytes may have become resident for a known reason. */
export function growth(before: Held, now: Held, touched = 0): readonly string[] {
  const objects = now.heap + now.buffers - before.heap - before.buffers,
    resident = now.resident - before.resident;
  return [
    ...(objects > MOST_HELD ? [`the process holds ${mib(objects)} more than it did: ${heldText(before)} then, ${heldText(now)} now`] : []),
    ...(resident > MOST_RESIDENT + touched ? [`${mib(resident)} more are resident than were: ${heldText(before)} then, ${heldText(now)} now`] : []),
  ];
}
