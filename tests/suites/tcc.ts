/** tcc, which compiles into memory and jumps there: code that was data a moment before. */
import type { Part, Suite } from './suite.ts';

const same = (name: string, script: string, ci = false): Part => ({ name, judge: 'same', ci, files: ['plain.c'], script });

/** A program of many functions, which is made longer each time. */
const long = (functions: number): string => `awk -v n=${functions} 'BEGIN { print "#include <stdio.h>"; for (i = 0; i < n; i++) printf "static double f%d(double x, int k) { int a[%d]; for (int i = 0; i < %d; i++) a[i] = i * k ^ %d; return x * %d.5 / (a[k %% %d] + %d) + k; }\\n", i, 2 + i % 9, 2 + i % 9, i, i % 17, 2 + i % 9, 1000 + i; print "int main(void) { double x = 1;"; for (i = 0; i < n; i++) printf "x = f%d(x, %d);\\n", i, i; print "printf(\\"%.17g\\\\n\\", x); return 0; }" }' >long.c`;

export const tcc: Suite = {
  name: 'tcc',
  doc: 'tcc: programs compiled to files and straight into memory',
  guest: 'small',
  packages: ['tcc', 'libc6-dev', 'mawk'],
  memory: '1G',
  parts: [
    same('compiled', 'tcc plain.c -o plain -lm && sha256sum plain && ./plain || echo FAILED plain', true),
    same('run in memory', 'tcc -lm -run plain.c || echo FAILED plain', true),
    same('again and again', `for n in 1 50 300 1500; do ${long(0).replace('n=0', 'n=$n')}; tcc -run long.c || echo "FAILED $n"; done; i=0; while [ $i -lt 60 ]; do ${long(7)}; tcc -run long.c; i=$((i + 1)); done | uniq -c`),
    same('checked', 'tcc -b -g -lm plain.c -o plain && ./plain; tcc -c plain.c && tcc -lm plain.o -o linked && ./linked || echo FAILED linked'),
  ],
};
