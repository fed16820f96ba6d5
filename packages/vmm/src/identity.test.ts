import type { HypnosError } from '@hypnos/base';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { drawIdentity, forkedSections, identitySection, readIdentity, serialText } from './identity.ts';
import { seeded } from './seeded.ts';
import type { ImageSection } from './snapshot/image.ts';

const refused = (says: RegExp) => (error: HypnosError) => error.code === 'EINVAL' && says.test(error.message);
const other = (path: string): ImageSection => ({ path, version: 1, bytes: Uint8Array.of(1, 2, 3) });
const readFrom = (section: ImageSection) => readIdentity(() => section.bytes);

test('an identity is in its section what it was', () => {
  fc.assert(fc.property(fc.bigInt(0n, (1n << 64n) - 1n), fc.bigInt(0n, (1n << 64n) - 1n), (seed, generation) => {
    const identity = drawIdentity(seeded(seed).fill, generation);
    assert.deepEqual(readFrom(identitySection(identity)), identity);
    assert.match(serialText(identity), /^[0-9a-f]{32}$/);
  }));
});

test('a section that is shorter or longer is refused', () => {
  const { bytes } = identitySection(drawIdentity(seeded(1n).fill));
  assert.throws(() => readIdentity(() => bytes.subarray(1)), refused(/identity is refused: it ends too early/));
  assert.throws(() => readIdentity(() => Uint8Array.of(...bytes, 0)), refused(/identity is refused: it goes on behind its end/));
});

test('a fork is another machine in everything that is its own, of the next generation, and the same in all else', () => {
  const before = drawIdentity(seeded(1n).fill, 4n), sections = [other('device/rtc'), identitySection(before), other('time')];
  const [rtc, section, time] = forkedSections(sections, seeded(2n).fill), after = readFrom(section!);
  assert.equal(rtc, sections[0]);
  assert.equal(time, sections[2]);
  for (const own of ['serial', 'generationId', 'seed'] as const) assert.notDeepEqual(after[own], before[own], own);
  assert.equal(after.generation, 5n);
  assert.deepEqual(readFrom(sections[1]!), before, 'the image that was forked is as it was');
});

test('two forks with the same numbers are the same, which makes a replay; with others they differ', () => {
  const sections = [identitySection(drawIdentity(seeded(1n).fill))], fork = (seed: bigint) => forkedSections(sections, seeded(seed).fill)[0]!.bytes;
  assert.deepEqual(fork(2n), fork(2n));
  assert.notDeepEqual(fork(2n), fork(3n));
});

test('an image without an identity, or with one of another version, is not forked', () => {
  const { fill } = seeded(1n), section = identitySection(drawIdentity(fill));
  assert.throws(() => forkedSections([other('time')], fill), refused(/it has no section identity/));
  assert.throws(() => forkedSections([{ ...section, version: 9 }], fill), refused(/its section identity is of version 9, and this program knows version 1/));
});

test('seeded numbers go on where they were; mixed with a seed they take a course that every byte of it decides', () => {
  const draw = (mix?: Uint8Array) => {
    const entropy = seeded(1n), bytes = new Uint8Array(16);
    entropy.fill(bytes);
    if (mix) entropy.mix(mix);
    const again = seeded(9n);
    again.resume(entropy.state());
    again.fill(bytes);
    return Buffer.from(bytes).toString('hex');
  };
  const seeds = [...Array.from({ length: 32 }, (_, i) => Uint8Array.from({ length: 32 }, (_x, j) => Number(i === j))), new Uint8Array(32)];
  assert.equal(new Set([draw(), ...seeds.map(seed => draw(seed))]).size, 34);
  assert.equal(draw(seeds[3]), draw(seeds[3]));
});
