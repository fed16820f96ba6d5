/** The real command for tests: its exit status, output, and small guests of our own assembling to run. */
import { assemble } from '@hypnos/isa';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

/** The command's source, for those that have flags of Node's own. */
export const main = new URL('../src/main.ts', import.meta.url).pathname;
/** What a user runs, which is the bundle where there is one of the sources as they are. */
export const command = new URL('../../../bin/hypnos', import.meta.url).pathname;

export interface Outcome { readonly status: number | null; readonly stdout: string; readonly stderr: string }

/** A machine that runs: read what it says, type, send signals. */
export interface Running {
  readonly said: { stdout: string; stderr: string };
  type(text: string): void;
  signal(name: NodeJS.Signals): void;
  /** Settles when the status lines contain `text`; fails when the machine ends first. */
  tells(text: string): Promise<void>;
  /** The same of its console. */
  says(text: string): Promise<void>;
  readonly pid: number;
  readonly ended: Promise<Outcome>;
}

/** Starts `hypnos ARGS`, with more environment where that comes first. Its standard input stays open until it ends. */
export function start(...all: readonly (string | Readonly<Record<string, string>>)[]): Running {
  const env = typeof all[0] === 'object' ? all[0] : {}, args = all.filter(arg => typeof arg === 'string');
  const child = spawn(command, args, { env: { ...process.env, ...env } });
  const said = { stdout: '', stderr: '' }, waiting = new Set<() => void>();
  let over = false;
  const look = (): void => { for (const wake of waiting) wake(); };
  child.stdout.on('data', chunk => { said.stdout += chunk; look(); });
  child.stderr.on('data', chunk => { said.stderr += chunk; look(); });
  child.stdin.on('error', () => {});
  const ended = new Promise<Outcome>(resolve => child.on('close', status => {
    over = true;
    look();
    resolve({ status, ...said });
  }));
  const includes = (where: 'stdout' | 'stderr', text: string): Promise<void> => new Promise((resolve, reject) => {
    const wake = (): void => {
      if (!said[where].includes(text) && !over) return;
      waiting.delete(wake);
      if (said[where].includes(text)) resolve();
      else reject(new Error(`the machine ended without saying '${text}':\n${said.stdout}\n${said.stderr}`));
    };
    waiting.add(wake);
    wake();
  });
  return {
    said, ended, type: text => { child.stdin.write(text); }, signal: name => { child.kill(name); },
    pid: child.pid!, tells: text => includes('stderr', text), says: text => includes('stdout', text),
  };
}

export const hypnos = (...args: readonly string[]): Promise<Outcome> => start(...args).ended;

const folder = mkdtempSync(join(tmpdir(), 'hypnos-cli-'));
after(() => rmSync(folder, { recursive: true }));

export const scratch = (name: string): string => join(folder, name);

/** A file with this content; answers its path. */
export function file(name: string, content: string | Uint8Array): string {
  writeFileSync(scratch(name), content);
  return scratch(name);
}

export const START = 0x4008_0000n;

/** Assembles a guest for --firmware FILE@0x40080000; answers that option's value. */
export function guest(name: string, source: string): string {
  const { words } = assemble(source, { origin: START });
  return `${file(name, new Uint8Array(words.buffer))}@0x${START.toString(16)}`;
}
