/** perl and its modules: programs whose answers were made on another architecture, and the C library's mathematics beside QEMU. */
import type { Part, Suite } from './suite.ts';

const known = (name: string, ci = false): Part => ({
  name, judge: 'passes', ci, files: [`${name}.pl`, `${name}.txt`],
  script: `PERL_HASH_SEED=0 perl ${name}.pl >got || echo "FAILED status $?"; diff ${name}.txt got | sed -n 's/^[<>]/FAILED &/p'; echo "COUNT $(wc -l <got) lines"`,
});

export const perl: Suite = {
  name: 'perl',
  doc: 'perl: numbers, big numbers, regular expressions and text, modules in C, mathematics',
  guest: 'tools',
  packages: ['perl'],
  memory: '512M',
  parts: [known('numbers', true), known('big'), known('text', true), known('modules'), { name: 'libm', judge: 'same', files: ['libm.pl'], script: 'perl libm.pl' }],
};
