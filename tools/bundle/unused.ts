/** Bundles that no sources and no process need any more: removed, so that build/ does not grow with every change. */
import { readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A command that has just chosen a bundle opens it within this time. */
const CHOSEN_MS = 3_600_000;

/** Removes what is in `folder` but for what is `kept`, what a process has open, and what one may be about to open. */
export function removeUnused(folder: string, kept: readonly string[]): void {
  const old = listed(folder).filter(name => !kept.includes(name)).map(name => join(folder, name)).filter(path => ageMs(path) > CHOSEN_MS);
  if (old.length === 0) return;
  const open = openFolders();
  // A system that does not tell what is open keeps everything.
  if (open.size > 0) for (const path of old.filter(path => !open.has(path))) rmSync(path, { recursive: true, force: true });
}

/** Another maker may have removed it. */
const ageMs = (path: string): number => Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity);

/** Whatever this user's processes have open (proc(5), /proc/PID/fd). */
function openFolders(): ReadonlySet<string> {
  const open = new Set<string>();
  for (const process of listed('/proc').filter(name => /^\d+$/.test(name))) {
    for (const fd of listed(`/proc/${process}/fd`)) {
      try {
        open.add(readlinkSync(`/proc/${process}/fd/${fd}`));
      } catch {
        // Closed since.
      }
    }
  }
  return open;
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
