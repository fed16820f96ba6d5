/** strace over programs of the guest: every system call stopped at twice, with its arguments read from the program's memory. */
import type { Part, Suite } from './suite.ts';

/** Addresses, process numbers and times are drawn anew each time; how much the loader unmaps of what it has too much depends on addresses. */
const cleaned = "sed -E 's/0x[0-9a-f]{5,}/ADDRESS/g; s/(pid|pgid|si_pid|=) ?[0-9]{2,5}\\b/\\1 N/g; s/^[0-9]+ +//; s/st_[acm]time(_nsec)?=[^,}]*/TIME/g; s/kill\\([0-9]+/kill(N/;  /^munmap/d'";

/** A file of calls for each process, in the order in which they were started. */
const traced = (command: string, options = ''): string =>
  `strace -ff -o calls ${options} ${command}; echo status $?; for f in $(ls calls.* | sort -t. -k2n); do echo "-- a process"; ${cleaned} $f; done`;

const same = (name: string, script: string): Part => ({ name, judge: 'same', script });

export const strace: Suite = {
  name: 'strace',
  doc: 'strace: calls and their arguments, of children too, injected errors, counts, signals',
  guest: 'small',
  packages: ['strace', 'coreutils'],
  memory: '1G',
  parts: [
    same('children', traced(`sh -c 'echo one >file; cat file | wc -c; (exit 3); ls -d / >&2'`, '-e trace=openat,read,write,dup3,pipe2,execve,exit_group,wait4,close,clone -e signal=none')),
    same('everything', traced(`/bin/true`, '-v')),
    same('errors', `${traced('cat /etc/passwd', '-e inject=openat:error=EACCES:when=3+ -e trace=openat')}; ${traced('ls /nowhere', '-e trace=%file')}`),
    same('signals', traced(`sh -c 'trap "echo caught" USR1; kill -USR1 $$; kill -9 $$'`, '-e trace=kill,tgkill,rt_sigaction,rt_sigreturn,write')),
    same('counts', `strace -f -c -o counts -U calls,name sh -c 'for i in 1 2 3 4 5 6 7 8 9; do echo $i | tr 1-9 a-i; done'; sort counts | grep -v -e munmap -e total`),
    same('data', `printf 'some bytes\\001\\377' >file; ${traced('dd if=file of=other bs=5 status=none', '-e trace=read,write -e read=0 -e write=1 -x')}`),
  ],
};
