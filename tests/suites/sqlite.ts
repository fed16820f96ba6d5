/** sqlite3 over a workload of its own. Not beside another architecture: it prints numbers by way of long double, which is another type there. */
import type { Suite } from './suite.ts';

const files = ['work.sql', 'run.sh'];

export const sqlite: Suite = {
  name: 'sqlite',
  doc: 'sqlite3: arithmetic, indices, windows, JSON, full text, R-trees, dump, integrity',
  guest: 'tools',
  packages: ['sqlite3'],
  memory: '512M',
  parts: [
    {
      // What it prints on QEMU is known, so that CI need not boot that.
      name: 'short', judge: 'passes', ci: true, files: [...files, 'short.txt'],
      script: `ROWS=300 sh run.sh >got 2>&1; diff short.txt got | sed -n 's/^[<>]/FAILED &/p'; echo "COUNT $(wc -l <got) lines"`,
    },
    { name: 'work', judge: 'same', files, script: 'ROWS=4000 sh run.sh' },
  ],
};
