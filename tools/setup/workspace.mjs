/** The npm side of set-up: node_modules as package-lock.json has it, and the workspace's own Node, which must run. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { run } from './children.mjs';
import { inRoot, root, workspaceNode } from './paths.mjs';
import { Trouble } from './trouble.mjs';

/** Type stripping without a flag and WebAssembly as the engine uses it (docs: design, Node 24 is the floor). */
const oldestNode = 24;

export async function installWorkspace(step) {
  if (installedAsLocked() && nodeRuns()) return step.skip();
  await step.step('Node packages (npm ci)', async () => {
    if (!installedAsLocked()) await npm('ci', '--no-audit', '--no-fund');
    // npm may have left out install scripts (ignore-scripts), which bring the binary.
    if (!nodeRuns()) await npm('rebuild', '--ignore-scripts=false', 'node');
    if (!nodeRuns()) throw new Trouble(`The workspace's Node (${workspaceNode}) does not run; remove node_modules and try again.`);
  });
}

const npm = (...args) =>
  run('npm', [...args, '--loglevel=error', '--no-progress'], {
    cwd: root,
    otherwise: `npm ${args[0]} failed; what it said stands above. Is the package registry within reach?`,
  });

function nodeRuns() {
  if (!existsSync(workspaceNode)) return false;
  const answer = spawnSync(workspaceNode, ['--version'], { stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' });
  return answer.status === 0 && Number(/^v(\d+)\./.exec(answer.stdout)?.[1]) >= oldestNode;
}

/**
 * Whether npm's own record of node_modules agrees with package-lock.json. Times are not compared: a clone, a copy or a touch
 * changes them, and npm writes the two files in no certain order.
 */
export function installedAsLocked() {
  const wanted = packagesIn(inRoot('package-lock.json'));
  const present = packagesIn(inRoot('node_modules', '.package-lock.json'));
  if (!wanted || !present) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith('node_modules/')) return true;
    const there = present[path];
    if (!there) return entry.optional === true;
    return there.version === entry.version && there.link === entry.link && existsSync(inRoot(path));
  });
}

function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw new Trouble(`${file} cannot be read as JSON: ${error.message}`);
  }
}
