/**
 * Crash points: every call of the file system and of the ledger by which a process changes something, numbered in their order. At the one it is told, the
 * process ends: before the call, in the midst of it (a write of which a part is there, a transaction that is not committed), or right behind it. What only
 * looks is no point: to die there leaves what the call before it left.
 */
import { type Files, nodeFiles } from '@hypnos/host-node';
import type { GuestChange, GuestView, Ledger } from '@hypnos/vmm';
import { basename, dirname } from 'node:path';

export interface Points {
  /** The next point, by its name. Does not return if it is the last one. */
  reach(name: string): void;
}

/** What a path is of a store: `a pack`, `a temporary file`. */
function kindOf(path: string): string {
  const name = basename(path), folder = basename(dirname(path));
  const objects: Readonly<Record<string, string>> = { packs: 'a pack', manifests: 'a manifest', ledgers: "a ledger's mark", unfinished: 'a temporary file' };
  return objects[folder] ?? `the folder ${name}`;
}

/** A file system whose every call is a point; of a write also its half. */
export function pointedFiles(points: Points, files: Files = nodeFiles): Files {
  const at = <A extends readonly unknown[], T>(act: string, call: (...args: A) => Promise<T>, what: (...args: A) => string) => (...args: A): Promise<T> => {
    points.reach(`${act} ${what(...args)}`);
    return call(...args);
  };
  const there = (path: string): string => kindOf(path);
  return {
    makeFolder: at('make', files.makeFolder, there),
    create: at('create', files.create, there),
    open: path => files.open(path),
    async write(file, bytes, position) {
      points.reach('write to a temporary file');
      const half = bytes.subarray(0, bytes.length >> 1);
      for (let done = 0; done < half.length;) done += await files.write(file, half.subarray(done), position + done);
      points.reach('half written a temporary file');
      return half.length + await files.write(file, bytes.subarray(half.length), position + half.length);
    },
    sync: at('sync', files.sync, () => 'a temporary file'),
    link: at('link', files.link, (_from, to) => there(to)),
    unlink: at('unlink', files.unlink, there),
    syncFolder: at('sync', files.syncFolder, path => `the folder ${basename(path)}`),
    entries: path => files.entries(path),
    stat: path => files.stat(path),
  };
}

/** What a change of a guest is, by what it leaves behind; null where that is nothing. */
export function changeName({ guest: before }: GuestView, { guest, post, taken, publish }: GuestChange): string | null {
  if (publish) return `publish generation ${publish.generation} of ${guest?.name}`;
  if (guest === null) return `remove ${before?.name}`;
  if (post) return `post to ${before?.name}`;
  if (guest && guest.state !== before?.state) return `${guest.name} from ${before?.state ?? 'nothing'} to ${guest.state}`;
  if (taken) return `take the events of ${before?.name}`;
  return guest ? `write ${guest.name}` : null;
}

/** A ledger with points in the midst of each transaction and behind it. */
export function pointedLedger(points: Points, ledger: Ledger): Ledger {
  return {
    id: ledger.id,
    async change(name, decide) {
      let what: string | null = null;
      const answer = await ledger.change(name, view => {
        const change = decide(view);
        what = changeName(view, change);
        if (what !== null) points.reach(`uncommitted: ${what}`);
        return change;
      });
      if (what !== null) points.reach(`committed: ${what}`);
      return answer;
    },
    async collect() {
      points.reach('uncommitted: a collection');
      const answer = await ledger.collect();
      points.reach('committed: a collection');
      return answer;
    },
    view: name => ledger.view(name), guests: () => ledger.guests(), due: at => ledger.due(at), called: () => ledger.called(), nextDue: () => ledger.nextDue(),
    manifests: () => ledger.manifests(), generations: () => ledger.generations(), close: () => ledger.close(),
  };
}
