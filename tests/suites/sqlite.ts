/** sqlite3 over a workload of its own. Beside QEMU and not beside another architecture: it prints numbers by way of long double, which is another type there. */
import type { Part, Suite } from './suite.ts';

const work = (name: string, rows: number, ci = false): Part => ({ name, judge: 'same', ci, files: ['work.sql', 'run.sh'], script: `ROWS=${rows} sh run.sh` });

export const sqlite: Suite = {
  name: 'sqlite',
  doc: 'sqlite3: arithmetic, indices, windows, JSON, full text, R-trees, dump, integrity',
  packages: ['sqlite3'],
  memory: '512M',
  parts: [work('short', 300, true), work('work', 4000)],
};
