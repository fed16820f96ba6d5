/** A sleeping guest costs nothing: the vCPU's thread uses no CPU time and no instruction retires. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { there } from '../boot/guest.ts';

const hypnos = join(import.meta.dirname, '..', '..', 'bin', 'hypnos');

/** Clock ticks each thread has used, in user and kernel mode: fields 14 and 15 of proc(5)'s stat, counted behind the name. */
function ticks(pid: number): Map<string, number> {
  const folder = `/proc/${pid}/task`;
  return new Map(readdirSync(folder).map(thread => {
    const stat = readFileSync(join(folder, thread, 'stat'), 'utf8'), fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return [thread, Number(fields[11]) + Number(fields[12])];
  }));
}

test('while the guest sleeps, the thread that ran it uses no CPU time', there, async () => {
  const child = spawn(hypnos, ['run', '--append', 'console=ttyAMA0 quiet']);
  try {
    const until = (stream: NodeJS.ReadableStream, text: string): Promise<void> => new Promise((resolve, reject) => {
      let heard = '';
      stream.on('data', piece => { if ((heard += piece).includes(text)) resolve(); });
      child.once('close', () => reject(new Error(`the machine ended before it said '${text}'`)));
    });
    const asleep = until(child.stderr, 'asleep; would wake it');
    await until(child.stdout, ':/root# ');
    child.stdin.write('echo mem > /sys/power/state\n');
    await asleep;
    // The compiler's threads may have work left from before.
    await pause(2000);
    const before = ticks(child.pid!);
    await pause(4000);
    const after = ticks(child.pid!);
    const [vcpu, used] = [...before].reduce((most, next) => (next[0] !== String(child.pid) && next[1] > most[1] ? next : most), ['', 0]);
    assert.ok(used > 20, 'the thread that booted the guest is found by what it used');
    assert.equal(after.get(vcpu), used);
  } finally {
    child.kill('SIGKILL');
  }
});
