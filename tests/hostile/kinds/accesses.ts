/** Random accesses to devices: every width and kind of load and store, also across their ends, and fetches from them. */
import { address, inDevice } from '../addresses.ts';
import { access, asm, ARENA, LOAD, Program, STORE } from '../program.ts';
import type { Random } from '../random.ts';

const BRANCH = asm('br x0')[0]!;
const WIDTHS = [1, 2, 4, 8] as const;

export function accesses(r: Random): Program {
  const program = new Program(r);
  for (let i = 10 + r.below(150); i > 0 && program.room(40); i--) {
    const x0 = r.chance(8) ? address(r) : inDevice(r),
      x1 = r.chance(3) ? address(r) : r.value();
    if (r.chance(2)) program.with2(x0, x1, (r.chance(3) ? LOAD : STORE)[r.pick(WIDTHS)]!);
    else if (r.chance(40)) program.with2(x0, x1, BRANCH);
    else program.with4([x0, x1, r.value(), BigInt(r.below(64))], access(r));
  }
  return program;
}

/** Registers of one device with the values its protocol has, in any order. */
export function oneDevice(r: Random): Program {
  const program = new Program(r),
    { base, offsets } = r.pick(PERIPHERALS),
    count = r.chance(20) ? 900 : 100;
  for (let i = r.below(count); i > 0 && program.room(40); i--) {
    const at = base + BigInt(r.chance(16) ? r.below(0x1000) : r.pick(offsets)),
      value = r.chance(3) ? BigInt(r.below(0x10000)) : r.chance(6) ? ARENA : r.value();
    if (r.chance(4)) program.load(at, r.pick(WIDTHS));
    else program.store(at, value, r.chance(8) ? r.pick(WIDTHS) : 4);
  }
  return program;
}

const spaced = (from: number, to: number): readonly number[] => Array.from({ length: (to - from) / 4 }, (_, i) => from + 4 * i);
const PERIPHERALS = [
  { base: 0x0900_0000n, offsets: [0, 0, 0, ...spaced(0, 0x4c)] },
  { base: 0x0901_0000n, offsets: spaced(0, 0x20) },
  { base: 0x0902_0000n, offsets: [0, 8, 0x10, 0x14] },
  { base: 0x0903_0000n, offsets: [0x3fc, ...spaced(0x400, 0x424)] },
  ...[0, 1, 2].map(slot => ({ base: 0x0a00_0000n + BigInt(slot * 0x200), offsets: [...spaced(0, 0x110), 0x70, 0x70, 0x50, 0x44] })),
] as const;
