/**
 * Which machine a guest is: what makes two machines of one image different, in one declared record. It is drawn with the machine, kept by
 * a wake, and renewed by a fork. Whatever else must be unique one day, such as a network card's address, belongs here.
 */
import { state } from '@hypnos/base';
import { GENERATION_ID_BYTES } from '@hypnos/devices';
import type { ImageSection } from './snapshot/image.ts';
import { hexOf } from './snapshot/content.ts';
import { Reader, recordBytes } from './snapshot/reader.ts';
import { check } from './snapshot/refused.ts';

export interface Identity {
  /** The guest is told it when it boots, as firmware would. */
  readonly serial: Uint8Array;
  /** What the VM Generation ID device shows. */
  readonly generationId: Uint8Array;
  /** What the numbers of a deterministic machine go on from when it is forked. */
  readonly seed: Uint8Array;
  /** How many forks lie between this machine and the first of its line. */
  readonly generation: bigint;
}

/** Fills bytes with what nobody can guess; or, for a deterministic machine, with what is the same each time. */
export type Random = (into: Uint8Array) => void;

const SERIAL_BYTES = 16, SEED_BYTES = 32;
const shape = state.shape({ serial: state.bytes(SERIAL_BYTES), generationId: state.bytes(GENERATION_ID_BYTES), seed: state.bytes(SEED_BYTES), generation: state.u64() });
const PATH = 'identity', VERSION = 1;

export function drawIdentity(random: Random, generation = 0n): Identity {
  const drawn = (bytes: number): Uint8Array => {
    const into = new Uint8Array(bytes);
    random(into);
    return into;
  };
  return { serial: drawn(SERIAL_BYTES), generationId: drawn(GENERATION_ID_BYTES), seed: drawn(SEED_BYTES), generation };
}

/** The serial number as it is written: 32 digits. */
export const serialText = ({ serial }: Identity): string => hexOf(serial);

export function identitySection({ serial, generationId, seed, generation }: Identity): ImageSection {
  const bytes = recordBytes(shape, record => {
    record.serial.set(serial);
    record.generationId.set(generationId);
    record.seed.set(seed);
    record.generation = generation;
  });
  return { path: PATH, version: VERSION, bytes };
}

export function readIdentity(section: (path: string, version: number) => Uint8Array): Identity {
  const reader = new Reader(section(PATH, VERSION), `the snapshot's ${PATH}`), { serial, generationId, seed, generation } = reader.record(shape);
  reader.end();
  return { serial, generationId, seed, generation };
}

/**
 * The sections of an image as those of another guest: with an identity of its own, and all else as it was. The machine that goes on from them sees that
 * its devices show another one, and tells its guest.
 */
export function forkedSections(sections: readonly ImageSection[], random: Random): readonly ImageSection[] {
  const what = 'the image', before = sections.find(({ path }) => path === PATH);
  check(before !== undefined, what, `it has no section ${PATH}`);
  check(before.version === VERSION, what, `its section ${PATH} is of version ${before.version}, and this program knows version ${VERSION}`);
  const { generation } = readIdentity(() => before.bytes);
  const identity = identitySection(drawIdentity(random, BigInt.asUintN(64, generation + 1n)));
  return sections.map(section => (section === before ? identity : section));
}
