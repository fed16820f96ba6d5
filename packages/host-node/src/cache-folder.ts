/** Where what can be made again is kept: build/ in a checkout of the project, the user's cache folder otherwise (XDG Base Directory 0.8). */
import { homedir } from 'node:os';
import { isAbsolute, join, sep } from 'node:path';

export function cacheFolder(env: NodeJS.ProcessEnv = process.env, here = import.meta.dirname): string {
  if (!here.includes(`${sep}node_modules${sep}`)) return join(here, '..', '..', '..', 'build');
  // A relative XDG_CACHE_HOME is to be ignored.
  const xdg = env['XDG_CACHE_HOME'] ?? '';
  return join(isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'hypnos');
}
