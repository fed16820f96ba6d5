/** Victims as a bundle: hundreds are started, and from sources each takes a second to load. */
import { bundleTier0 } from '@hypnos/host-node';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleOf } from '../../tools/bundle/bundle.ts';

const ROOT = join(import.meta.dirname, '..', '..'), BUILD = join(ROOT, 'build');
const ENTRY = `'use strict';
const { load, keepCode } = require('./load.cjs');
if (process.env.HYPNOS_KEEP_CODE) process.once('exit', keepCode);
void load('victim.cjs').victim();
`;

/** Makes it in a new folder, as deep in the project as a command's, and answers what to run. */
export async function victimsBundle(): Promise<{ readonly folder: string; readonly entry: string }> {
  mkdirSync(join(BUILD, 'crash'), { recursive: true });
  const folder = mkdtempSync(join(BUILD, 'crash', 'victims-')), entry = join(folder, 'entry.cjs');
  const { files } = await bundleOf(ROOT, { victim: 'tests/crash/victim.ts', 'run-worker': 'packages/host-node/src/run-worker.ts' });
  for (const [name, content] of files) writeFileSync(join(folder, name), content);
  bundleTier0(folder, BUILD);
  writeFileSync(entry, ENTRY);
  return { folder, entry };
}
