/** Which parts a command line names. */
import { HypnosError } from '@hypnos/base';
import type { Part, Suite } from './suite.ts';

export interface Chosen { readonly suite: Suite; readonly part: Part }

/** Parts in the order of the suites; names are SUITE, SUITE/PART or SUITE/PREFIX*. */
export function choose(suites: readonly Suite[], names: readonly string[], ci: boolean): Chosen[] {
  const all = suites.flatMap(suite => suite.parts.map(part => ({ suite, part })));
  const meant = (name: string) => {
    const found = all.filter(({ suite, part }) => name === suite.name || matches(`${suite.name}/${part.name}`, name));
    if (found.length > 0) return found;
    throw new HypnosError('EINVAL', `there is no suite or part ${name}: npm run guest-suites -- --list names them.`);
  };
  const wanted = new Set(names.flatMap(meant).map(({ part }) => part));
  return all.filter(({ part }) => (names.length === 0 || wanted.has(part)) && (!ci || part.ci === true));
}

const matches = (whole: string, name: string): boolean => name.endsWith('*') ? whole.startsWith(name.slice(0, -1)) : whole === name;
