/** All suites. */
import { gcc } from './gcc.ts';
import { gdb } from './gdb.ts';
import { go } from './go.ts';
import { golang } from './golang.ts';
import { libm } from './libm.ts';
import { nodejs } from './nodejs.ts';
import { openssl } from './openssl.ts';
import { perl } from './perl.ts';
import { python } from './python.ts';
import { rust } from './rust.ts';
import { rustc } from './rustc.ts';
import { sqlite } from './sqlite.ts';
import { strace } from './strace.ts';
import { stressNg } from './stress-ng.ts';
import { tcc } from './tcc.ts';
import type { Suite } from './suite.ts';

export const suites: readonly Suite[] = [openssl, perl, sqlite, python, gcc, libm, nodejs, gdb, go, golang, rust, rustc, strace, stressNg, tcc];
