/** sqlite3 over a workload of its own. */
import type { Suite } from './suite.ts';

export const sqlite: Suite = {
  name: 'sqlite',
  doc: 'sqlite3: arithmetic, indices, full text, JSON, windows, dump, integrity',
  packages: ['sqlite3'],
  memory: '512M',
  parts: [
    { name: 'version', judge: 'same', script: 'sqlite3 --version; sqlite3 :memory: "select 1.5*7, sqrt(2)"' },
  ],
};
