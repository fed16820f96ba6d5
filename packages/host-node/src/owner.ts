/** Who owns guests: this process, by host, boot, pid and start time, so that another process on the host can tell whether it is dead. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process is named by its pid and start time; that name is given again only after a boot, which has an id of its own. */
const BOOT_CHARACTERS = 8;
/** Fields of /proc/PID/stat behind the command's name, which may hold spaces and brackets (proc_pid_stat(5): 3 state, 20 num_threads, 22 starttime). */
const STATE = 3, THREADS = 20, START = 22;

interface Process { readonly start: string; readonly dead: boolean }

/** Null where there is no such process. A zombie is dead once its threads are. */
function processOf(pid: number | 'self'): Process | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '), field = (number: number): string => fields[number - STATE] ?? '';
  return { start: field(START), dead: /^[ZX]/.test(field(STATE)) && Number(field(THREADS)) <= 1 };
}

function bootOf(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, BOOT_CHARACTERS);
  } catch {
    return '';                                                    // a host without /proc: nobody there is known to be dead
  }
}

/** This process as an owner: `host:boot:pid:start`. */
export const ownerName = (): string => [hostname(), bootOf(), process.pid, processOf('self')?.start ?? ''].join(':');

/** Whether an owner is known to be dead: a process of this host and boot that is not there any more, or of an earlier boot. Of other hosts nothing is known. */
export function ownerIsDead(owner: string): boolean {
  const [host, boot, pid, start] = owner.split(':'), here = bootOf();
  if (host !== hostname() || !boot || here === '' || !/^\d+$/.test(pid ?? '') || !start) return false;
  if (boot !== here) return true;
  const found = processOf(Number(pid));
  return found === null || found.start !== start || found.dead;
}
