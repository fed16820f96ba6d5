/** glibc's mathematics in single precision, by bit patterns, bit by bit as on QEMU: three functions with every number there is, the others sparsely. */
import type { Part, Suite } from './suite.ts';

const every = ['sinf', 'expf', 'logf'], PIECES = 16, SPAN = 2 ** 32 / PIECES;
const sparse = [
  'cosf', 'tanf', 'asinf', 'acosf', 'atanf', 'atan2f', 'sinhf', 'coshf', 'tanhf', 'asinhf', 'acoshf', 'atanhf', 'exp2f', 'expm1f', 'log2f', 'log10f', 'log1pf', 'powf',
  'cbrtf', 'sqrtf', 'erff', 'erfcf', 'tgammaf', 'lgammaf', 'j0f', 'y1f', 'rintf', 'roundf', 'floorf', 'logbf',
];

const hex = (n: number): string => n.toString(16);
/** tcc, because its guest is a small one. */
const compiled = 'tcc sweep.c -o sweep -lm || echo FAILED to compile';

/** The stride has no common divisor with the powers of two that patterns are made of. */
const swept = (functions: readonly string[], stride: number): string =>
  `${compiled}; for f in ${functions.join(' ')}; do ./sweep $f 0 ffffffff ${stride} 4096 || echo FAILED $f; done`;

const part = (name: string, script: string, ci = false): Part => ({ name, judge: 'same', files: ['sweep.c'], script, ci, minutes: 60 });

export const libm: Suite = {
  name: 'libm',
  doc: 'sinf, expf and logf of every number there is, and thirty functions more of some, bit by bit',
  guest: 'small',
  packages: ['tcc', 'libc6-dev'],
  memory: '1G',
  parts: [
    part('sparse', swept(every, 262_133), true),
    part('dense', swept([...every, 'cosf', 'powf'], 4093)),
    part('others', swept(sparse, 65_521)),
    ...every.flatMap(name => Array.from({ length: PIECES }, (_, n) => {
      const from = n * SPAN;
      return part(`${name} ${hex(from).padStart(8, '0')}`, `${compiled}; ./sweep ${name} ${hex(from)} ${hex(from + SPAN - 1)} 1 || echo FAILED ${name}`);
    })),
  ],
};
