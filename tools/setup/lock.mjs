/** One set-up at a time in a clone: a second one waits for the first, and a lock whose owner has died is taken over. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { build } from './paths.mjs';

export async function locked(work) {
  mkdirSync(build, { recursive: true });
  const file = join(build, 'set-up.lock');
  for (let told = false; !taken(file); told = true) {
    if (!told) process.stderr.write('Waiting for another set-up in this folder …\n');
    await pause(500);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function taken(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!ownerLives(file)) rmSync(file, { force: true });
    return false;
  }
}

function ownerLives(file) {
  try {
    const owner = Number(readFileSync(file, 'utf8'));
    // An empty file is one whose owner is just about to write its number.
    return owner === 0 || process.kill(owner, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}
