/** stress-ng over the CPU, its vectors, memory and system calls, with every result that it can verify verified. */
import type { Part, Suite } from './suite.ts';

/** How many operations a stressor does, by how heavy one is; so that it ends by work and not by time. */
type Stressors = Readonly<Record<string, number>>;

/** One by one, so that each has an outcome of its own: 0 good, 3 out of resources, 4 not there; what the kernel has not is no fault. */
const stressed = (of: Stressors): string => `${Object.entries(of).map(([name, count]) => `one ${name} ${count}`).join('\n')}\n`;

const script = (of: Stressors): string => `export TMPDIR=$PWD
one() {
  stress-ng --"$1" 1 --"$1"-ops "$2" --verify --timeout 600 --temp-path "$PWD" >told 2>&1
  case $? in
    0) if grep -qE 'skipp|not (available|implemented|supported)' told; then echo "$1 is not there: $(grep -E 'skipp|not ' told | head -1 | cut -d: -f3-)"; else echo COUNT 1 stressors; fi ;;
    3|4) echo "$1 is not there: $(grep -vE 'setting|dispatching|defaulting' told | head -1 | cut -d: -f3-)" ;;
    *) cat told; echo "FAILED $1" ;;
  esac
}
${stressed(of)}`;

const cpuMethods = [
  'ackermann', 'apery', 'bitops', 'callfunc', 'cfloat', 'cdouble', 'clongdouble', 'collatz', 'correlate', 'cpuid', 'crc16', 'dither', 'div8', 'div16', 'div32', 'div64', 'div128',
  'double', 'euler', 'explog', 'factorial', 'fft', 'fibonacci', 'float', 'floatconversion', 'gamma', 'gcd', 'gray', 'hamming', 'hanoi', 'hyperbolic', 'idct', 'int128', 'int64', 'int32', 'int16', 'int8',
  'int128float', 'int128double', 'int128longdouble', 'int64float', 'int64double', 'int64longdouble', 'int32float', 'int32double', 'int32longdouble', 'intconversion', 'ipv4checksum', 'jenkin', 'jmp',
  'lfsr32', 'ln2', 'logmap', 'longdouble', 'loop', 'matrixprod', 'nsqrt', 'omega', 'parity', 'phi', 'pi', 'prime', 'psi', 'queens', 'rand', 'rand48', 'rgb', 'sieve', 'stats', 'sqrt', 'trig', 'union', 'zeta',
];

const byMethod = (stressor: string, count: number, methods: readonly string[]): string => `export TMPDIR=$PWD
for m in ${methods.join(' ')}; do
  if stress-ng --${stressor} 1 --${stressor}-method $m --${stressor}-ops ${count} --verify --timeout 600 --temp-path "$PWD" >told 2>&1; then echo COUNT 1 methods; else cat told; echo "FAILED ${stressor} $m"; fi
done`;

const part = (name: string, text: string, ci = false): Part => ({ name, judge: 'passes', ci, minutes: 60, script: text });

const cpu: Stressors = {
  atomic: 20, branch: 50, bsearch: 3, cache: 50, cacheline: 50, crypt: 2, eigen: 1, factor: 5, flushcache: 5, fma: 20, fp: 20, funccall: 50, funcret: 50, goto: 20, heapsort: 1, hash: 20, hsearch: 5, icache: 500, jpeg: 5,
  judy: 1, list: 5, longjmp: 5000, lsearch: 1, matrix: 20, 'matrix-3d': 5, mergesort: 1, mutex: 2000, nop: 20, opcode: 5, prefetch: 1, prime: 5, qsort: 1, radixsort: 1, regs: 100, setjmp: 500, shellsort: 1, skiplist: 2, spinmem: 100,
  sparsematrix: 2, str: 20, stream: 1, tree: 2, trig: 5, tsearch: 1, vecmath: 100, vecfp: 5, vecshuf: 5, vecwide: 50, vnni: 50, wcs: 20, zlib: 2, 'far-branch': 5, getrandom: 50, hrtimers: 500, ipsec: 1, misaligned: 50, rotate: 20, syncload: 500,
};
const memory: Stressors = {
  'bad-altstack': 20, brk: 500, malloc: 2000, memcpy: 20, memfd: 5, memhotplug: 1, memrate: 2, memthrash: 2, mincore: 500, mmap: 3, mmapaddr: 200, mmapfixed: 200, mmapfork: 1, mmaphuge: 2, mmapmany: 1, mprotect: 500, mremap: 20, msync: 50, munmap: 5,
  numa: 1, pageswap: 20, pkey: 20, physpage: 20, randlist: 2, remap: 5, resources: 1, rmap: 5, shm: 1, 'shm-sysv': 1, stack: 20, stackmmap: 5, tlb: 20, 'tlb-shootdown': 5, tmpfs: 2, userfaultfd: 50, vm: 20, 'vm-addr': 2, 'vm-rw': 5, 'vm-segv': 50, zero: 500, fork: 50, vfork: 50, madvise: 5, mlock: 200, sigsegv: 200, sigbus: 200,
};
const calls: Stressors = {
  access: 50, affinity: 200, alarm: 20, aio: 50, cap: 200, chdir: 50, chmod: 50, chown: 50, clock: 50, clone: 50, close: 500, context: 500, copyfile: 5, daemon: 20, dentry: 100, dev: 5, dir: 50, dnotify: 5, dup: 500, epoll: 100, eventfd: 500, exec: 20, exit: 1, fallocate: 2,
  fault: 100, fcntl: 500, fiemap: 5, fifo: 500, 'file-ioctl': 100, flock: 200, fpunch: 1, fstat: 50, full: 50, futex: 500, get: 50, getdent: 50, hdd: 2, 'inode-flags': 10, inotify: 5, io: 5, iomix: 50, itimer: 50, kcmp: 100, key: 20, kill: 500, lease: 50, link: 5, locka: 100, lockf: 100, lockofd: 100, loop: 1, membarrier: 50,
  mq: 500, msg: 500, nanosleep: 5, nice: 20, null: 500, open: 50, pci: 1, personality: 50, pidfd: 50, ping: 1, pipe: 2000, poll: 200, prctl: 20, procfs: 5, pthread: 50, ptrace: 500, pty: 2, readahead: 50, rename: 100, revio: 20, rtc: 1, sched: 100, seal: 20, seccomp: 20, seek: 100, sem: 500, 'sem-sysv': 500, sendfile: 20, session: 20, set: 50, sigabrt: 20,
  sigchld: 50, sigfd: 200, sigfpe: 200, sigio: 200, signal: 500, signest: 200, sigpending: 200, sigpipe: 100, sigq: 500, sigrt: 200, sigsuspend: 200, sigtrap: 500, sock: 20, sockpair: 100, splice: 100, switch: 500, symlink: 5, 'sync-file': 5, syscall: 2, sysinfo: 50, sysfs: 1, tee: 100, time: 1, timer: 50, timerfd: 50, udp: 100, unshare: 5, uprobe: 1, urandom: 20, utime: 100, vdso: 5000, wait: 100, xattr: 20, yield: 500, zombie: 50,
};

/** Parts of `size` stressors. */
const cut = (name: string, of: Stressors, size: number): Part[] => {
  const entries = Object.entries(of), parts = Math.ceil(entries.length / size);
  return Array.from({ length: parts }, (_, n) => part(`${name} ${n + 1}`, script(Object.fromEntries(entries.slice(n * size, n * size + size)))));
};

export const stressNg: Suite = {
  name: 'stress-ng',
  doc: 'stress-ng --verify: each stressor of the CPU, memory and system calls that ends by itself, and each method of the CPU\'s',
  packages: ['stress-ng'],
  memory: '1G',
  parts: [
    part('few', script({ vecmath: 20, fma: 5, atomic: 5, longjmp: 500, 'vm-segv': 5, mprotect: 50, signal: 100, futex: 100, fork: 5 }), true),
    part('cpu methods', byMethod('cpu', 1, cpuMethods)),
    ...cut('cpu', cpu, 15), ...cut('memory', memory, 15), ...cut('calls', calls, 25),
  ],
};
