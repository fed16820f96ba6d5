/** The generated engine, kept in a file under build/ until a source that it is generated from changes. */
import { buildTier0, type Tier0Image } from '@hypnos/cpu';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { root } from './places.ts';

/** The rooms whose sources decide what is generated. */
const ROOMS = ['base', 'isa', 'cpu'];
const folder = join(root, 'build', 'tier0');

function sourcesHash(): string {
  const hash = createHash('sha256');
  for (const room of ROOMS) {
    const sources = join(root, 'packages', room, 'src');
    const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter(f => f.endsWith('.ts') && !f.endsWith('.test.ts'));
    for (const file of files.sort()) hash.update(file).update(readFileSync(join(sources, file)));
  }
  return hash.digest('hex').slice(0, 32);
}

function kept(file: string): Tier0Image | undefined {
  try {
    return deserialize(readFileSync(file)) as Tier0Image;
  } catch {
    // Not there, or cut short: it is made again.
    return undefined;
  }
}

/** The engine for the sources as they are; generating it takes a second, reading it a few milliseconds. */
export function tier0Image(): Tier0Image {
  const file = join(folder, `${sourcesHash()}.bin`), known = kept(file);
  if (known) return known;
  const image = buildTier0();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, serialize(image));
  renameSync(temporary, file);
  return image;
}
