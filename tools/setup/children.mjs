/** Child processes of set-up: no standard input (ours may be a pipe meant for the guest), and what they say goes to standard error. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { Trouble } from './trouble.mjs';

const standardError = 2;

/** Runs a program to its end; a non-zero end is a Trouble that says `otherwise`. */
export async function run(program, args, { otherwise, ...options } = {}) {
  const ended = await finished(spawn(program, args, { ...options, stdio: ['ignore', standardError, standardError] }), program);
  if (ended !== 0) throw new Trouble(otherwise ?? `${program} ${args.join(' ')} failed (${ended}).`);
}

/** Runs a program and returns its exit status. */
export function status(program, args, options = {}) {
  return finished(spawn(program, args, { ...options, stdio: ['ignore', standardError, standardError] }), program);
}

/** Runs a program and returns what it wrote to standard output, as text. */
export async function output(program, args, { otherwise, ...options } = {}) {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', standardError] });
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  const ended = await finished(child, program);
  if (ended !== 0) throw new Trouble(otherwise ?? `${program} ${args.join(' ')} failed (${ended}).`);
  return Buffer.concat(chunks).toString('utf8');
}

/** Hands this process over to a program as nearly as Node 20 can: same streams, its signals passed on, its end ours. */
export async function become(program, args, options = {}) {
  let child;
  // Listened for before there is a child: a signal that came in between would end us and leave it behind.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // A terminal sends these to every process in the foreground, so the child has its own already.
  for (const signal of ['SIGINT', 'SIGQUIT']) process.on(signal, () => process.stdin.isTTY || child.kill(signal));
  child = spawn(program, args, { ...options, stdio: 'inherit' });
  return finished(child, program);
}

/** The exit status as a shell would give it. */
export function finished(child, program) {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      reject(error.code === 'ENOENT' ? new Trouble(`${program} is not installed, and is needed here.`) : error);
    });
    child.once('close', (code, signal) => resolve(signal === null ? code : 128 + constants.signals[signal]));
  });
}
