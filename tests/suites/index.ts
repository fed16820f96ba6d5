/** All suites. */
import { sqlite } from './sqlite.ts';
import type { Suite } from './suite.ts';

export const suites: readonly Suite[] = [sqlite];
