/** The test files of the workspace. Node 20 has no glob of its own, hence this walk. */
import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { inRoot, root } from './paths.mjs';

const isTest = (name) => name.endsWith('.test.ts') || name.endsWith('.test.mjs');

/** Paths relative to the root, sorted: the rooms from the lowest floor up would be nicer, the alphabet is enough. */
export function testFiles() {
  return ['packages', 'tests', 'tools'].flatMap((folder) => [...walk(inRoot(folder))]).filter(isTest).map((file) => relative(root, file));
}

function* walk(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name === 'node_modules') continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else yield path;
  }
}
