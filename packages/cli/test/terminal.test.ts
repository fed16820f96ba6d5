/** The command on a real terminal, which util-linux's `script` makes: raw while the machine has it, as it was afterwards, whatever ended it. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { before, test } from 'node:test';
import { sleeper } from './guests.ts';
import { file, guest, main } from './hypnos.ts';

const CTRL_A = '\x01';
let never = '';
before(() => { never = guest('never', sleeper(100_000)); });

interface Session {
  /** What the terminal showed. */
  readonly shown: () => string;
  sees(text: string): Promise<void>;
  type(text: string): void;
  /** The machine's process. */
  readonly pid: () => number;
  /** The terminal's settings as `stty -a` prints them, now. */
  readonly settings: () => string;
  readonly ended: Promise<void>;
}

/** A terminal whose shell tells its settings, becomes nothing else, runs the command, and tells the settings again. */
function terminal(...node: readonly string[]): Session {
  const quoted = [process.execPath, ...node, main, 'run', '--memory', '64M', '--engine', 'reference', '--firmware', never].map(word => `'${word}'`).join(' ');
  const shell = `tty; stty -a; echo '<run>'; sh -c "echo pid \\$\\$; exec ${quoted}"; echo "status $?"; stty -a; echo '<end>'`;
  const child = spawn('script', ['-qfec', shell, '/dev/null'], { env: { ...process.env, SHELL: '/bin/sh' } });
  let shown = '';
  const waiting = new Set<() => void>();
  const look = (): void => { for (const wake of [...waiting]) wake(); };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => { shown += chunk; look(); });
  const ended = new Promise<void>(resolve => child.on('close', () => { look(); resolve(); }));
  return {
    shown: () => shown, ended, type: text => { child.stdin.write(text); },
    pid: () => Number(/pid (\d+)/.exec(shown)![1]),
    settings: () => execFileSync('stty', ['-a', '-F', /\/dev\/\S+/.exec(shown)![0]], { encoding: 'utf8' }),
    sees: text => new Promise((resolve, reject) => {
      const wake = (): void => {
        if (shown.includes(text)) resolve();
        else if (child.exitCode !== null) reject(new Error(`the terminal was closed before it showed '${text}':\n${shown}`));
        else return;
        waiting.delete(wake);
      };
      waiting.add(wake);
      wake();
    }),
  };
}

/** The settings before and after, and the status between. */
function around(shown: string): { readonly before: string; readonly status: string; readonly after: string } {
  const text = shown.replaceAll('\r', '');
  const [, first, , status, after] = /\n(speed[\s\S]*?)<run>([\s\S]*)status (\d+)\n([\s\S]*?)<end>/.exec(text) ?? [];
  assert.ok(first !== undefined && after !== undefined, text);
  return { before: first, status: status!, after };
}

/** Ends a session in a way of its own, after it was seen to be raw. */
async function restored(end: (session: Session) => void, status: string, ...node: readonly string[]): Promise<string> {
  const session = terminal(...node);
  await session.sees('asleep');
  assert.match(session.settings(), /-isig -icanon.* -echo /);
  end(session);
  await session.sees('<end>');
  await session.ended;
  const seen = around(session.shown());
  assert.deepEqual([seen.after, seen.status], [seen.before, status], session.shown());
  assert.match(seen.after, / icanon .* echo /s);
  return session.shown();
}

test('Ctrl-A x leaves, and the terminal is as it was', async () => {
  await restored(session => session.type(`${CTRL_A}x`), '0');
});

test('Ctrl-A h helps, Ctrl-A w wakes; the guest switches off, and the terminal is as it was', async () => {
  const shown = await restored(session => session.type(`${CTRL_A}h${CTRL_A}w`), '0');
  assert.match(shown, /Ctrl-A p {2}press the power key[\s\S]*woken by you[\s\S]*the guest switched off/);
});

for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} ends the machine, and the terminal is as it was`, async () => {
    await restored(session => process.kill(session.pid(), signal), '0');
  });
}

test('a crash of the program leaves the terminal as it was', async () => {
  const crash = file('crash.mjs', `
    import { isMainThread } from 'node:worker_threads';
    if (isMainThread) process.on('SIGWINCH', () => { throw new Error('made for a test'); });`);
  const shown = await restored(session => process.kill(session.pid(), 'SIGWINCH'), '1', '--import', crash);
  assert.match(shown, /made for a test/);
});
