/** Where things are in a clone: every tool asks here, none builds such a path itself. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const inRoot = (...parts) => join(root, ...parts);

/** The workspace's own Node: the machine's may be too old to run TypeScript sources. */
export const workspaceNode = inRoot('node_modules', 'node', 'bin', 'node');
export const build = inRoot('build');
export const guestFolder = inRoot('build', 'guest');
