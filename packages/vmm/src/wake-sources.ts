/** Which interrupts may wake a sleeping guest: `any`, `none`, or a list of names and INTIDs. */
import { HypnosError } from '@hypnos/base';
import { FIRST_SPI, intidOf, MAP, NR_IRQS, PPI } from './board/map.ts';

/** `any`, or the INTIDs that may. An empty list means that only the machine's owner can. */
export type WakeSources = 'any' | readonly number[];

const GROUPS: Readonly<Record<string, readonly number[]>> = {
  uart: [intidOf(MAP.pl011.spi)], rtc: [intidOf(MAP.pl031.spi)], keys: [intidOf(MAP.pl061.spi)],
  timer: [16 + PPI.virtualTimer, 16 + PPI.physicalTimer],
  virtio: Array.from({ length: MAP.virtio.slots }, (_, i) => intidOf(MAP.virtio.firstSpi + i)),
};

/** Reads `any`, `none`, or names (`rtc,uart,keys,virtio,virtio2,timer`) and INTIDs (`34`) with commas between. */
export function parseWakeSources(text: string): WakeSources {
  if (text === 'any') return 'any';
  if (text === 'none') return [];
  return [...new Set(text.split(',').flatMap(source))].sort((a, b) => a - b);
}

function source(word: string): readonly number[] {
  const group = GROUPS[word], slot = /^virtio(\d+)$/.exec(word);
  if (group !== undefined) return group;
  if (slot && Number(slot[1]) < MAP.virtio.slots) return [intidOf(MAP.virtio.firstSpi + Number(slot[1]))];
  if (/^\d+$/.test(word) && Number(word) < NR_IRQS) return [Number(word)];
  throw new HypnosError('EINVAL',
    `'${word}' is no wake source: use any, none, or a list of ${Object.keys(GROUPS).join(', ')}, virtio0 to virtio${MAP.virtio.slots - 1} and interrupt numbers (shared ones from ${FIRST_SPI} up).`);
}

export const mayWake = (sources: WakeSources, intid: number): boolean => sources === 'any' || sources.includes(intid);
