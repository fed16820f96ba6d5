/** gdb, which steps, watches and looks: with the CPU's breakpoint and watchpoint registers, its software step, and single-stepped records. */
import type { Part, Suite } from './suite.ts';

const part = (name: string, level: string, ci = false): Part => ({
  name: `${name} ${level}`, judge: 'same', ci, files: ['debugged.c', `${name}.gdb`],
  script: `export LC_ALL=C TERM=dumb; gcc -g -${level} debugged.c -o debugged -lpthread && gdb -q -batch -nx -x ${name}.gdb debugged >told 2>&1 || echo 'FAILED gdb ended early'
# A process's number tells how many there were before.
sed -E 's/(LWP|process) [0-9]+/\\1 N/' told`,
});

export const gdb: Suite = {
  name: 'gdb',
  doc: 'gdb: hardware breakpoints and watchpoints, steps, backtraces, registers, calls into the program, going backwards',
  guest: 'compilers',
  packages: ['gdb', 'gcc', 'libc6-dev'],
  memory: '2G',
  parts: [part('watch', 'O0', true), part('step', 'O0'), part('conditions', 'O0'), part('many', 'O0'), part('many', 'O2')],
};
