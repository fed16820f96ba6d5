/** A booted guest for whole-machine tests, driven through the real command as a person would: by its console, keys and status lines. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
export const guestFolder = join(root, 'build', 'guest');
const guestIsThere = existsSync(join(guestFolder, 'Image'));
/** The option of a test that boots the default guest; `npm test` makes that, so it skips only where somebody runs the file alone. */
export const there: { readonly skip: string | false } = { skip: guestIsThere ? false : "there is no guest: make one with 'npm run guest'" };

/** Long enough for a slow machine that does other things too; nothing here measures time. */
const PATIENCE = 180_000;
const PROMPT = /:\S* ?# $|# \u001b\[6n$/;

export interface Event { readonly event: string; readonly retired: number; readonly counter: number; readonly [more: string]: unknown }

export interface Guest {
  /** Runs a shell command; answers what it printed. */
  sh(command: string): Promise<string>;
  /** Types a command and does not wait for it. */
  type(text: string): void;
  /** Waits until the console shows `text` after what was already seen, and answers what came up to it. */
  sees(text: string | RegExp): Promise<string>;
  /** Waits for a status line that holds `text`, beyond those already waited for. */
  tells(text: string): Promise<void>;
  signal(name: NodeJS.Signals): void;
  readonly ended: Promise<number | null>;
  readonly console: () => string;
  readonly status: () => string;
  /** What --events wrote so far. */
  events(): readonly Event[];
}

/** Boots `hypnos run ARGS` to its prompt (or what else `ready` is), lets `use` have it, and ends it whatever happens. */
export async function withGuest(args: readonly string[], use: (guest: Guest) => Promise<void>, ready: RegExp = PROMPT): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hypnos-boot-')), log = join(folder, 'events');
  const child = spawn(join(root, 'bin', 'hypnos'), ['run', '--events', log, ...args]);
  const guest = attach(child, log);
  try {
    await guest.sees(ready);
    if (ready === PROMPT) await guest.sh('stty cols 1000');          // so that what is typed is echoed on one line
    await use(guest);
  } finally {
    child.kill('SIGKILL');
    await guest.ended;
    rmSync(folder, { recursive: true });
  }
}

function attach(child: ReturnType<typeof spawn>, log: string): Guest {
  const heard = { console: '', status: '' }, seen = { console: 0, status: 0 }, waiting = new Set<() => void>();
  let over = false;
  const look = (): void => { for (const wake of [...waiting]) wake(); };
  for (const [stream, into] of [[child.stdout!, 'console'], [child.stderr!, 'status']] as const) {
    stream.setEncoding('utf8').on('data', (text: string) => { heard[into] += text; look(); });
  }
  child.stdin!.on('error', () => {});
  const ended = new Promise<number | null>(resolve => child.on('close', status => { over = true; look(); resolve(status); }));

  const until = (where: 'console' | 'status', what: string | RegExp): Promise<string> => new Promise((resolve, reject) => {
    const failed = (why: string): void => reject(new Error(`${why} before '${what}' came.\nConsole:\n${heard.console.slice(-2000)}\nStatus:\n${heard.status.slice(-2000)}`));
    const timer = setTimeout(() => { waiting.delete(wake); failed('patience ended'); }, PATIENCE);
    const wake = (): void => {
      const rest = heard[where].slice(seen[where]);
      const match = typeof what === 'string' ? { index: rest.indexOf(what), length: what.length } : found(rest, what);
      if (match.index < 0 && !over) return;
      waiting.delete(wake);
      clearTimeout(timer);
      if (match.index < 0) return failed('the machine ended');
      seen[where] += match.index + match.length;
      resolve(rest.slice(0, match.index));
    };
    waiting.add(wake);
    wake();
  });

  let count = 0;
  return {
    ended, console: () => heard.console, status: () => heard.status,
    type: text => { child.stdin!.write(text); },
    signal: name => { child.kill(name); },
    sees: what => until('console', what),
    async tells(text) { await until('status', text); },
    async sh(command) {
      const mark = `done-${++count}-`;
      // The quotes keep the mark out of the echo of what is typed.
      child.stdin!.write(`${command}; echo '${mark.slice(0, 4)}''${mark.slice(4)}'$?\n`);
      const printed = await until('console', new RegExp(`${mark}\\d+\\r?\\n`));
      await until('console', PROMPT);
      return printed.slice(printed.indexOf('\n') + 1).replaceAll('\r', '');
    },
    events: () => readFileSync(log, 'utf8').split('\n').filter(line => line !== '').map(line => JSON.parse(line) as Event),
  };
}

function found(text: string, what: RegExp): { index: number; length: number } {
  const match = what.exec(text);
  return match === null ? { index: -1, length: 0 } : { index: match.index, length: match[0].length };
}
