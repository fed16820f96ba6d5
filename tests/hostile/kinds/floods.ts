/** Guests that do one thing for as long as they may: print, kick, erase flash, ask to sleep, program alarms, take exceptions. */
import { asm, ARENA, Program, TEXT } from '../program.ts';
import type { Random } from '../random.ts';

const back = (words: number): number => (0x1400_0000 | (-words & 0x3ff_ffff)) >>> 0;
/** A store of x1 at x0, over and over. */
const storing = (program: Program, address: bigint, value: bigint): Program =>
  program.with2(address, value, ...asm('str w1, [x0]'), back(1));

type Loop = (program: Program, r: Random) => Program;
const standby: Loop = program => program.emit(...asm('mov x5, #0x84000001'), ...asm('mov x0, x5\nhvc #0'), back(2));
const wait: Loop = program => program.emit(TEXT.wfi, back(1));
/** Loops that wait at each turn. */
export const WAITING: ReadonlySet<Loop> = new Set([standby, wait]);

export const LOOPS: readonly Loop[] = [
  program => storing(program, 0x0900_0000n, 0x41n),
  program => storing(program, 0x0a00_0308n, 0x42n),
  (program, r) => storing(program, 0x0901_0004n, r.value()),
  (program, r) => storing(program, 0x0a00_0050n, BigInt(r.below(3))),
  program => program.emit(...asm('mov x5, #0xc400000e'), ...asm('mov x0, x5\nmov x1, #3\nhvc #0'), back(3)),
  standby,
  program => program.with2(0x0400_0000n, 0n, ...asm('mov w1, #0x200020\nstr w1, [x0]\nmov w1, #0xd000d0\nstr w1, [x0]')).emit(back(6)),
  program => program.with2(ARENA, 0x1400_0000n, ...asm('str w1, [x0]\nic ivau, x0\nisb\nadd x1, x1, #1'), back(4)),
  wait,
  program => program.emit(...asm('wfe\nyield'), back(2)),
  program => program.emit(...asm('svc #0'), back(1)),
  program => program.emit(...asm('tlbi vmalle1\nic iallu'), back(2)),
  program => program.emit(TEXT.self),
];

export const floods = (r: Random): Program => r.pick(LOOPS)(new Program(r, !r.chance(4)), r);
