/** Makes the bundle that bin/hypnos runs: bundles, tries it, and publishes it in one step, so that makers and commands may run side by side. */
import { bundleTier0 } from '@hypnos/host-node';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Bundle, bundleOf } from './bundle.ts';
import { bundles, markOf } from './fresh.cjs';
import { tryOut } from './try-out.ts';
import { removeUnused } from './unused.ts';

const root = join(import.meta.dirname, '..', '..'), folder = bundles(root);
/** File times advance by the kernel's tick, 10 ms at most: two changes within one may leave the same time behind. */
const TICK_MS = 50;
/** Someone saves a file every now and then; nobody does so for longer. */
const PATIENCE = 20;

const CURRENT = 'current.json', MAKING = 'making';
/** Making takes some seconds; a note that is older was left by a maker that was killed. */
const ABANDONED_MS = 60_000;

type Input = readonly [path: string, ...mark: number[]];

/** The bundle of sources that nobody changed meanwhile, with the marks of all it was made from. */
async function settled(): Promise<{ readonly bundle: Bundle; readonly inputs: readonly Input[] }> {
  for (let tries = 0; tries < PATIENCE; tries++) {
    const begun = Date.now() - TICK_MS, bundle = await bundleOf(root);
    const inputs = bundle.inputs.map((path): Input => [path, ...markOf(join(root, path))]);
    // [size, mtime, ctime, inode]: changed before we began to read, so what we read is what the mark stands for.
    if (inputs.every(([, , , ctimeMs]) => ctimeMs! < begun)) return { bundle, inputs };
    await pause(TICK_MS * 2);
  }
  throw new Error('the sources keep changing: the bundle is made another time.');
}

/** Puts the files under their key, whole or not at all; answers the key. */
async function placed({ files }: Bundle): Promise<string> {
  const temporary = join(folder, `.${randomUUID()}`), hash = createHash('sha256');
  mkdirSync(temporary, { recursive: true });
  try {
    for (const [name, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
      hash.update(`${name} ${content.length} `).update(content);
      writeFileSync(join(temporary, name), content);
    }
    bundleTier0(temporary, join(root, 'build'));
    const key = hash.digest('hex').slice(0, 32);
    if (!existsSync(join(folder, key))) tolerating('ENOTEMPTY', () => renameSync(temporary, join(folder, key)));
    await tryOut(join(folder, key));
    return key;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Another maker may have been first with the same files. */
function tolerating(code: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== code) throw error;
  }
}

async function make(): Promise<void> {
  const { bundle, inputs } = await settled(), key = await placed(bundle), pointer = join(folder, `.${randomUUID()}`);
  writeFileSync(pointer, JSON.stringify({ key, inputs }));
  renameSync(pointer, join(folder, CURRENT));
  removeUnused(folder, [key, CURRENT, MAKING]);
}

/** Whether no other command has begun this in the background. Two makers do no harm, a crowd of them would take the machine. */
function alone(): boolean {
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(join(folder, MAKING), String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    if (Date.now() - statSync(join(folder, MAKING)).mtimeMs < ABANDONED_MS) return false;
    rmSync(join(folder, MAKING), { force: true });
    return alone();
  }
}

if (!process.argv.includes('--in-background')) await make();
else if (alone()) await make().finally(() => rmSync(join(folder, MAKING), { force: true }));
