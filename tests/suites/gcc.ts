/** gcc and g++ at every level of optimisation, with and without the extensions of the CPU; what they make, and what that prints, is what it is on QEMU. */
import type { Part, Suite } from './suite.ts';

const levels = {
  O0: '-O0',
  O2: '-O2',
  O3: '-O3 -march=armv8.2-a+fp16+dotprod+crypto',
  fast: '-O3 -ffast-math -march=armv8.3-a+fp16fml+dotprod+sha3+crypto',
  exclusives: '-O2 -mno-outline-atomics -march=armv8-a+crc -fno-tree-vectorize',
  lse: '-Os -march=armv8.1-a+lse -fstack-protector-strong -fsanitize=undefined -fno-sanitize-recover',
} as const;

/** The compiler's work is compared as well: the program it makes. */
const built = (compiler: string, file: string, flags: string): string =>
  `echo '${compiler} ${flags} ${file}'; ${compiler} ${flags} -w ${file} -o program -lm -lpthread -latomic && sha256sum program && ./program || echo 'FAILED ${file} ${flags}'`;

/** What each program is made with; a compilation takes the guest longer than the program. */
const programs: Readonly<Record<string, readonly (keyof typeof levels)[]>> = {
  integer: ['O0', 'O2', 'O3', 'lse'],
  floats: ['O0', 'O2', 'O3', 'fast'],
  library: ['O2', 'O3', 'fast'],
  calls: ['O0', 'O2', 'O3', 'lse'],
  strings: ['O0', 'O2', 'O3'],
  control: ['O0', 'O2', 'exclusives'],
  threads: ['O0', 'O2', 'O3', 'exclusives', 'lse'],
  vector: ['O0', 'O2', 'O3', 'fast', 'exclusives'],
};

const parts = Object.entries(programs).flatMap(([program, ways]) => ways.map((way): Part => ({
  name: `${program} ${way}`, judge: 'same', files: [`${program}.c`, 'tell.h'],
  script: `${built('gcc', `${program}.c`, levels[way])}; echo 'COUNT 1 programs compiled'`,
})));

export const gcc: Suite = {
  name: 'gcc',
  doc: 'gcc and g++ from -O0 to -O3, vectorised, and what they make of numbers, calls, signals, threads',
  guest: 'compilers',
  packages: ['gcc', 'g++', 'libc6-dev'],
  memory: '2G',
  parts: [
    ...parts,
    ...(['O0', 'O2'] as const).map((way): Part => ({ name: `objects ${way}`, judge: 'same', files: ['objects.cpp'], script: built('g++', 'objects.cpp', levels[way]) })),
  ],
};
