/** Links that Debian makes at installation (update-alternatives and maintainer scripts), which are not run here. The first target that is there wins. */
import { posix } from 'node:path';

const bin = (name, ...targets) => [`usr/bin/${name}`, targets.map((target) => `/usr/bin/${target}`)];
const libs = '/usr/lib/aarch64-linux-gnu';

export const alternatives = [
  ['bin/sh', ['/bin/dash', '/usr/bin/dash']],
  bin('awk', 'gawk', 'mawk', 'original-awk'),
  bin('nawk', 'gawk', 'mawk', 'original-awk'),
  bin('cc', 'gcc', 'clang', 'tcc'),
  bin('c++', 'g++', 'clang++'),
  bin('c89', 'c89-gcc'),
  bin('c99', 'c99-gcc'),
  bin('cpp', 'cpp-12', 'cpp-14'),
  bin('editor', 'vim.basic', 'vim.tiny', 'nano'),
  bin('ex', 'vim.basic', 'vim.tiny'),
  bin('vi', 'vim.basic', 'vim.tiny', 'nvi'),
  bin('vim', 'vim.basic', 'vim.nox', 'vim.tiny'),
  bin('view', 'vim.basic', 'vim.tiny'),
  bin('pager', 'less', 'more'),
  bin('which', 'which.debianutils'),
  bin('nc', 'nc.openbsd', 'nc.traditional'),
  bin('telnet', 'telnet.netkit', 'inetutils-telnet'),
  bin('fakeroot', 'fakeroot-sysv', 'fakeroot-tcp'),
  bin('lzma', 'xz'),
  bin('unlzma', 'unxz'),
  bin('python3', 'python3.11', 'python3.12', 'python3.13'),
  bin('pinentry', 'pinentry-curses', 'pinentry-tty'),
  bin('java', '../lib/jvm/java-17-openjdk-arm64/bin/java', '../lib/jvm/java-21-openjdk-arm64/bin/java'),
  bin('js', 'node', 'nodejs'),
  bin('ruby', 'ruby3.1', 'ruby3.3'),
  bin('lua', 'lua5.4', 'lua5.3', 'lua5.1'),
  bin('tclsh', 'tclsh8.6'),
  bin('write', 'write.ul'),
  ['usr/sbin/iptables', ['/usr/sbin/iptables-nft', '/usr/sbin/iptables-legacy']],
  ['usr/sbin/ip6tables', ['/usr/sbin/ip6tables-nft', '/usr/sbin/ip6tables-legacy']],
  [`${libs.slice(1)}/libblas.so.3`, [`${libs}/openblas-pthread/libblas.so.3`, `${libs}/blas/libblas.so.3`]],
  [`${libs.slice(1)}/liblapack.so.3`, [`${libs}/openblas-pthread/liblapack.so.3`, `${libs}/lapack/liblapack.so.3`]],
];

/** Makes each link whose place is free and one of whose targets is in the tree; returns what was made. */
export function layAlternatives(tree) {
  return alternatives.flatMap(([path, targets]) => {
    const target = targets.find((candidate) => tree.follow(posix.normalize(candidate).slice(1)));
    if (target === undefined || tree.has(path)) return [];
    tree.link(path, target);
    return [`${path} -> ${target}`];
  });
}
