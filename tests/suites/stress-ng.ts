/** stress-ng over the CPU, its vectors, memory and system calls, with every result that it can verify verified. */
import type { Part, Suite } from './suite.ts';

/** How many operations a stressor does, by how heavy one is; so that it ends by work and not by time. */
type Stressors = Readonly<Record<string, number>>;

/** One by one, so that each has an outcome of its own: 0 good, 3 out of resources, 4 not there; what the kernel has not is no fault. */
const stressed = (of: Stressors): string => `${Object.entries(of).map(([name, count]) => `one ${name} ${count}`).join('\n')}\n`;

const script = (of: Stressors): string => `export TMPDIR=$PWD
one() {
  stress-ng --"$1" 1 --"$1"-ops "$2" --verify --timeout 300 --temp-path "$PWD" >told 2>&1
  case $? in
    0) if grep -qE 'skipp|not (available|implemented|supported)' told; then echo "$1 is not there: $(grep -E 'skipp|not ' told | head -1 | cut -d: -f3-)"; else echo COUNT 1 stressors; fi ;;
    3|4) echo "$1 is not there: $(grep -vE 'setting|dispatching|defaulting' told | head -1 | cut -d: -f3-)" ;;
    *) cat told; echo "FAILED $1" ;;
  esac
}
${stressed(of)}`;

const cpuMethods = [
  'ackermann', 'apery', 'bitops', 'callfunc', 'cdouble', 'cfloat', 'clongdouble', 'collatz', 'correlate', 'crc16', 'dither', 'div128', 'div16',
  'div32', 'div64', 'div8', 'double', 'euler', 'explog', 'factorial', 'fft', 'fibonacci', 'fletcher16', 'float', 'float16', 'float32',
  'float64', 'floatconversion', 'gamma', 'gcd', 'gray', 'hamming', 'hanoi', 'hyperbolic', 'idct', 'int128', 'int128double', 'int128float',
  'int128longdouble', 'int16', 'int32', 'int32double', 'int32float', 'int32longdouble', 'int64', 'int64double', 'int64float',
  'int64longdouble', 'int8', 'intconversion', 'ipv4checksum', 'jmp', 'lfsr32', 'ln2', 'logmap', 'longdouble', 'loop', 'matrixprod', 'nsqrt',
  'omega', 'parity', 'phi', 'pi', 'prime', 'psi', 'queens', 'rand', 'rand48', 'rgb', 'sieve', 'sqrt', 'stats', 'trig', 'union', 'zeta',
];

const byMethod = (stressor: string, count: number, methods: readonly string[]): string => `export TMPDIR=$PWD
for m in ${methods.join(' ')}; do
  if stress-ng --${stressor} 1 --${stressor}-method $m --${stressor}-ops ${count} --verify --timeout 300 --temp-path "$PWD" >told 2>&1; then echo COUNT 1 methods; else cat told; echo "FAILED ${stressor} $m"; fi
done`;

const part = (name: string, text: string, ci = false): Part => ({ name, judge: 'passes', ci, minutes: 60, script: text });

const cpu: Stressors = {
  atomic: 20, branch: 50, bsearch: 3, cache: 50, cacheline: 50, crypt: 2, dekker: 500, dynlib: 5, 'far-branch': 5, flushcache: 5, fp: 20,
  funccall: 50, funcret: 50, getrandom: 50, goto: 20, hash: 20, heapsort: 1, hrtimers: 500, hsearch: 5, icache: 500, 'ipsec-mb': 1, jpeg: 5, judy: 1,
  l1cache: 2, list: 5, longjmp: 5000, lsearch: 1, matrix: 20, 'matrix-3d': 5, mcontend: 20, mergesort: 1, misaligned: 50, mutex: 2000, nop: 20,
  opcode: 5, peterson: 500, prefetch: 1, 'priv-instr': 50, qsort: 1, radixsort: 1, rdrand: 20, regs: 100, rotate: 20, shellsort: 1, skiplist: 2,
  sparsematrix: 2, str: 20, stream: 1, syncload: 500, tree: 2, tsc: 20, tsearch: 1, usersyscall: 50, vecfp: 2, vecmath: 100, vecshuf: 5, vecwide: 50,
  wcs: 20, zlib: 2,
};
const memory: Stressors = {
  'bad-altstack': 20, bigheap: 2, brk: 500, 'dev-shm': 1, fork: 50, forkheavy: 1, 'fp-error': 50, madvise: 5, malloc: 2000, memcpy: 20, memfd: 5,
  memhotplug: 1, memrate: 2, memthrash: 2, mincore: 500, mlock: 200, mlockmany: 1, mmap: 3, mmapaddr: 200, mmapfixed: 200, mmapfork: 1, mmaphuge: 2,
  mmapmany: 1, mprotect: 500, mremap: 20, msync: 50, msyncmany: 1, munmap: 5, numa: 1, pagemove: 1, pageswap: 20, physpage: 20, pkey: 20, ramfs: 2,
  randlist: 2, remap: 5, resources: 1, rmap: 5, secretmem: 5, shm: 1, 'shm-sysv': 1, sigsegv: 200, spawn: 5, stack: 20, stackmmap: 5, sysbadaddr: 20,
  'tlb-shootdown': 5, tmpfs: 2, userfaultfd: 50, vfork: 50, vforkmany: 5, vm: 20, 'vm-addr': 2, 'vm-rw': 5, 'vm-segv': 50, 'vm-splice': 100, zero: 500,
};
const calls: Stressors = {
  access: 50, 'af-alg': 2, affinity: 200, aio: 50, aiol: 20, alarm: 20, 'bad-ioctl': 5, cap: 200, chdir: 50, chmod: 50, chown: 50, chroot: 20,
  clock: 50, clone: 50, close: 500, context: 500, 'copy-file': 5, daemon: 20, dccp: 5, dentry: 100, dev: 5, dir: 50, dirdeep: 1, dirmany: 1,
  dnotify: 5, dup: 500, enosys: 1, env: 2, epoll: 100, eventfd: 500, exec: 20, 'exit-group': 50, fallocate: 2, fanotify: 5, fault: 100, fcntl: 500,
  fiemap: 5, fifo: 500, 'file-ioctl': 100, filename: 1, flock: 200, fpunch: 1, fsize: 2, fstat: 50, full: 50, futex: 500, get: 50, getdent: 50,
  handle: 20, hdd: 2, 'icmp-flood': 5, 'idle-page': 1, 'inode-flags': 10, inotify: 5, io: 5, 'io-uring': 50, iomix: 50, ioprio: 20,
  itimer: 50, kcmp: 100, key: 5, kill: 500, klog: 5, landlock: 20, lease: 50, link: 5, loadavg: 20, locka: 100, lockf: 100, lockofd: 100, loop: 1,
  membarrier: 50, mknod: 5, mq: 500, msg: 500, nanosleep: 5, netdev: 20, 'netlink-task': 50, nice: 20, null: 500, open: 50, pci: 1,
  personality: 50, pidfd: 50, 'ping-sock': 1, pipe: 2000, pipeherd: 100, poll: 200, prctl: 20, procfs: 5, pthread: 50, ptrace: 500, pty: 2, quota: 2,
  'race-sched': 20, rawpkt: 20, rawsock: 20, rawudp: 20, readahead: 50, rename: 100, resched: 500, revio: 20, 'ring-pipe': 200, rlimit: 5, rseq: 500,
  rtc: 1, schedpolicy: 100, sctp: 5, seal: 20, seccomp: 20, seek: 100, sem: 500, 'sem-sysv': 500, sendfile: 20, session: 20, set: 50, sigabrt: 20,
  sigchld: 50, sigfd: 200, sigfpe: 200, sigio: 200, signal: 500, signest: 200, sigpending: 200, sigpipe: 100, sigq: 500, sigrt: 200,
  sigsuspend: 200, sigtrap: 500, sleep: 50, sock: 20, sockdiag: 20, sockfd: 200, sockmany: 50, sockpair: 100, splice: 100, switch: 500, symlink: 5,
  'sync-file': 5, syscall: 2, sysfs: 1, sysinfo: 50, sysinval: 2, tee: 100, timer: 50, timerfd: 50, touch: 50, tun: 1, udp: 100,
  'udp-flood': 50, umount: 2, unshare: 5, uprobe: 1, urandom: 20, utime: 100, vdso: 5000, wait: 100, waitcpu: 20, xattr: 20, yield: 500, zombie: 50,
};

/** Parts of `size` stressors. */
const cut = (name: string, of: Stressors, size: number): Part[] => {
  const entries = Object.entries(of), parts = Math.ceil(entries.length / size);
  return Array.from({ length: parts }, (_, n) => part(`${name} ${n + 1}`, script(Object.fromEntries(entries.slice(n * size, n * size + size)))));
};

export const stressNg: Suite = {
  name: 'stress-ng',
  doc: 'stress-ng --verify: each stressor of the CPU, memory and system calls that ends by itself, and each method of the CPU\'s',
  guest: 'small',
  packages: ['stress-ng'],
  memory: '1G',
  parts: [
    part('few', script({ vecmath: 20, atomic: 5, 'vm-segv': 5, signal: 100, futex: 100 }), true),
    part('cpu methods', byMethod('cpu', 1, cpuMethods)),
    ...cut('cpu', cpu, 15), ...cut('memory', memory, 15), ...cut('calls', calls, 25),
  ],
};
