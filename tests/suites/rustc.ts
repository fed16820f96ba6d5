/** Debian's Rust compiler inside the guest: Rust and LLVM at work, and what they make. */
import type { Part, Suite } from './suite.ts';

const made = (name: string, flags: string): Part => ({
  name, judge: 'same', minutes: 60, files: ['hello.rs'], script: `rustc --version; rustc ${flags} hello.rs -o hello && ./hello`,
});

export const rustc: Suite = {
  name: 'rustc',
  doc: 'the Rust compiler and what it makes: panics that unwind, threads, collections, wide integers',
  packages: ['rustc'],
  memory: '3G',
  parts: [made('hello', '-C codegen-units=1'), made('hello optimised', '-O -C codegen-units=1 -C target-feature=+lse,+fp16')],
};
