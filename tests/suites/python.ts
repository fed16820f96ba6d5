/** CPython's own test suite, as Debian packages it: a part for each of its modules, and one for CI with the quick tests of a dozen of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Part, Suite } from './suite.ts';

/** Modules that work the CPU rather than the system; they come first in a long run. */
const FIRST = `math cmath float complex long int struct array zlib hashlib hmac decimal fractions statistics random strtod pow numeric_tower
  re json binascii base64 bz2 lzma gzip marshal pickle memoryview buffer bytes unicode codecs sort heapq itertools functools
  collections dict set list tuple deque range slice generators coroutines except_star exceptions threading thread signal
  mmap ctypes fork1 subprocess sys_settrace gc weakref datetime time zoneinfo xml_etree_c pyexpat audioop colorsys`.split(/\s+/);

const modules = readFileSync(join(import.meta.dirname, 'python', 'modules.txt'), 'utf8').trim().split(/\s+/);

const script = (args: string): string => `
export LC_ALL=C.UTF-8
{ python3.11 -m test -v --timeout 7200 ${args} 2>&1; echo $? >status; } | tee log
awk -f judge.awk log
exit "$(cat status)"
`;

const part = (name: string): Part => ({
  name: `test_${name}`, judge: 'passes', minutes: 150, files: ['judge.awk'], script: script(`test_${name}`),
});

/** CI's dozen and one: small modules, without the tests of theirs that take more than about a second in the guest. */
const DOZEN = 'math cmath float complex struct zlib hashlib strtod pow int_literal numeric_tower binascii fractions'.split(' ');
const SLOW = `testFsum testRemainder testDist test_prod testIsqrt testFactorial testPerm testComb test_specific_values test_integers test_big_compress_buffer
  test_big_decompress_buffer test_pbkdf2_hmac* test_scrypt test_threaded_hashing test_case_*_3 test_blake2*_vectors test_roundtrip test_floatasratio
  test_truediv test_parsing test_boundaries test_short_halfway_cases test_big_exp test_negative_exponent`.split(/\s+/);

const dozen: Part = {
  ...part('some'), name: 'some', ci: true,
  script: script(`${SLOW.map(name => `-i '${name}'`).join(' ')} ${DOZEN.map(name => `test_${name}`).join(' ')}`),
};

export const python: Suite = {
  name: 'python',
  doc: "CPython's own tests, a part for each module",
  guest: 'tools',
  packages: ['python3.11', 'libpython3.11-testsuite', 'libc-bin', 'tzdata', 'netbase'],
  memory: '1536M',
  parts: [...FIRST, ...modules.filter(name => !FIRST.includes(name))].map(part).concat(dozen),
};
